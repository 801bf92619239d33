"""Says who is told of a submission, who is not, and why: for whoever writes a forms file. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Planned
from notify_service.channels.registry import CHANNELS, ON_RECEIPTS
from notify_service.channels.routing import Routing, matching, named
from notify_service.deliveries.states import OPT_IN
from notify_service.planning.planner import plan
from shared.contracts import SubmissionAccepted
from shared.forms import Form, Owner, Route
from shared.forms.route import OWN

_OWNER_MAIL = "COUNTERFOIL_OWNER_MAIL"


@dataclass(frozen=True, slots=True)
class Line:
    """One that is told, or not: the channel as routes name it, to whom, and why. `to` may be empty."""

    channel: str
    to: str
    because: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an event and its form come to. `matches` has an answer for each route of the form."""

    told: Sequence[Line]
    untold: Sequence[Line]
    matches: Sequence[bool]


def explained(event: SubmissionAccepted, form: Form, channels: Mapping[str, Channel]) -> Explanation:
    """Return who is told of an event, and who is not."""
    matched = matching(form, event)
    told = plan(event, form, channels)
    reasons = _Reasons(Routing(form, matched), event)
    return Explanation(
        [Line(channel_of(one), _shown(one), f"{reasons.for_telling(one)}{_waits(one)}") for one in told],
        [*_left_out(event, form, channels, told, reasons), *_absent(event, form, channels)],
        [any(route is one for one in matched) for route in form.routes],
    )


def channel_of(planned: Planned) -> str:
    """Return what a route calls the channel of a delivery."""
    channel = planned.key.channel
    return f"{channel}:{planned.key.destination_hash}" if channel == "webhook" else channel


def _waits(planned: Planned) -> str:
    if planned.held_for == OPT_IN:
        return "; it waits for the address to be confirmed"
    is_digest = planned.gathered is not None and planned.gathered.digest is not None
    return f"; it waits for the digest, {planned.gathered.schedule}" if planned.gathered and is_digest else ""


def _shown(planned: Planned) -> str:
    """Return a mail's address, and of all others what may be shown: their addresses may be secrets."""
    return planned.destination if CHANNELS[planned.key.channel].transport == "smtp" else planned.shown


@dataclass(frozen=True, slots=True)
class _Reasons:
    routing: Routing
    event: SubmissionAccepted

    def for_telling(self, planned: Planned) -> str:
        channel, form = channel_of(planned), self.routing.form
        if channel == ON_RECEIPTS:
            return "the address that was submitted"
        if channel == OWN:
            naming = [route for route in self.routing.matched if planned.destination in route.owner]
            own = form.owner and planned.destination in form.owner.to
            return self._routes(naming) or (_section(form, OWN) if own else _OWNER_MAIL)
        naming = self.routing.naming(channel, self.routing.matched)
        return self._routes(naming) or _section(form, channel)

    def for_silence(self, planned: Planned, *, is_own: bool) -> str:
        channel, routing = channel_of(planned), self.routing
        if self.event.spam is not None:
            return "spam: nobody is told"
        if channel == OWN and not is_own:
            naming = [route for route in routing.form.routes if planned.destination in route.owner]
            return f"{self._routes(naming)} would tell it, and does not match"
        if channel == OWN:
            return f"{self._routes([route for route in routing.matched if route.instead])} is told instead"
        if naming := routing.naming(channel, routing.form.routes):
            return f"told by {self._routes(naming)} alone, which does not match"
        return f"{self._routes(routing.taking_over)} is told instead"

    def _routes(self, routes: Sequence[Route]) -> str:
        numbers = [
            str(number) for number, one in enumerate(self.routing.form.routes, 1) if any(one is r for r in routes)
        ]
        return f"route {' and '.join(numbers)}" if numbers else ""


def _left_out(
    event: SubmissionAccepted, form: Form, channels: Mapping[str, Channel], told: Sequence[Planned], reasons: _Reasons
) -> Iterator[Line]:
    """Return the lines of all that the form or a route would tell of another event."""
    good, without = replace(event, spam=None), replace(form, routes=())
    own = {one.key for one in plan(good, without, channels)}
    owner = form.owner or Owner()
    addresses = dict.fromkeys(address for route in form.routes for address in route.owner)
    everybody = replace(without, owner=replace(owner, also=tuple(addresses)) if addresses else form.owner)
    keys = {one.key for one in told}
    for one in plan(good, everybody, channels):
        if one.key not in keys:
            yield Line(channel_of(one), _shown(one), reasons.for_silence(one, is_own=one.key in own))


def _absent(event: SubmissionAccepted, form: Form, channels: Mapping[str, Channel]) -> Iterator[Line]:
    """Return the lines of mails that have nobody to go to, and of webhooks that are told of other events alone."""
    if not form.confirmation.enabled:
        yield Line(ON_RECEIPTS, "", f"switched off in {_section(form, ON_RECEIPTS)}")
    elif event.reply_address is None:
        yield Line(ON_RECEIPTS, "", "no address was submitted: neither _replyto nor a field email")
    if form.owner and not form.owner.enabled:
        yield Line(OWN, "", f"switched off in {_section(form, OWN)}")
    elif not any(route.owner for route in form.routes) and not channels[OWN].plan(event, form):
        yield Line(OWN, "", f"no address: {_section(form, OWN)} has no to, and {_OWNER_MAIL} is not set")
    planned = {channel_of(one) for one in plan(replace(event, spam=None), replace(form, routes=()), channels)}
    for one in form.every_webhook:
        if named(one) not in planned:
            yield Line(named(one), "", f"it asks for {', '.join(one.events)} alone")


def _section(form: Form, channel: str) -> str:
    table, _, name = channel.partition(":")
    return f"[forms.{form.name}.{table}]" if name in ("", OWN) else f"[[forms.{form.name}.{table}s]]"
