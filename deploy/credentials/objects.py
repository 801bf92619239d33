"""The key to the object store that files are in: one for all services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from credentials.files import keep_password, write

READERS = ("storage", "notify", "console")
"""Who has the gateway's key, too."""

PRIVATE = 0o600
_ID, _SECRET = "files_key_id", "files_secret"


class Key(NamedTuple):
    """The two halves, as S3 has them."""

    id: str
    secret: str


def keep_key(folder: Path) -> Key:
    """Return the key in a folder; make what is missing. Somebody may have put that of a store of their own there."""
    return Key(keep_password(folder / _ID), keep_password(folder / _SECRET))


def write_key(folder: Path, key: Key) -> None:
    """Write both halves into a service's folder."""
    write(folder / _ID, key.id, PRIVATE)
    write(folder / _SECRET, key.secret, PRIVATE)


def identities(key: Key) -> str:
    """Return who may do what at SeaweedFS, as its option `-s3.config` reads it."""
    credentials = [{"accessKey": key.id, "secretKey": key.secret}]
    rights = ["Admin", "Read", "Write", "List"]
    return json.dumps({"identities": [{"name": "counterfoil", "credentials": credentials, "actions": rights}]})
