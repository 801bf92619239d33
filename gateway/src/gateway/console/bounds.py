"""Says how much is passed on at once, and reads it from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from environs import FileAwareEnv, validate


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is passed on at once in one process, in all and of one source; the largest body, in bytes."""

    requests: int = 32
    requests_per_source: int = 12
    streams: int = 200
    streams_per_source: int = 60
    body_bytes: int = 1024 * 1024

    @property
    def threads(self) -> int:
        """How many threads this takes at most: as many wait as may be in."""
        return 2 * (self.requests + self.streams)


def bounds(env: FileAwareEnv) -> Bounds:
    """Read `PASSED_…`."""
    usual = Bounds()
    return Bounds(
        requests=_whole(env, "PASSED_REQUESTS", usual.requests, 500),
        requests_per_source=_whole(env, "PASSED_REQUESTS_PER_SOURCE", usual.requests_per_source, 500),
        streams=_whole(env, "PASSED_STREAMS", usual.streams, 1000),
        streams_per_source=_whole(env, "PASSED_STREAMS_PER_SOURCE", usual.streams_per_source, 1000),
        body_bytes=_whole(env, "PASSED_BODY_BYTES", usual.body_bytes, 64 * 1024**2, least=1024),
    )


def _whole(env: FileAwareEnv, name: str, default: int, most: int, *, least: int = 1) -> int:
    value = env.int(name, default, validate=validate.Range(min=least, max=most))
    return default if value is None else value
