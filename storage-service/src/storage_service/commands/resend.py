"""`python -m storage_service resend …` sends again what failed or is held."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared import database, failpoints, logs
from shared.contracts.delivery_requested import REQUESTED_BY_MOST
from shared.terminal import complain, parser, say
from storage_service import settings
from storage_service.commands.program import PROGRAM, migrated, own_name
from storage_service.deliveries.naming import channel_named
from storage_service.deliveries.resending import Count, Resending, Unconfirmed, Withheld
from storage_service.deliveries.selection import CONFIRMATION, Selection, State

IDS_MOST = 1000
INTERRUPTED = 130
_SINCE = re.compile(r"([1-9][0-9]{0,4})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_CHANNEL = re.compile(r"[a-z][a-z_-]{0,63}", re.ASCII)
_SPAM = "nothing of {} is sent: it is held back as spam; say first that it is none"
_UNKNOWN = "there is no submission {} here"
_WAITS = "of {} only the confirmation is sent: it waits until its address is confirmed"

_HELP = """\
Send deliveries again: those of some submissions, or all that failed, or all that a cap on mails holds.

Without --yes it only counts. With --yes it asks the notify service, which sends; a running storage service passes the
requests on. Interrupted, run it again: nothing is asked for twice. What is asked for is counted by no cap.

  resend --failed --since 2h             what failed in the last two hours: a count
  resend --failed --since 2h --yes       send it
  resend ID --yes                        what failed or is held of one submission
  resend ID --channel owner --yes        the same of one channel; if nothing failed there, send it once more\
"""


def resend(arguments: Sequence[str]) -> int:
    """Send again what failed or is held; without --yes, count it."""
    given = _parser().parse_args(arguments)
    _check(given)
    chosen = settings.load(with_broker=False)
    logs.configure("storage", level="warning", format=chosen.log_format)
    engine = database.create(chosen.database_url)
    try:
        resending = Resending(migrated(engine), given.actor, reach=failpoints.from_environment())
        return _resend(resending, given)
    except KeyboardInterrupt:
        complain("interrupted: what was asked for will be sent; run it again for the rest")
        return INTERRUPTED
    finally:
        engine.dispose()


def _resend(resending: Resending, given: argparse.Namespace) -> int:
    ids: list[UUID] = list(dict.fromkeys(given.ids))
    refused = _refused(resending, ids, given.channel)
    for one, why in refused.items():
        complain(why.format(one))
    known = [one for one in ids if one not in refused]
    if ids and not known:
        return 1
    selection = _selection(given, known)
    counted = resending.count(selection)
    whole = [one for one in known if given.channel and not _has(resending, one, given.channel)]
    channels = dict(counted.channels)
    if whole:
        channels[given.channel] = channels.get(given.channel, 0) + len(whole)
    if not channels:
        say("nothing to send again" + ("; to send what was sent before, name a channel: --channel" if known else ""))
    elif given.yes:
        _request(resending, selection, counted, whole, given.channel)
    else:
        say(f"would send {_in_words(channels)}; --yes does it")
    _tell_of_others(counted)
    return 1 if refused or counted.unstored else 0


def _refused(resending: Resending, ids: Sequence[UUID], channel: str | None) -> dict[UUID, str]:
    """Return of which submissions nothing is sent, and why, each once."""
    waiting = resending.unconfirmed(ids) if channel not in (None, CONFIRMATION) else []
    found = {**dict.fromkeys(waiting, _WAITS), **dict.fromkeys(resending.withheld(ids), _SPAM)}
    return found | dict.fromkeys(resending.unknown(ids), _UNKNOWN)


def _tell_of_others(counted: Count) -> None:
    if counted.withheld:
        complain(f"{counted.withheld} are not sent: their submissions are held back as spam")
    if counted.unconfirmed:
        complain(f"{counted.unconfirmed} are not sent: their submissions wait until their addresses are confirmed")
    if counted.unstored:
        complain(f"{counted.unstored} cannot be sent from here: their submissions are not in this database")


def _request(resending: Resending, selection: Selection, counted: Count, whole: Sequence[UUID], channel: str) -> None:
    done = 0
    for some in resending.request(selection):
        done += some
        complain(f"{done} of {max(done, counted.all)} asked for")
    waiting = 0
    for one in whole:
        try:
            is_asked = resending.request_channel(one, channel)
        except Withheld:  # since they were counted
            complain(_SPAM.format(one))
            continue
        except Unconfirmed:
            complain(_WAITS.format(one))
            continue
        done, waiting = done + is_asked, waiting + (not is_asked)
    say(f"{done} will be sent again")
    if waiting:
        say(f"{waiting} asked for already: nothing has come of that yet")


def _has(resending: Resending, one: UUID, channel: str) -> bool:
    return resending.count(Selection(submissions=[one], channel=channel)).all > 0


def _selection(given: argparse.Namespace, known: Sequence[UUID]) -> Selection:
    states: Sequence[State] = ["failed"] if given.failed else ["held"] if given.held else ["failed", "held"]
    since = None if given.since is None else datetime.now(UTC) - given.since
    return Selection(states, known, since, given.channel, given.form)


def _in_words(channels: dict[str, int]) -> str:
    each = ", ".join(f"{number} {channel}" for channel, number in sorted(channels.items(), key=lambda one: -one[1]))
    return f"{sum(channels.values())} again: {each}"


def _parser() -> argparse.ArgumentParser:
    made = parser(PROGRAM, "resend", _HELP)
    made.add_argument("ids", nargs="*", metavar="ID", type=_id, help="a submission, as /v1 names it")
    which = made.add_mutually_exclusive_group()
    which.add_argument("--failed", action="store_true", help="all that failed")
    which.add_argument("--held", action="store_true", help="all that a cap on mails holds: send it now, uncounted")
    made.add_argument("--since", metavar="AGE", type=_age, help="what came to this in the last 30m, 2h or 3d")
    made.add_argument("--channel", type=_channel, help="one channel: confirmation, owner, webhook, slack, …")
    made.add_argument("--form", metavar="NAME", help="one form")
    made.add_argument("--as", dest="actor", metavar="NAME", type=_actor, default=own_name(), help="who asks")
    made.add_argument("--yes", action="store_true", help="do it; without, only count")
    return made


def _check(given: argparse.Namespace) -> None:
    problem = None
    if bool(given.ids) == bool(given.failed or given.held):
        problem = "expected ids of submissions, or --failed, or --held"
    elif given.ids and (given.since or given.form):
        problem = "--since and --form go with --failed or --held: an id is one submission"
    elif len(given.ids) > IDS_MOST:
        problem = f"{len(given.ids)} ids, {IDS_MOST} at most: use --failed or --held, or run it several times"
    if problem:
        _parser().error(problem)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:64]!r} is no id of a submission: a UUID, as /v1 shows it") from None


def _age(text: str) -> timedelta:
    found = _SINCE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("expected an age such as 30m, 2h or 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _channel(text: str) -> str:
    if not _CHANNEL.fullmatch(text):
        raise argparse.ArgumentTypeError("expected a channel, such as confirmation, owner or webhook")
    return channel_named(text)


def _actor(text: str) -> str:
    text.encode()  # what is no UTF-8 cannot be kept
    if not 0 < len(text.strip()) <= REQUESTED_BY_MOST:
        raise argparse.ArgumentTypeError(f"expected 1 to {REQUESTED_BY_MOST} characters")
    return text
