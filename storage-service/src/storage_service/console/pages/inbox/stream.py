"""Tells an open inbox how many have come in since it was shown, as server-sent events."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from uuid import UUID

from flask import Response
from werkzeug.exceptions import HTTPException

from shared.messaging.failures import DependencyUnavailable
from shared.query import QueryError
from shared.web.refusals import Refused, unavailable
from storage_service.records import Arrivals, Crowded, Ended, QueryTookTooLong, Watch

SHOWN_MOST = 100
"""More than so many new ones are `100+`."""

HEARTBEAT_S = 15.0
LOOK_EVERY_S = 1.0
LOOKS_A_SECOND = 50
"""How often all streams of a process look together: where there are many, each looks less often."""

AGAIN_S = 2.0
"""How much later it looks again: what was just stored is found by its words a moment after."""

LASTS_S = 600.0
"""Then the browser comes again, and is asked again who it is."""

RECONNECT_MS = 3000

Look = Callable[[], Sequence[UUID]]
"""Returns which have come in, `SHOWN_MOST` and one more at most; raises `Refused` for who may not know any more."""


def stream(arrivals: Arrivals, asker: str, look: Look, *, heartbeat_s: float = HEARTBEAT_S) -> Response:
    """Return the response; 503 where as many watch already as may."""
    watching = ExitStack()
    try:
        watch = watching.enter_context(arrivals.watch(asker))
    except Crowded as error:
        raise unavailable("Too many pages are open that show what comes in.") from error
    pause_s = max(LOOK_EVERY_S, arrivals.watching / LOOKS_A_SECOND)
    events = _events(watch, look, pause_s, max(heartbeat_s, pause_s))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}
    response = Response(events, 200, headers, content_type="text/event-stream; charset=utf-8")
    response.call_on_close(watching.close)  # not by the events' own end: who leaves at once never begins them
    return response


def _events(watch: Watch, look: Look, pause_s: float, heartbeat_s: float) -> Iterator[bytes]:
    yield b"retry: %d\n\n" % RECONNECT_MS
    told, until_s, is_new = 0, time.monotonic() + LASTS_S, False
    try:
        while time.monotonic() < until_s:
            found = look()
            if len(found) != told:
                told = len(found)
                yield _event(told)
            elif not is_new:
                yield b": still here\n\n"
            watch.pause(pause_s)
            is_new = watch.next(timeout_s=(AGAIN_S if is_new else heartbeat_s) - pause_s)
    except (Ended, DependencyUnavailable, HTTPException, Refused):
        return  # it comes again in a moment, to whoever is there, and is asked again who it is
    except (QueryTookTooLong, QueryError):  # it will be no other the next time
        yield b"event: stop\ndata: {}\n\n"


def _event(n: int) -> bytes:
    said = f"{SHOWN_MOST}+" if n > SHOWN_MOST else str(n)
    return f"event: arrived\ndata: {json.dumps({'n': n, 'said': said})}\n\n".encode("ascii")
