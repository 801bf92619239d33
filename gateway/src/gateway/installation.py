"""The first start of an installation: makes the secret and the API key, once."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from gateway.keys import hash_of, new_key

SECRET = "secret"  # noqa: S105 - a file's name
HASHES = "api_key_hashes"


def set_up(directory: Path) -> str | None:
    """Make `secret` and `api_key_hashes` in a directory where they are missing, readable by their owner alone.

    Returns the new API key, which is kept nowhere; None where the hashes were there before. Two that run at once
    agree: a file appears whole or not at all, and the first one stays.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_once(directory / SECRET, secrets.token_urlsafe(48))
    key = new_key()
    return key if _write_once(directory / HASHES, hash_of(key)) else None


def _write_once(path: Path, text: str) -> bool:
    if path.exists():
        return False
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
        Path(path).hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        Path(draft).unlink()
    return True
