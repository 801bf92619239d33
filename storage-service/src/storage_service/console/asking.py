"""Asks notify, and for parked messages storage too, over the broker. Who does not answer in time is away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import structlog

from shared.messaging.broker import Answer, NoAnswer, QueryFailed, RpcClient
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES

TIMEOUT_S = 1.0
READING_TIMEOUT_S = 2.0
"""For what an operator waits for."""

PARKED_AT: Mapping[str, str] = {"storage": STORAGE_QUERIES, "notify": NOTIFY_QUERIES}
"""Who keeps parked messages, and where each is asked."""

_log = structlog.get_logger()


class Asking:
    """What the console asks of the other services."""

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc

    def deliveries(self, submission_id: UUID) -> Answer | None:
        """Return what notify tells an owner of a submission's deliveries; None where it is away."""
        return self._asked(NOTIFY_QUERIES, "deliveries", {"id": str(submission_id)})

    def retrying(self, forms: Collection[str] | None, limit: int, after: list[str] | None) -> Answer | None:
        """Return a page of what notify tries again by itself, of all forms or of some; None where it is away, or of an
        earlier version, which does not tell."""
        asked = {"forms": None if forms is None else sorted(forms), "limit": limit, "after": after}
        return self._asked(NOTIFY_QUERIES, "retrying", asked, READING_TIMEOUT_S)

    def hooks(self, ids: Collection[UUID]) -> Answer | None:
        """Return what notify knows of hooks: when each was called, and with what success; None where it is away, or of
        an earlier version, which has none."""
        return self._asked(NOTIFY_QUERIES, "hooks", {"ids": [str(one) for one in ids]}, READING_TIMEOUT_S)

    def deliveries_of_recipient(self, recipient: str, limit: int, after: Any) -> Answer | None:
        """Return a page of the submissions that were confirmed to a recipient, see `shared.mailboxes.recipient_hash`;
        None where notify is away, or of an earlier version."""
        asked = {"recipient": recipient, "limit": limit, "after": after}
        return self._asked(NOTIFY_QUERIES, "deliveries_of_recipient", asked, READING_TIMEOUT_S)

    def suppressions(self, method: str, params: dict[str, Any]) -> Answer | None:
        """Return what notify answers about addresses that are sent no mail; None where it is away, or of an earlier
        version, which keeps none."""
        return self._asked(NOTIFY_QUERIES, f"suppressions.{method}", params, READING_TIMEOUT_S, is_named=True)

    def parked(
        self,
        service: str,
        method: str,
        params: dict[str, Any],
        *,
        timeout_s: float = READING_TIMEOUT_S,
        is_named: bool = False,
    ) -> Answer | None:
        """Return what a service answers about its parked messages; None where it is away. What erases `is_named`."""
        return self._asked(PARKED_AT[service], f"parked.{method}", params, timeout_s, is_named=is_named)

    def _asked(
        self,
        queue: str,
        method: str,
        params: dict[str, Any],
        timeout_s: float = TIMEOUT_S,
        *,
        is_named: bool = False,
    ) -> Answer | None:
        try:
            return self._rpc.ask(queue, method, params, is_named=is_named).answer(timeout_s=timeout_s)
        except NoAnswer:
            return None
        except QueryFailed as error:
            _log.warning("a query failed", reason=str(error))
            return None
