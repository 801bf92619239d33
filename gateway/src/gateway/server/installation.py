"""Prepares the first start of an installation: it makes the secret and the keys, once, and the first owner's link."""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.api_keys import OPERATOR_PREFIX, PREFIX, hash_of, new_key
from shared.sealing import new_key as new_pair
from shared.sealing.keys import opening_keys
from shared.setup_token import new_setup_token

SECRET = "secret"  # noqa: S105 - a file's name
API_HASHES = "api_key_hashes"
OPERATOR_HASHES = "operator_key_hashes"
SETUP_TOKEN = "setup_token"  # noqa: S105
SEALING_KEY = "sealing_key"
OPENING_KEYS = "opening_keys"


@dataclass(frozen=True, slots=True)
class NewKeys:
    """The keys that were made, which are kept nowhere; None where the hashes were there before."""

    api: str | None
    operator: str | None


def set_up(directory: Path, keys_that_open: Path | None = None) -> NewKeys:
    """Make the secret, the hashes of two new keys, and a pair for sealed fields, where they are missing.

    All are in the directory, but for the half of the pair that opens: that is in the file `keys_that_open`, which the
    console has and no gateway, unless nothing is said of it.
    The files are readable by their owner alone. Two that run at once agree: a file appears whole or not at all, and
    the first one stays.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_once(directory / SECRET, secrets.token_urlsafe(48))
    _make_pair(keys_that_open or directory / OPENING_KEYS, directory / SEALING_KEY)
    return NewKeys(_make_key(directory / API_HASHES, PREFIX), _make_key(directory / OPERATOR_HASHES, OPERATOR_PREFIX))


def make_link(directory: Path, url: str) -> str:
    """Return a new link for the first owner; `directory` has what the console is told of it, in place of the last one.

    Whether there is an owner already, the console alone knows: then it takes none of them.
    """
    made = new_setup_token(datetime.now(UTC))
    _draft(directory / SETUP_TOKEN, made.told).replace(directory / SETUP_TOKEN)
    return made.link(url)


def _make_pair(opening: Path, sealing: Path) -> None:
    if sealing.exists():  # the half that opens may be kept elsewhere by now: another one would open nothing of it
        return
    _write_once(opening, new_pair().written())
    _write_once(sealing, str(opening_keys(opening.read_text("ascii"))[0].sealing))


def _make_key(path: Path, prefix: str) -> str | None:
    key = new_key(prefix)
    return key if _write_once(path, hash_of(key)) else None


def _write_once(path: Path, text: str) -> bool:
    if path.exists():
        return False
    draft = _draft(path, text)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _draft(path: Path, text: str) -> Path:
    """Write a file beside another, which its owner alone may read."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
    return Path(draft)
