"""Says for which site a passkey counts (the "relying party" of WebAuthn)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOCALHOST = re.compile(r"https?://localhost(?::[0-9]{1,5})?")
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""A host by its name: browsers make no passkey for an IP address, whose last label is a number."""


@dataclass(frozen=True, slots=True)
class Party:
    """`id` is the host that a passkey belongs to, `origin` where the browser is."""

    id: str
    origin: str


def party_of(public_url: str | None, reached: str) -> Party | None:
    """Return the site that somebody is at; None where browsers take no passkeys.

    That is where `public_url` leads by https and a name, or `localhost`. `reached` is the origin that the request came
    by: it counts for `localhost` alone, and a stranger may say it without harm, since a passkey of another site does
    not open this one.
    """
    if _LOCALHOST.fullmatch(reached):
        usual = ":80" if reached.startswith("http:") else ":443"
        return Party("localhost", reached.removesuffix(usual))
    parts = urlsplit(public_url or "")
    name = (parts.hostname or "").lower()
    if public_url is None or parts.scheme != "https" or not _NAME.fullmatch(name):
        return None
    port = "" if parts.port in {None, 443} else f":{parts.port}"
    return Party(name, f"https://{name}{port}")
