"""Applies the routes of a form to one event: who is told of it. Pure.

All routes that match count together. A channel that a route names hears of nothing but what such a route gives it; all
others hear of everything. `instead` puts what a route says in the place of the form's own addresses and, where the
route names channels, of the form's other channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from shared.contracts import SubmissionAccepted
from shared.forms import CHANNELS, Form, Owner, Route, Webhook
from shared.forms.route import OWN, is_one_of
from shared.query import Matching

REMEMBERED_MOST = 64
"""Events whose routes are remembered."""


def routed(form: Form, event: SubmissionAccepted) -> Form:
    """Return the form as it counts for an event; where it has no routes, that is the form itself.

    Its routes' addresses are `owner.also`, beside the form's own, or `owner.to`, in their place.
    """
    return Routing(form, matching(form, event)).applied() if form.routes else form


class RecentlyRouted:
    """`routed`, which remembers the last events: an event has many deliveries, and may be long. For many threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[UUID, str, str | None], tuple[Form, Form]] = {}

    def __call__(self, form: Form, event: SubmissionAccepted) -> Form:
        """Return what `routed` does; what it was for a form that has changed does not count."""
        if not form.routes:
            return form
        key = (event.id, event.fingerprint, event.reply_address)
        known = self._known.get(key)
        if known is None or known[0] is not form:
            if len(self._known) >= REMEMBERED_MOST:
                self._known.clear()
            known = self._known[key] = (form, routed(form, event))
        return known[1]


def matching(form: Form, event: SubmissionAccepted) -> tuple[Route, ...]:
    """Return the routes that match an event, in the order of the file."""
    asked = Matching(event)
    return tuple(route for route in form.routes if asked.matches(route.query))


@dataclass(frozen=True, slots=True)
class Routing:
    """A form, and those of its routes that match."""

    form: Form
    matched: Sequence[Route]

    def applied(self) -> Form:
        """Return the form as these routes make it."""
        form = self.form
        off: dict[str, Any] = {name: None for name in CHANNELS if not self.tells(name)}
        webhook = form.webhook if form.webhook and self.tells(named(form.webhook)) else None
        webhooks = tuple(one for one in form.webhooks if self.tells(named(one)))
        return replace(form, owner=self._owner(), webhook=webhook, webhooks=webhooks, **off)

    def tells(self, channel: str) -> bool:
        """Return whether a channel hears of the event, if the form has it."""
        if self.naming(channel, self.matched):
            return True
        return not self.naming(channel, self.form.routes) and not self.taking_over

    def naming(self, channel: str, routes: Iterable[Route]) -> list[Route]:
        """Return those of some routes that name a channel."""
        return [route for route in routes if is_one_of(channel, route.channels)]

    @property
    def taking_over(self) -> list[Route]:
        """The routes that stand in the place of the form's channels."""
        return [route for route in self.matched if route.instead and route.channels]

    @property
    def writes_to_own(self) -> bool:
        """Whether the form's own addresses get their mail."""
        is_instead = any(route.instead for route in self.matched)
        return not is_instead or bool(self.naming(OWN, self.matched))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that the routes add."""
        return tuple(dict.fromkeys(address for route in self.matched for address in route.owner))

    def _owner(self) -> Owner | None:
        own = self.form.owner or Owner()
        if not own.enabled or (self.writes_to_own and not self.addresses):
            return self.form.owner
        if self.writes_to_own:
            return replace(own, also=self.addresses)
        return replace(own, to=self.addresses) if self.addresses else replace(own, enabled=False)


def named(webhook: Webhook) -> str:
    """Return what a route calls a webhook."""
    return f"webhook:{webhook.name}"
