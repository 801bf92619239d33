"""The probe of a store: what is written is read, and goes again."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from shared.files import keys
from shared.files.store import FileMissing, FileStore, StoreUnavailable

_PROBE = b"Counterfoil looks whether files can be written, read and deleted here.\n"


def probe(store: FileStore) -> None:
    """Put, read and delete a small file; raises `StoreUnavailable`. A probe that was killed goes a day later."""
    oldest = datetime.now(UTC) - timedelta(days=1)
    key = f"{keys.PROBES}/{secrets.token_hex(8)}"
    store.put(key, [_PROBE])
    try:
        with store.open(key) as opened:
            read = b"".join(opened)
    except FileMissing as error:
        raise StoreUnavailable("the store of files does not have what was just put there") from error
    finally:
        store.delete([key, *(left.key for left in store.keys(keys.PROBES) if left.put_at < oldest)])
    if read != _PROBE:
        raise StoreUnavailable("the store of files gave back something else than what was put there")
