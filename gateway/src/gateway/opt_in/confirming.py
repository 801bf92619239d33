"""Shows the page of the button in a mail, and publishes that it was pressed. Looking confirms nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from gateway.abuse.rate_limits import RateLimits
from gateway.http.counting import Count, ignore
from gateway.http.errors import Refused
from gateway.http.request import Request
from gateway.intake.publisher import DEADLINE_S
from gateway.opt_in.words import Outcome
from gateway.receipts.queries import ServiceQueries
from shared.contracts import SubmissionOptedIn
from shared.contracts.submission_erased import is_covered
from shared.links.opt_in import OptInLink, OptInLinks
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.message import message_of

_AGENT_MOST = 500

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is to be said of a link: what came of it, and what it says; None for one that is none of ours.

    With `often` there is the `refusal` instead, and the link was not read.
    """

    outcome: Outcome
    link: OptInLink | None = None
    refusal: Refused | None = None


class OptIns:
    """Answers for links. Any gateway can: what a link needs stands in it, signed."""

    def __init__(
        self,
        *,
        links: OptInLinks,
        queries: ServiceQueries,
        publisher: Publisher,
        rate_limits: RateLimits,
        clock: Callable[[], datetime],
        count: Count = ignore,
    ) -> None:
        self._links = links
        self._queries = queries
        self._publisher = publisher
        self._rate_limits = rate_limits
        self._clock = clock
        self._count = count

    def look(self, token: str) -> Standing:
        """Return what is to be said of a link before its button is pressed; `unsure` while storage does not answer."""
        link = self._links.read(token)
        if link is None:
            return Standing("forged")
        known = self._queries.opt_in(link.id)
        if known is None:
            return Standing("expired" if self._is_over(link) else "unsure", link)
        if known.erased_at is not None and is_covered(link.accepted_at, known.erased_at):
            return Standing("erased", link)
        if known.opt_in == "confirmed":
            return Standing("used", link)
        return Standing("expired" if self._is_over(link) else "waiting", link)

    def press(self, token: str, request: Request) -> Standing:
        """Publish that a link's button was pressed: `thanks` once the broker has confirmed it, else `away`.

        It is `often` for an address that presses too often. Pressed twice it is published twice, and counts once.
        """
        try:
            self._rate_limits.check_presses(request.remote_addr)
        except Refused as refusal:
            return Standing("often", refusal=refusal)
        found = self._pressed(token, request)
        self._count(found.outcome)
        return found

    def _pressed(self, token: str, request: Request) -> Standing:
        found = self.look(token)
        if found.link is None or found.outcome not in {"waiting", "unsure"}:
            return found
        try:
            self._publisher.publish(message_of(self._event(found.link, request)), timeout_s=DEADLINE_S)
        except NotConfirmed as error:
            _log.warning("opt-in not confirmed", submission=str(found.link.id), refusal=error.refusal)
            return Standing("away", found.link)
        return Standing("thanks", found.link)

    def _is_over(self, link: OptInLink) -> bool:
        return self._clock() >= link.expires_at

    def _event(self, link: OptInLink, request: Request) -> SubmissionOptedIn:
        agent = request.headers.get("User-Agent")
        return SubmissionOptedIn(
            id=link.id,
            form=link.form,
            accepted_at=link.accepted_at,
            at=self._clock(),
            ip=request.remote_addr,
            user_agent=agent[:_AGENT_MOST].replace("\x00", "") if agent else None,
            recipient=link.recipient,
            link_expires_at=link.expires_at,
        )
