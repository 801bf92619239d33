"""Says what the table keeps of an address: by what one confirmation is told from another, and what is shown."""

from __future__ import annotations

import hashlib
from uuid import UUID

from shared.mail_addresses import ADDRESS_MOST
from shared.mailboxes import normalised
from shared.text import as_shown


def destination_hash(submission_id: UUID, address: str) -> str:
    """Return what stands for an address in the table: SHA-256 of the submission's id and the normalised address.

    With the id in it, the same address looks different in every row.
    """
    return hashlib.sha256(f"{submission_id}\n{normalised(address)}".encode("utf-8", "surrogatepass")).hexdigest()


def shown_address(address: str) -> str:
    """Return what may be recorded of an address: its first character, and its domain."""
    local, _, domain = as_shown(address[:ADDRESS_MOST].strip()).rpartition("@")
    return f"{local[:1]}\N{HORIZONTAL ELLIPSIS}@{domain}"
