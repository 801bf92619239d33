"""The process that draws one preview: a picture comes in, a small one goes out. It exits with 1 where there is none.

It has no network, no files and no secrets, little memory and little time: a file that was made to break the decoder
breaks this process alone.
"""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from pathlib import Path

MEMORY_BYTES = 320 * 1024 * 1024
"""A container of the console has this beside what the console takes itself."""
CPU_S = 10

_LIMITS = ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_FSIZE, 0))


def main() -> int:
    """Draw it."""
    with suppress(OSError):  # Linux alone: where memory ends, this process goes and not the console
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    for what, most in _LIMITS:
        with suppress(ValueError, OSError):  # macOS does not know all of them
            resource.setrlimit(what, (most, most))
    from storage_service.previews.drawing import NotDrawn, draw  # noqa: PLC0415 - within the limits

    try:
        small = draw(sys.stdin.buffer.read())
    except (NotDrawn, MemoryError):
        return 1
    sys.stdout.buffer.write(small)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
