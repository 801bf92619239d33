"""Keeps an address to its own methods: `/v1/submissions/bulk` takes none of those of `/v1/submissions/<id>`."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.exceptions import MethodNotAllowed


def keep_to_own(app: Flask) -> None:
    """Answer 405 where an address that stands by itself does not take a method, whatever else matches it. Call it once
    all addresses are there, and before anything else looks at requests."""
    own = dict[str, set[str]]()
    for rule in app.url_map.iter_rules():
        if not rule.arguments:
            own.setdefault(rule.rule, set()).update(rule.methods or ())

    def check() -> None:
        methods = own.get(request.path)
        if methods is not None and request.method not in methods:
            raise MethodNotAllowed(sorted(methods))

    app.before_request(check)
