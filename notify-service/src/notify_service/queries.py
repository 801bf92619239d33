"""What the notify service answers over the broker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from shared.contracts import Confirmation
from shared.messaging.broker import Answer, Params, QueryMethod


class Confirmations(Protocol):
    """Knows what has become of a submission's confirmations."""

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        """Return them as a receipt shows them; empty where none was seen."""


def methods(known: Confirmations) -> Mapping[str, QueryMethod]:
    """Return the queries of `topology.NOTIFY_QUERIES`, by name.

    `receipt` {"id": uuid} answers {"confirmations": [...]}, each as `Confirmation.to_json`.
    """

    def receipt(params: Params) -> Answer:
        found = known.confirmations(UUID(str(params["id"])))
        return {"confirmations": [confirmation.to_json() for confirmation in found]}

    return {"receipt": receipt}
