"""Keeps addresses and keys in a file that its owner alone can read."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from counterfoil_cli.exits import Wrong

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

_FILE = "installations.json"
_BYTES_MOST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """An installation, and the key for it."""

    url: str
    key: str = field(repr=False)
    allow_http: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """The installations by their names, and which of them is meant when nobody names one."""

    by_name: Mapping[str, Place] = field(default_factory=dict)
    usual: str | None = None

    def with_one(self, name: str, place: Place, *, usual: bool) -> Places:
        """Return these and one more, or one that is changed."""
        chosen = name if usual or self.usual is None else self.usual
        return replace(self, by_name={**self.by_name, name: place}, usual=chosen)

    def without(self, name: str) -> Places:
        """Return these without one; the usual one is then another, if one is left."""
        left = {other: place for other, place in self.by_name.items() if other != name}
        return Places(left, self.usual if self.usual in left else next(iter(left), None))


class Saved:
    """The file, in a folder that is made when there is something to keep. All methods raise `Wrong`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / _FILE

    def load(self) -> Places:
        """Return what is kept."""
        try:
            with self.path.open(encoding="utf-8") as file:
                text = file.read(_BYTES_MOST)
            return _places(json.loads(text))
        except FileNotFoundError:
            return Places()
        except OSError as error:
            raise Wrong(f"{self.path} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Wrong(f"{self.path} is damaged: delete it, and log in again") from error

    def is_private(self) -> bool:
        """Return whether nobody else can read the file; where there is none, nobody can."""
        try:
            return os.name != "posix" or not self.path.stat().st_mode & 0o077
        except OSError:
            return True

    def save(self, places: Places) -> None:
        """Keep these, whole or not at all; nobody else can read the file at any moment."""
        document = {"usual": places.usual, "installations": {name: asdict(one) for name, one in places.by_name.items()}}
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, made = tempfile.mkstemp(dir=self.path.parent)  # for its owner alone: 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=2)
            Path(made).replace(self.path)
        except OSError as error:
            raise Wrong(f"{self.path} cannot be written: {error.strerror}") from error


def _places(document: Any) -> Places:
    named = {
        str(name): Place(str(one["url"]), str(one["key"]), bool(one.get("allow_http")))
        for name, one in document["installations"].items()
    }
    usual = document.get("usual")
    return Places(named, usual if usual in named else None)
