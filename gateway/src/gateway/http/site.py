"""Knows where the gateway itself is reached, by what the operator said and by what a request says."""

from __future__ import annotations

import ipaddress
import re

from gateway.http.request import Request
from shared.settings import host_and_port

_LOOPBACK = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)


class Site:
    """Where one gateway is reached. What a request's `Host` says is believed only where it can lead nobody astray."""

    def __init__(self, public_url: str | None, bind: str) -> None:
        self._public_url = public_url
        self.url = public_url or (None if is_beyond_loopback(host_of(bind)) else f"http://{bind}")
        """What is known without any request, without a slash at its end: `COUNTERFOIL_PUBLIC_URL`, else the address of
        a gateway that only its own machine reaches. None beyond loopback, where the operator has said nothing."""

    def origin(self, request: Request) -> str:
        """Return the origin of the gateway's own pages: as configured, else as a browser asked for them.

        A page cannot choose what its browser says here, so that an `Origin` may be compared with it; but whoever is
        no browser can, so that nothing which is kept or passed on may be made of it.
        """
        return self._public_url or _origin(request, request.host)

    def base_url(self, request: Request) -> str:
        """Return what the addresses in an answer begin with, without a slash at the end.

        As configured; else what was asked, if that is a name of the asker's own machine, such as `localhost` behind a
        published port; else the gateway's own address on loopback; else nothing, so that an address is relative to
        the one that was asked, whatever its name is.
        """
        if self._public_url:
            return self._public_url
        host = request.host
        return _origin(request, host) if _LOOPBACK.fullmatch(host) else self.url or ""


def _origin(request: Request, host: str) -> str:
    scheme = "https" if request.scheme == "https" else "http"  # a proxy may pass on what a browser never says
    return f"{scheme}://{host}"


def host_of(bind: str) -> str:
    """Return the host of an address to listen at; nothing where it is none."""
    try:
        return host_and_port(bind)[0]
    except ValueError:
        return ""


def is_beyond_loopback(host: str) -> bool:
    """Return whether others than this machine may reach a host."""
    try:
        return host != "localhost" and not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True
