"""Files that appear whole or not at all."""

from __future__ import annotations

import hmac
import os
import secrets
import tempfile
from pathlib import Path

PASSWORD_BYTES = 32


def keep_password(path: Path, mode: int = 0o600) -> str:
    """Return the password in a file; make one where there is none. Only letters, digits, `-` and `_`: fit for a URL."""
    if not path.exists():
        write(path, secrets.token_urlsafe(PASSWORD_BYTES), mode)
    return path.read_text("ascii").strip()


def own_salt(password: str) -> bytes:
    """Return 32 bytes to salt the hash of a random password with; fit for passwords of 256 random bits alone.

    They are the same each time: what is written anew from the same passwords is the same file, and whoever is handed
    its content, as in Swarm, need not start again.
    """
    return hmac.digest(password.encode(), b"Counterfoil salt", "sha256")


def write(path: Path, text: str, mode: int) -> None:
    """Write a file in one step: whoever reads it meanwhile has the old one or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        os.fchmod(file.fileno(), mode)
    Path(draft).replace(path)
