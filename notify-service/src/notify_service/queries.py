"""What the notify service answers over the broker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from shared.contracts import Confirmation
from shared.messaging.broker import Answer, Params, QueryMethod


class Confirmations(Protocol):
    """Knows what has become of a submission's confirmations, and of its webhook."""

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        """Return them as they are shown; empty where none was seen."""


def methods(known: Confirmations) -> Mapping[str, QueryMethod]:
    """Return the queries of `topology.NOTIFY_QUERIES`, by name.

    `receipt` {"id": uuid} answers {"confirmations": [...], "webhooks": [...]}, each as `Confirmation.to_json`. The
    submitter's receipt shows the first alone: whether the owner's webhook works is none of a submitter's business.
    """

    def receipt(params: Params) -> Answer:
        found = known.confirmations(UUID(str(params["id"])))
        return {
            "confirmations": [one.to_json() for one in found if one.channel != "webhook"],
            "webhooks": [one.to_json() for one in found if one.channel == "webhook"],
        }

    return {"receipt": receipt}
