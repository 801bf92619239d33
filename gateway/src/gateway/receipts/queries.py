"""Asks storage and notify over the broker: the gateway keeps no database of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

import structlog

from gateway.receipts.progress import OptIn, Progress
from gateway.receipts.tokens import Ticket
from shared.contracts import Confirmation
from shared.messaging.broker import Answer, NoAnswer, Pending, QueryFailed, RpcClient
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES

RECEIPT_TIMEOUT_S = 1.0
KEY_TIMEOUT_S = 0.25

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands under an id: the fingerprint of what is stored, or when that was erased."""

    fingerprint: str | None = None
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What storage says of a submission that waits for its address: whether it was confirmed, or erased, and when."""

    opt_in: OptIn | Literal["none"] | None = None
    erased_at: datetime | None = None


class ServiceQueries:
    """What the gateway asks of storage and notify. Who does not answer in time is taken as unknown."""

    def __init__(self, rpc: RpcClient, clock: Callable[[], datetime]) -> None:
        self._rpc = rpc
        self._clock = clock

    def progress(self, ticket: Ticket) -> Progress:
        """Return how far a submission has come; both services are asked at once, and have a second together."""
        params = {"id": str(ticket.id)}
        deadline = time.monotonic() + RECEIPT_TIMEOUT_S
        asked_storage = self._rpc.ask(STORAGE_QUERIES, "receipt", params)
        asked_notify = self._rpc.ask(NOTIFY_QUERIES, "receipt", params)
        found = _progress_of(ticket, _answer(asked_storage, deadline), _answer(asked_notify, deadline))
        return replace(found, known_at=self._clock())

    def standing(self, submission_id: UUID) -> Standing:
        """Return what storage says of an id: nothing where it knows none, or does not answer quickly."""
        pending = self._rpc.ask(STORAGE_QUERIES, "receipt", {"id": str(submission_id)})
        answer = _answer(pending, time.monotonic() + KEY_TIMEOUT_S) or {}
        found = answer.get("fingerprint")
        return Standing(found if isinstance(found, str) else None, _moment(answer, "erased_at"))

    def opt_in(self, submission_id: UUID) -> Known | None:
        """Return what storage says of a submission that waits; None where it does not answer in time."""
        pending = self._rpc.ask(STORAGE_QUERIES, "receipt", {"id": str(submission_id)})
        answer = _answer(pending, time.monotonic() + RECEIPT_TIMEOUT_S)
        return None if answer is None else Known(_opt_in(answer), _moment(answer, "erased_at"))

    def mail_again(self, submission_id: UUID, key: UUID) -> Answer | None:
        """Ask storage to have the mail with the button sent again; the same key again counts once.

        The answer is `{"sent": n, "left": m}`, or `{"refused": …}` with `confirmed`, `limit` or `unknown`; None where
        storage does not answer in time, or is of a version that does not know how.
        """
        pending = self._rpc.ask(STORAGE_QUERIES, "opt_in_again", {"id": str(submission_id), "key": str(key)})
        return _answer(pending, time.monotonic() + RECEIPT_TIMEOUT_S)

    def accepted_at(self, submission_id: UUID) -> datetime | None:
        """Return when what is stored under an id was accepted first; None without it, or without a quick answer."""
        pending = self._rpc.ask(STORAGE_QUERIES, "receipt", {"id": str(submission_id)})
        return _moment(_answer(pending, time.monotonic() + KEY_TIMEOUT_S), "accepted_at")


def _progress_of(ticket: Ticket, stored: Answer | None, notified: Answer | None) -> Progress:
    # Of spam nothing is read but what is read of all: its receipt ends as that of any that nobody tries to confirm.
    return Progress(
        ticket,
        stored_at=_moment(stored, "stored_at"),
        first_accepted_at=_moment(stored, "accepted_at"),
        storage_known=stored is not None,
        erased_at=_moment(stored, "erased_at"),
        confirmations=_confirmations(notified),
        parked=_parked(notified),
        opt_in_told=_opt_in(stored),
        opted_in_at=_moment(stored, "opted_in_at"),
    )


def _opt_in(stored: Answer | None) -> OptIn | Literal["none"] | None:
    """Return what storage says of what it has; nothing where it has none, or is of a version that does not say so."""
    if stored is None or "opt_in" not in stored or stored.get("stored_at") is None:
        return None
    return next((one for one in get_args(OptIn) if one == stored["opt_in"]), "none")


def _moment(answer: Answer | None, name: str) -> datetime | None:
    text = (answer or {}).get(name)
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _confirmations(notified: Answer | None) -> tuple[Confirmation, ...] | None:
    if notified is None:
        return None
    documents: list[dict[str, Any]] = notified.get("confirmations", [])
    return tuple(Confirmation.from_json(document) for document in documents)


def _parked(notified: Answer | None) -> dict[str, datetime]:
    found: dict[str, str] = (notified or {}).get("parked", {})
    return {channel: datetime.fromisoformat(since) for channel, since in found.items()}


def _answer(pending: Pending, deadline: float) -> Answer | None:
    try:
        return pending.answer(timeout_s=max(0.0, deadline - time.monotonic()))
    except NoAnswer:
        return None
    except QueryFailed as error:
        _log.warning("a query failed", reason=str(error))
        return None
