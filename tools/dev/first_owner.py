"""Finds the link by which a new installation gets its first owner, and whether it still does."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import requests

_TAKEN = (404, 410)
_HTTP = 80


def url_of(port: int) -> str:
    """Return where a gateway on this machine is reached at a port."""
    return "http://127.0.0.1" if port == _HTTP else f"http://127.0.0.1:{port}"


def public_url(port: int) -> str:
    """Return what the link begins with: the console's public address, the installation's, or this machine's."""
    given = (os.environ.get(f"COUNTERFOIL_{name}") for name in ("CONSOLE_PUBLIC_URL", "PUBLIC_URL"))
    return next(filter(None, given), url_of(port))


def link_for_nobody_yet(setup_output: str, port: int) -> str | None:
    """Return the link that `gateway setup` has printed; None where there is an owner already.

    The console is asked, as whoever opens the link would. Where it cannot say, the link is returned.
    """
    lines = (line for line in setup_output.splitlines() if line.startswith("First owner"))
    link = next(lines, "").rpartition(" ")[2]
    try:
        answer = requests.get(url_of(port) + urlsplit(link).path, timeout=10, allow_redirects=False)
    except requests.RequestException:
        return link or None
    return None if answer.status_code in _TAKEN else link or None
