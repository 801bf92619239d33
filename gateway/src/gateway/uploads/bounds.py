"""Says how much is uploaded at once, how much at most and how slowly, and reads it from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from environs import FileAwareEnv, validate

from shared.files.settings import LARGE_AT_ONCE, FilesSettings
from shared.web.slow_clients import UploadPace

_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class UploadBounds:
    """How many submissions with files come in at once in one process, in all and of one source; the most bytes that a
    request with files may have, whatever its form takes; the slowest pace at which it may come."""

    uploads: int = 64
    uploads_per_source: int = 6
    request_bytes: int = 100 * _MB
    pace: UploadPace = field(default_factory=UploadPace)


def upload_bounds(env: FileAwareEnv) -> UploadBounds:
    """Read `MAX_UPLOAD_BYTES`, `UPLOADS`, `UPLOADS_PER_SOURCE`, `UPLOAD_BYTES_PER_S` and `UPLOAD_MOST_S`."""
    usual, slowest = UploadBounds(), UploadPace()
    return UploadBounds(
        uploads=_whole(env, "UPLOADS", usual.uploads, least=1, most=500),
        uploads_per_source=_whole(env, "UPLOADS_PER_SOURCE", usual.uploads_per_source, least=1, most=500),
        request_bytes=_whole(env, "MAX_UPLOAD_BYTES", usual.request_bytes, least=_MB, most=2048 * _MB),
        pace=UploadPace(
            bytes_per_s=_whole(env, "UPLOAD_BYTES_PER_S", slowest.bytes_per_s, least=1, most=16 * _MB),
            most_s=_whole(env, "UPLOAD_MOST_S", int(slowest.most_s), least=60, most=24 * 3600),
        ),
    )


def problems(bounds: UploadBounds, files: FilesSettings | None) -> list[str]:
    """Return what is wrong with the bounds where files are kept, for `shared.settings.sealed`.

    Who sends slowly keeps one of the few turns of large files in a bucket: one address may not have them all.
    """
    if files is None or files.folder is not None or bounds.uploads_per_source < LARGE_AT_ONCE:
        return []
    problem = (
        f"COUNTERFOIL_UPLOADS_PER_SOURCE: less than {LARGE_AT_ONCE} is needed with a bucket, "
        "where so many large files go at once: one address could hold up all others"
    )
    return [problem]


def _whole(env: FileAwareEnv, name: str, default: int, *, least: int, most: int) -> int:
    value = env.int(name, default, validate=validate.Range(min=least, max=most))
    return default if value is None else value
