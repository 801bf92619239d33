"""`python -m notify_service test CHANNEL --form FORM` sends one delivery that is marked as a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from notify_service import settings
from notify_service.channels.hook import HookChannel
from notify_service.channels.mail.templates import Templates
from notify_service.channels.planned import Planned
from notify_service.channels.registry import CHANNELS
from notify_service.commands.suppressed import why_not
from notify_service.commands.terminal import Refused, complain, parser, say
from notify_service.service import channel_needs
from notify_service.transports.failures import SendFailure
from notify_service.trial.sending import Trial
from notify_service.trial.submission import a_submission, marked_form
from notify_service.trial.telling import timed
from shared import forms
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.forms.owner import Owner

_HELP = """Send one delivery of a form, marked TEST, and show each step of the conversation, without passwords.
It needs no broker, asks a database that is there whether an address is sent no mail, records nothing,
counts against no cap, and asks no route.
CHANNEL: {channels}; one of several webhooks: webhook:NAME.
Exit code: 0 it was taken, 1 it was not, 2 it could not be tried as things are set up."""

TRIED = tuple(name for name in CHANNELS if name != HookChannel.name)
"""Whoever asked for a hook tries it: nothing in the forms file tells of it."""

_ALIASES = {"owner-mail": "owner", "email": "confirmation"}


def test(arguments: Sequence[str]) -> int:
    """Send one delivery that is marked TEST, and show each step."""
    known = ", ".join("owner-mail" if name == "owner" else name for name in TRIED)
    read = parser("test", _HELP.format(channels=known))
    read.add_argument("channel", metavar="CHANNEL", help="what to send by")
    read.add_argument("--form", required=True, metavar="FORM", help="whose settings count")
    read.add_argument("--to", metavar="ADDRESS", help="whom a mail goes to: a confirmation needs it")
    given = read.parse_args(arguments)
    wanted, _, destination = given.channel.partition(":")
    name = _ALIASES.get(wanted, wanted)
    if name not in TRIED:
        raise Refused(f"there is no channel {wanted[:64]!r}; there are: {known}")
    if name == "confirmation" and not given.to:
        raise Refused("whom shall the confirmation go to? Say --to ADDRESS")
    chosen = settings.load(with_broker=False)
    form = _form(chosen, given.form, given.to)
    listed = CHANNELS[name]
    needs = replace(channel_needs(chosen, Templates(chosen.templates)), console_url=None)  # it is stored nowhere
    trial = Trial(chosen, listed.make(needs), listed.transport, timed(say))
    event = a_submission(form, given.to, datetime.now(UTC))
    asked = [one for one in trial.channel.plan(event, form) if not one.on_release]
    asked = [one for one in asked if destination in ("", one.key.destination_hash)]
    if not asked:
        raise Refused(
            f"the form {form.name} tells nobody by {given.channel[:100]}: its section is missing, or switched off"
        )
    return max([_sent(trial, event, form, one) for one in asked])


def _is_suppressed(trial: Trial, planned: Planned) -> bool:
    """Say whether a mail goes to nobody, and why."""
    why = why_not(trial.chosen, planned) if trial.transport == "smtp" else None
    if why is None:
        return False
    complain(f"not sent: {why}")
    return True


def _form(chosen: settings.Settings, name: str, to: str | None) -> Form:
    """Return the form that is named, as it counts for a test; raises `Refused`."""
    known = forms.load(chosen.forms)
    if name not in known:
        raise Refused(f"there is no form {name[:64]!r} in {chosen.forms}; there are: {', '.join(known)}")
    form = marked_form(known[name])
    return replace(form, owner=replace(form.owner or Owner(), to=(to,), also=())) if to else form


def _sent(trial: Trial, event: SubmissionAccepted, form: Form, planned: Planned) -> int:
    """Send one, say what came of it, and return the exit code."""
    say(f"{planned.key.channel} to {planned.shown}")
    if _is_suppressed(trial, planned):
        return 1
    try:
        heard = trial.send(event, form, planned)
    except SendFailure as error:
        complain(f"not sent: {error.reason}")
        if words := trial.hint(error.reason):
            complain(f"→ {words}")
        return 1
    say(f"sent: {heard}")
    return 0
