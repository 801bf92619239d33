"""Decides which installation is asked, and with which key."""

from __future__ import annotations

from collections.abc import Mapping

from counterfoil_cli.address import checked
from counterfoil_cli.exits import NotAllowed, Wrong
from counterfoil_cli.harmless import line
from counterfoil_cli.saved import Place, Saved

URL = "COUNTERFOIL_URL"
KEY = "COUNTERFOIL_KEY"
ALLOW_HTTP = "COUNTERFOIL_ALLOW_HTTP"

_YES = ("1", "true", "yes")


def chosen(saved: Saved, environment: Mapping[str, str], name: str | None) -> Place:
    """Return the installation that is named, else that of the environment, else the usual one.

    A saved key goes to its own address only. Raises `Wrong` and `NotAllowed`.
    """
    url, key = environment.get(URL), environment.get(KEY)
    if name is None and (url or key):
        return _of_environment(url, key, environment)
    places = saved.load()
    name = name or places.usual
    if name is None:
        raise NotAllowed(f"no installation is known here: run `counterfoil login`, or set {URL} and {KEY}")
    if name not in places.by_name:
        known = ", ".join(map(line, places.by_name)) or "none"
        raise Wrong(
            f"there is no installation {line(name)!r} here; known: {known}. `counterfoil login --name` adds one"
        )
    place = places.by_name[name]
    checked(place.url, allow_http=place.allow_http)
    return place


def allows_http(environment: Mapping[str, str]) -> bool:
    """Return whether the environment allows to send a key over http."""
    return environment.get(ALLOW_HTTP, "").lower() in _YES


def checked_key(text: str) -> str:
    """Return a key that can stand in a header; raises `Wrong`, without showing it."""
    key = text.strip()
    if not 1 <= len(key) <= 512 or not key.isascii() or not key.isprintable() or " " in key:
        raise Wrong("this is no key: expected one line such as cf_…, as it was shown when it was made")
    return key


def _of_environment(url: str | None, key: str | None, environment: Mapping[str, str]) -> Place:
    if not url or not key:
        given, missing = (URL, KEY) if url else (KEY, URL)
        raise Wrong(f"{given} is set, and {missing} is not: set both, or none")
    allow_http = allows_http(environment)
    return Place(checked(url, allow_http=allow_http), checked_key(key), allow_http)
