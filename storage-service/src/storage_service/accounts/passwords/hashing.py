"""Hashes passwords by argon2id, two at once: each takes 19 MiB, and a core for some 30 ms.

The parameters are the first of OWASP's (Password Storage Cheat Sheet), as RFC 9106 has argon2id.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

WAIT_S = 1.0
"""How long somebody waits for their turn: some thirty others have had theirs then."""

NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$hS0r2J0bq1QO8N3v0c6VZA$2n7XqHnR1m4nq0O0jzXvQe3Qm8kJp0S9b1yqTqkDq1c"
"""As a hash is written, of no known password: who has none is compared with it, and takes as long as others."""


class Busy(Exception):
    """Too many passwords are being looked at: try again in a second."""

    retry_after_s = 1


class Hashing:
    """Hashes passwords, for one process. Safe to use from several threads.

    Of the two at once one is for those whose browser or link is known: however many strangers try, these come to
    their turn.
    """

    def __init__(self, *, wait_s: float = WAIT_S, hasher: PasswordHasher | None = None) -> None:
        self._wait_s = wait_s
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._known, self._strangers = threading.Semaphore(1), threading.Semaphore(1)

    def hash(self, password: str) -> str:
        """Return what is kept of a password; raises `Busy`."""
        with self._turn(self._known):
            return self._hasher.hash(_bytes(password))

    def is_right(self, password: str, kept: str | None, *, known: bool = False) -> bool:
        """Return whether a password is the one of which this is kept; raises `Busy`.

        It is always one hash, also where nothing is kept.
        """
        with self._turn(self._known if known else self._strangers):
            try:
                return self._hasher.verify(kept or NOBODYS, _bytes(password)) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def is_stale(self, kept: str) -> bool:
        """Return whether it was made with other parameters than passwords are kept by now."""
        return self._hasher.check_needs_rehash(kept)

    @contextmanager
    def _turn(self, turn: threading.Semaphore) -> Iterator[None]:
        if not turn.acquire(timeout=self._wait_s):
            raise Busy
        try:
            yield
        finally:
            turn.release()


def _bytes(password: str) -> bytes:
    """Return a password as all keyboards send it (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
