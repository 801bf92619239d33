"""Reads the settings about files: where they are kept, and who scans them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from environs import FileAwareEnv
from marshmallow import ValidationError

from shared.settings import host_and_port

OBJECT_STORES = ("s3", "gs", "az")
"""The schemes of object stores. `az` is a container of Azure's, `gs` a bucket of Google's."""

LARGE_AT_ONCE = 12
"""So many files go to an object store in parts at once; each holds one part and a bit (6.5 MB measured)."""

_ENDPOINT = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?")
_WANTED = "expected file:///srv/counterfoil/files, or s3://bucket/prefix"


@dataclass(frozen=True, slots=True)
class FilesSettings:
    """Where files are. Without `key_id` and `secret` an object store takes what its machine gives (a role, AWS_…).

    `clamav_url` is who scans them, None for nobody.
    """

    url: str
    key_id: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    region: str | None = None
    clamav_url: str | None = None

    @property
    def folder(self) -> Path | None:
        """Return the directory; None where it is an object store."""
        parts = urlsplit(self.url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None


def files_settings(env: FileAwareEnv) -> FilesSettings | None:
    """Read `FILES_URL` and what belongs to it; None where no files are taken, the default."""
    url = env.str("FILES_URL", "", validate=_is_store) or ""
    settings = FilesSettings(
        url=url,
        key_id=env.str("FILES_KEY_ID", "") or None,
        secret=env.str("FILES_SECRET", "") or None,
        endpoint=(env.str("FILES_ENDPOINT", "", validate=_is_endpoint) or "").rstrip("/") or None,
        region=env.str("FILES_REGION", "") or None,
        clamav_url=env.str("CLAMAV_URL", "", validate=_is_scanner) or None,
    )
    return settings if url else None


def _is_store(url: str) -> None:
    if not url:
        return
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.scheme not in ("file", *OBJECT_STORES):
        raise ValidationError(_WANTED)
    if parts.scheme == "file":
        _is_folder(url)
    elif not _BUCKET.fullmatch(parts.netloc) or not _PREFIX.fullmatch(parts.path):
        raise ValidationError(f"{_WANTED}; credentials have settings of their own")


def _is_folder(url: str) -> None:
    parts = urlsplit(url)
    if parts.netloc or not parts.path.strip("/"):
        raise ValidationError("expected three slashes and a directory: file:///srv/counterfoil/files")
    if not Path(unquote(parts.path)).is_dir():
        raise ValidationError(f"{unquote(parts.path)} is no directory: make it, owned by the user that this runs as")


def _is_endpoint(url: str) -> None:
    if url and not _ENDPOINT.fullmatch(url):
        raise ValidationError("expected where the object store is, without a path: https://s3.example.org")


def _is_scanner(url: str) -> None:
    if not url:
        return
    parts = urlsplit(url)
    try:
        is_host = parts.scheme == "tcp" and not parts.path.strip("/") and host_and_port(parts.netloc)
    except ValueError:
        is_host = False
    if not is_host and not (parts.scheme == "unix" and not parts.netloc and parts.path.strip("/")):
        raise ValidationError("expected where ClamAV listens: tcp://clamav:3310, or unix:///run/clamav/clamd.ctl")
