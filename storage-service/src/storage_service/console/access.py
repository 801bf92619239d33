"""Says on each view what its asker must be allowed. Below `/v1` keys are asked for here, and nothing else.

Below `/console` the gate of the pages asks for a session, and for nothing else: `console.pages.frame.gate`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Request, g, request

from shared.public_addresses import Network, is_within
from shared.sources import without_port
from shared.web.refusals import Refused, refused
from storage_service.accounts.asker import SCOPES, Asker
from storage_service.accounts.keys import Keys

V = TypeVar("V", bound=Callable[..., Any])

OPEN = "open to all"
SIGNED_IN = "signed in"
PAGES = "/console"

_NEEDS = "_counterfoil_needs"
_SCHEME = "bearer"
_REALM = 'Bearer realm="counterfoil"'

_NO_KEY = "A key is needed: send the header Authorization: Bearer cf_…"
_NOT_GOOD = "This key is not known here, has expired, or was ended: take another."


class Unmarked(Exception):
    """A view does not say who may use it."""


def needs(scope: str) -> Callable[[V], V]:
    """Mark a view: its asker has a key with this scope."""
    if scope not in SCOPES:
        raise ValueError(f"{scope!r} is no scope: {', '.join(SCOPES)}")
    return lambda view: _marked(view, scope)


def signed_in(view: V) -> V:
    """Mark a page: whoever has an account may use it."""
    return _marked(view, SIGNED_IN)


def open_to_all(view: V) -> V:
    """Mark a view that takes no key, and no session."""
    return _marked(view, OPEN)


def needed(app: Flask, endpoint: str) -> str:
    """Return the scope that a view needs, or `OPEN`, or `SIGNED_IN`; raises `Unmarked`."""
    found = getattr(app.view_functions[endpoint], _NEEDS, None)
    if found is None:
        marks = "@needs(scope), @signed_in or @open_to_all"
        raise Unmarked(f"the view {endpoint} says nothing of who may use it: put {marks} on it")
    return str(found)


def asker() -> Asker:
    """Return who sends this request."""
    found: Asker = g.asker
    return found


def asker_of_all(what: str) -> Asker:
    """Return who asks; raises `Refused` (403) for a key of some forms: `what` is asked for may be of any form."""
    found = asker()
    if found.forms is not None:
        raise refused(403, "FORMS", f"This key is for some forms, and {what} may be of any form.")
    return found


def refuse_without(scope: str, who: Asker) -> None:
    """Refuse (403) a key that has not this scope, either: what it asks for needs more than the view says."""
    if scope not in who.scopes:
        raise _not_allowed(scope)


def check_keys(app: Flask, keys: Keys, proxies: tuple[Network, ...]) -> None:
    """Let a request pass to its view only with a key that the view needs, from now on; raises `Unmarked`.

    Pages are for their own gate: a key opens none of them.
    """
    for endpoint in app.view_functions:
        needed(app, endpoint)

    @app.before_request
    def _check() -> None:
        if request.endpoint is None or is_page(request) or (scope := needed(app, request.endpoint)) == OPEN:
            return
        g.asker = _asker(request, keys, source_of(request, proxies))
        if scope not in g.asker.scopes:
            raise _not_allowed(scope)


def is_page(asked: Request) -> bool:
    """Return whether a request is for the pages' side."""
    return asked.path == PAGES or asked.path.startswith(f"{PAGES}/")


def source_of(asked: Request, proxies: tuple[Network, ...]) -> str | None:
    """Return the address that a request came from. Whoever is no known proxy may say what they like of others."""
    peer = without_port(asked.remote_addr or "")
    said = asked.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return (without_port(said)[:64] if said and is_within(peer, proxies) else peer) or None


def _marked(view: V, scope: str) -> V:
    setattr(view, _NEEDS, scope)
    return view


def _asker(asked: Request, keys: Keys, source: str | None) -> Asker:
    scheme, _, key = asked.headers.get("Authorization", "").strip().partition(" ")
    is_sent = scheme.lower() == _SCHEME and key.strip() != ""
    found = keys.asker(key.strip(), source) if is_sent else None
    if found is None:
        refusal = refused(401, "UNAUTHORIZED", _NOT_GOOD if is_sent else _NO_KEY)
        refusal.headers["WWW-Authenticate"] = _REALM
        raise refusal
    return found


def _not_allowed(scope: str) -> Refused:
    refusal = refused(403, "SCOPE", f"This key may not do this: the scope {scope} is needed.")
    refusal.headers["WWW-Authenticate"] = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
    return refusal
