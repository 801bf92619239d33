"""Knows what was put for one request, and removes it where the request is refused."""

from __future__ import annotations

import secrets
from datetime import datetime

import structlog

from shared.files import FileStore, StoreUnavailable

REQUEST_CHARACTERS = 26

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_log = structlog.get_logger()


class KeptFiles:
    """The files of one request, in the store under `<form>/<day>/<request>/<number>`, `number` from 1.

    They can be dropped until somebody may rely on them, which is when their event is on its way to the broker.
    """

    def __init__(self, store: FileStore, form: str, now: datetime) -> None:
        self._store = store
        request = "".join(secrets.choice(_ALPHABET) for _ in range(REQUEST_CHARACTERS))
        self._place = f"{form}/{now:%Y-%m-%d}/{request}"
        self._keys: list[str] = []
        self.needed = False

    def next_key(self) -> str:
        """Return the key of the next file. From now on it may be there."""
        key = f"{self._place}/{len(self._keys) + 1}"
        self._keys.append(key)
        return key

    def drop(self) -> None:
        """Delete what was put, unless it is `needed`. What cannot be deleted now is an orphan, which storage sweeps."""
        if self.needed or not self._keys:
            return
        keys, self._keys = self._keys, []
        try:
            self._store.delete(keys)
        except StoreUnavailable as error:
            _log.warning("refused files not deleted yet", files=len(keys), error=str(error))
