"""`python -m bench.readers PORT KEY` exports in four threads and searches in 16, until it is ended."""

from __future__ import annotations

import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from threading import Thread
from urllib.parse import quote

EXPORTS, SEARCHERS = 4, 16
FORMATS = ("csv", "ndjson", "json", "xlsx")
LINES = ("needle", "word17 common", '"word17 common"', "word12*", "form:form7", "field.guests:>97")
_PART_BYTES = 64 * 1024


def main(port: str, key: str) -> None:
    """Read on and on."""
    headers = {"Authorization": f"Bearer {key}"}
    exports = [cycle([f"/v1/export?format={one}"]) for one in FORMATS[:EXPORTS]]
    searches = [cycle([f"/v1/submissions?q={quote(line)}" for line in LINES]) for _ in range(SEARCHERS)]

    def read(addresses: cycle[str]) -> None:
        for address in addresses:
            _once(int(port), address, headers)

    threads: list[Callable[[], None]] = [Thread(target=read, args=[one]).start for one in (*exports, *searches)]
    for start in threads:
        start()


def _once(port: int, address: str, headers: dict[str, str]) -> None:
    line = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        line.request("GET", address, headers=headers)
        answer = line.getresponse()
        while answer.read(_PART_BYTES):
            pass
    except (OSError, HTTPException) as error:
        print(f"{address}: {error!r}", file=sys.stderr)
    finally:
        line.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
