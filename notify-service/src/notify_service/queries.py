"""What the notify service answers over the broker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from notify_service.channels.registry import told_as
from notify_service.deliveries.reopening import CHANNELS
from shared.contracts import Confirmation
from shared.database import iso
from shared.messaging.broker import Answer, Params, QueryMethod


class Confirmations(Protocol):
    """Knows what has become of a submission's confirmations, and of its webhook."""

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        """Return them as they are shown; empty where none was seen."""


class Parked(Protocol):
    """Knows what is parked."""

    def parked_since(self, message_id: str) -> Mapping[str, datetime]:
        """Return since when messages of this id are parked and not replayed, by their work queues."""


def methods(known: Confirmations, parked: Parked) -> Mapping[str, QueryMethod]:
    """Return the queries of `topology.NOTIFY_QUERIES`, by name.

    `deliveries` {"id": uuid}, for the owner, answers {"confirmations": [...], "webhooks": [...], "parked": {...}}: the
    first two each as `Confirmation.to_json`; the third says since when the event is parked, by channel, where anything
    may be to come. `receipt` answers the same, and gives no cap away: what is held is pending. A submitter's receipt
    shows the first alone: whether the owner's webhook works is none of a submitter's business.
    """

    def deliveries(params: Params) -> Answer:
        submission_id = UUID(str(params["id"]))
        found = known.confirmations(submission_id)
        is_settled = found and all(one.state in {"sent", "failed"} for one in found)
        standing = {} if is_settled else parked.parked_since(str(submission_id))
        return {
            "confirmations": [one.to_json() for one in found if one.channel != "webhook"],
            "webhooks": [one.to_json() for one in found if one.channel == "webhook"],
            "parked": {told_as(CHANNELS[queue]): iso(since) for queue, since in standing.items() if queue in CHANNELS},
        }

    def receipt(params: Params) -> Answer:
        told = deliveries(params)
        shown = [Confirmation.from_json(one).for_receipt().to_json() for one in told["confirmations"]]
        return {**told, "confirmations": shown}

    return {"receipt": receipt, "deliveries": deliveries}
