"""What the notify service answers over the broker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from notify_service.channels.registry import CHANNELS, ON_RECEIPTS, told_as
from notify_service.deliveries.reopening import OF_ONE_CHANNEL, OF_ONE_TRANSPORT
from shared.contracts import Confirmation
from shared.database import iso
from shared.messaging.broker import Answer, Params, QueryMethod
from shared.messaging.topology import NOTIFY_SUBMISSIONS


class Confirmations(Protocol):
    """Knows what has become of a submission's confirmations, and of its webhook."""

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        """Return them as they are shown; empty where none was seen."""

    def unsettled(self, submission_id: UUID) -> Mapping[UUID, str]:
        """Return the ids of those that are not settled, each with its channel."""


class Parked(Protocol):
    """Knows what is parked."""

    def parked_since(self, *message_ids: str) -> Mapping[str, datetime]:
        """Return since when messages of these ids are parked and not replayed, by their work queues."""


Shown: TypeAlias = Callable[[UUID], list[dict[str, Any]]]
"""`history.shown.History.of_submission`."""


def _nothing(_submission_id: UUID) -> list[dict[str, Any]]:
    return []


def methods(known: Confirmations, parked: Parked, shown: Shown = _nothing) -> Mapping[str, QueryMethod]:
    """Return the queries of `topology.NOTIFY_QUERIES`, by name.

    `deliveries` {"id": uuid}, for the owner, answers {"confirmations": [...], "webhooks": [...], "parked": {...},
    "deliveries": [...]}: the first two each as `Confirmation.to_json`, the second of all that told the owner by HTTP;
    the third says since when the event is parked, by channel, where anything may be to come; the last is all that is
    known, as `shown` tells it. `receipt` answers the first three, and gives no cap away: what is held is pending. A
    submitter's receipt shows the first alone.
    """

    on_receipts, mails = told_as(ON_RECEIPTS), {one.told_as for one in CHANNELS.values() if one.transport == "smtp"}

    def told_of(queue: str, waiting: Mapping[UUID, str]) -> Sequence[str]:
        if queue not in OF_ONE_TRANSPORT:
            return _told_of(queue)
        ids = {channel: [str(one) for one, its in waiting.items() if its == channel] for channel in waiting.values()}
        return [told_as(channel) for channel, its in ids.items() if queue in parked.parked_since(*its)]

    def told(params: Params) -> Answer:
        submission_id = UUID(str(params["id"]))
        found = known.confirmations(submission_id)
        is_settled = found and all(one.state in {"sent", "failed"} for one in found)
        waiting = known.unsettled(submission_id) if found and not is_settled else {}
        standing = {} if is_settled else parked.parked_since(str(submission_id), *map(str, waiting))
        return {
            "confirmations": [one.to_json() for one in found if one.channel == on_receipts],
            "webhooks": [one.to_json() for one in found if one.channel not in mails],
            "parked": {channel: iso(since) for queue, since in standing.items() for channel in told_of(queue, waiting)},
        }

    def deliveries(params: Params) -> Answer:
        return {**told(params), "deliveries": shown(UUID(str(params["id"])))}

    def receipt(params: Params) -> Answer:
        answer = told(params)
        mapped = [Confirmation.from_json(one).for_receipt().to_json() for one in answer["confirmations"]]
        return {**answer, "confirmations": mapped}

    return {"receipt": receipt, "deliveries": deliveries}


def _told_of(queue: str) -> Sequence[str]:
    """Return the channels, as they are told, that wait while a message of a work queue of submissions is parked.

    What is to be planned is every channel's: nobody knows yet which of them it asks for.
    """
    if queue in OF_ONE_CHANNEL:
        return [told_as(OF_ONE_CHANNEL[queue])]
    return [one.told_as for one in CHANNELS.values()] if queue == NOTIFY_SUBMISSIONS.name else []
