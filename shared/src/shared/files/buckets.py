"""Opens buckets, and says what fails there in words of ours."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from obstore.store import from_url

from shared.files.settings import FilesSettings
from shared.files.store import StoreFull, StoreUnavailable

if TYPE_CHECKING:
    from obstore.store import BackoffConfig, ClientConfig, ObjectStore, RetryConfig, S3Config

REQUEST_S = 15
"""How long one request may take, and how long it is tried again while it fails at once."""

CONNECT_S = 4
RETRIES = 3

_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_FULL = ("StorageFull", "QuotaExceeded", "InsufficientStorage", "status code: 507")
_MENDS = {
    "InvalidAccessKeyId": "see COUNTERFOIL_FILES_KEY_ID",
    "SignatureDoesNotMatch": "see COUNTERFOIL_FILES_SECRET",
    "AccessDenied": "this key must be allowed to read, write, delete and list there",
    "NoSuchBucket": "make the bucket",
}


def opened(settings: FilesSettings) -> ObjectStore:
    """Return the store that the settings name; raises `BaseError` or `ValueError` where they make none."""
    client: ClientConfig = {
        "timeout": timedelta(seconds=REQUEST_S),
        "connect_timeout": timedelta(seconds=CONNECT_S),
        "allow_http": (settings.endpoint or "").startswith("http:"),
    }
    backoff: BackoffConfig = {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    }
    retry: RetryConfig = {
        "max_retries": RETRIES,
        "retry_timeout": timedelta(seconds=REQUEST_S),
        "backoff": backoff,
    }
    config = cast("S3Config", {key: value for key, value in _config(settings).items() if value is not None})
    return from_url(settings.url.rstrip("/"), config=config, client_options=client, retry_config=retry)


def _config(settings: FilesSettings) -> dict[str, str | None]:
    """Return the two halves of a key under the names that each kind of store has for them."""
    kind = settings.url.partition(":")[0]
    if kind == "gs":
        return {"service_account_key": settings.secret, "base_url": settings.endpoint}
    if kind == "az":
        return {"account_name": settings.key_id, "account_key": settings.secret, "endpoint": settings.endpoint}
    return {
        "access_key_id": settings.key_id,
        "secret_access_key": settings.secret,
        "endpoint": settings.endpoint,
        "region": settings.region,
    }


def failure(called: str, error: Exception) -> StoreUnavailable:
    """Return what a store says of an error of the library, with the mend where one is known."""
    text = str(error)
    if any(word in text for word in _FULL):
        return StoreFull(f"{called} is full: {_short(text)}")
    mend = next((f": {mend}" for code, mend in _MENDS.items() if code in text), "")
    return StoreUnavailable(f"{called} does not do it ({_short(text)}){mend}")


def _short(text: str) -> str:
    """Return the code that the store says, or the status, or how the request failed: no address, no document."""
    if found := _CODE.search(text) or _STATUS.search(text):
        return found[1]
    line = text.partition("\n")[0]
    return (line.partition(" - ")[2] or line)[:200]
