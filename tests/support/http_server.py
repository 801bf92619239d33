"""The HTTP server that stand-ins are made of."""

from __future__ import annotations

from http.server import ThreadingHTTPServer


class HttpServer(ThreadingHTTPServer):
    """Takes as many connections at once as tests make, also where its thread does not come to accept them."""

    daemon_threads = True
    request_queue_size = 128
    """The library's five would let whoever connects wait a second or more."""
