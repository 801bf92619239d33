"""Says by which address a browser has reached the console: what it may keep depends on it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Request

from shared.public_addresses import Network, is_within
from shared.sources import without_port


@dataclass(frozen=True, slots=True)
class Reached:
    """The scheme and the host of the address that stands in the browser. `is_private` says that nobody listens in
    between: by https, or on the browser's own machine."""

    scheme: str
    host: str

    @property
    def is_private(self) -> bool:
        """Whether a password may be typed here."""
        return self.scheme == "https" or is_loopback(self.host)

    @property
    def origin(self) -> str:
        """It as browsers write it: `https://forms.example.org`."""
        return f"{self.scheme}://{self.host}"


def reached(asked: Request, proxies: tuple[Network, ...]) -> Reached:
    """Return how a request came. Only a known proxy is believed about the browser that it passes on for."""
    is_passed_on = is_within(without_port(asked.remote_addr or ""), proxies)
    scheme = (asked.headers.get("X-Forwarded-Proto") if is_passed_on else None) or asked.scheme
    host = (asked.headers.get("X-Forwarded-Host") if is_passed_on else None) or asked.headers.get("Host", "")
    return Reached("https" if scheme == "https" else "http", host[:300].lower())


def is_loopback(host: str) -> bool:
    """Return whether a host, with or without a port, is always the browser's own machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
