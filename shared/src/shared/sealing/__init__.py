"""Seals values of fields to a public key, and opens them with the private one.

The gateway seals and cannot open; the console opens, by `shared.sealing.opening`. The format stands in
docs/decisions/0067-sealed-fields.md.
"""

from shared.sealing.keys import OpeningKey, SealingKey, WrongKey, new_key
from shared.sealing.sealer import Sealer, key_id_of

__all__ = [
    "OpeningKey",
    "Sealer",
    "SealingKey",
    "WrongKey",
    "key_id_of",
    "new_key",
]
