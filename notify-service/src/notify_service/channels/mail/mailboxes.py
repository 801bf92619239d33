"""Says what the table keeps of an address: by what one confirmation is told from another, and what is shown."""

from __future__ import annotations

import hashlib
from uuid import UUID

from shared.mailboxes import normalised, shown_address

__all__ = ["destination_hash", "shown_address"]


def destination_hash(submission_id: UUID, address: str) -> str:
    """Return what stands for an address in the table: SHA-256 of the submission's id and the normalised address.

    With the id in it, the same address looks different in every row.
    """
    return hashlib.sha256(f"{submission_id}\n{normalised(address)}".encode("utf-8", "surrogatepass")).hexdigest()
