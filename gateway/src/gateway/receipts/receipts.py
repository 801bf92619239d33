"""Answers GET /receipts/<token>: how far a submission has come, as JSON, as a page and as a stream of events."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack

from flask import Request, Response

from gateway.http.cors import ANY_ORIGIN, permissions
from gateway.http.errors import refused, unavailable
from gateway.http.negotiation import style_of_reading
from gateway.http.request import Request as PlainRequest
from gateway.http.responses import json_response
from gateway.pages.renderer import Pages
from gateway.receipts.page import asked_in, receipt_page
from gateway.receipts.progress import Progress
from gateway.receipts.queries import ServiceQueries
from gateway.receipts.tokens import Ticket, Tokens
from gateway.receipts.watchers import Closing, Crowded, Watch, Watchers
from shared.forms import Forms
from shared.sources import network_of

HEARTBEAT_S = 15.0
WAIT_MOST_S = 30
RECONNECT_MS = 3000

_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,9})(?:$|[,;\s])")
_KNOWN_HEADERS = "Accept, Idempotency-Key, Last-Event-ID, Prefer, X-Requested-With"


class Receipts:
    """Answers for receipts. The token is all it takes: it names one submission, and no field values are shown."""

    def __init__(
        self,
        forms: Forms,
        *,
        tokens: Tokens,
        queries: ServiceQueries,
        watchers: Watchers,
        pages: Pages,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._forms = forms
        self._tokens = tokens
        self._queries = queries
        self._watchers = watchers
        self._pages = pages
        self._heartbeat_s = heartbeat_s

    def preflight(self, request: Request, methods: str) -> Response:
        """Answer what a browser asks before a script on another site may wait for a receipt, or ask for its mail."""
        asked = request.headers.get("Access-Control-Request-Headers")
        return Response(b"", 204, {**ANY_ORIGIN, **permissions(methods, _KNOWN_HEADERS, asked)})

    def show(self, token: str, request: Request) -> Response:
        """Answer with the receipt: always 200, with what is known.

        `Prefer: wait=N` waits until it is final, unless as many watch already as may; then it is not applied.
        """
        ticket = self._ticket(token)
        wait_s = _wait_of(request)
        try:
            progress = (
                self._queries.progress(ticket) if wait_s is None else self._wait(ticket, wait_s, _source_of(request))
            )
        except Crowded:
            wait_s, progress = None, self._queries.progress(ticket)
        if style_of_reading(PlainRequest(request.environ)) == "html":
            response = receipt_page(self._pages, progress, self._forms.get(ticket.form), token, asked_in(request))
        else:
            response = json_response(200, progress.to_json(), {"Vary": "Accept", **ANY_ORIGIN})
        if wait_s is not None:
            response.headers["Preference-Applied"] = f"wait={wait_s}"
        return response

    def stream(self, token: str, request: Request) -> Response:
        """Answer with server-sent events, one for each change, until the receipt is final.

        An event's data is the receipt as JSON and its id is the receipt's version, so that who comes back with
        `Last-Event-ID` is told only what has changed; where that was the end, 204 makes it stay away. 503 where as
        many watch already as may.
        """
        ticket = self._ticket(token)
        seen = request.headers.get("Last-Event-ID")
        if seen:
            progress = self._queries.progress(ticket)
            if progress.is_final and progress.version == seen:
                return Response(b"", 204, ANY_ORIGIN)
        watching = ExitStack()
        try:
            events = self._events(
                ticket, seen, watching.enter_context(self._watchers.watch(ticket.id, _source_of(request)))
            )
        except Crowded as error:
            raise unavailable("Too many receipts are being watched just now.") from error
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", **ANY_ORIGIN}
        response = Response(events, 200, headers, content_type="text/event-stream; charset=utf-8")
        response.call_on_close(watching.close)  # not by the events' own end: who leaves at once never begins them
        return response

    def _ticket(self, token: str) -> Ticket:
        ticket = self._tokens.read(token)
        if ticket is None:
            raise refused(404, "RECEIPT_NOT_FOUND", "There is no receipt at this address.")
        return ticket

    def _wait(self, ticket: Ticket, wait_s: int, source: str) -> Progress:
        deadline = time.monotonic() + wait_s
        with self._watchers.watch(ticket.id, source) as watch:
            progress = self._queries.progress(ticket)
            while not progress.is_final and (left_s := deadline - time.monotonic()) > 0:
                try:
                    news = watch.next(timeout_s=min(left_s, self._heartbeat_s))
                except Closing:
                    break
                progress = progress.after(news) if news else self._queries.progress(ticket).or_else(progress)
        return progress

    def _events(self, ticket: Ticket, seen: str | None, watch: Watch) -> Iterator[bytes]:
        yield b"retry: %d\n\n" % RECONNECT_MS
        progress = self._queries.progress(ticket)
        while True:
            if progress.version != seen:
                seen = progress.version
                yield _event(progress)
            if progress.is_final:
                return
            try:
                news = watch.next(timeout_s=self._heartbeat_s)
            except Closing:
                return
            if news is None:
                yield b": still here\n\n"
                progress = self._queries.progress(ticket).or_else(progress)
            else:
                progress = progress.after(news)


def _event(progress: Progress) -> bytes:
    data = json.dumps(progress.to_json(), separators=(",", ":"))
    return f"id: {progress.version}\nevent: receipt\ndata: {data}\n\n".encode("ascii")


def _source_of(request: Request) -> str:
    return network_of(request.remote_addr or "unknown")


def _wait_of(request: Request) -> int | None:
    """Return the seconds of `Prefer: wait=N` (RFC 7240 §4.3), 30 at most; None without one."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), WAIT_MOST_S) if found else None
