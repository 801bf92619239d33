"""Fetches what a provider has at an address of its own: over HTTPS, from a public address, a little, and in time."""

from __future__ import annotations

import urllib3

from gateway.abuse.guarded_http import guarded_pools
from gateway.bounces.sns import Fetch
from shared.public_addresses import Guard, Refused

TIMEOUT_S = 5.0
BYTES_MOST = 64 * 1024


def fetching() -> Fetch:
    """Return what fetches; it raises `OSError` where there is no answer of 200."""
    pools = guarded_pools(Guard(()))

    def fetch(url: str) -> bytes:
        try:
            answer = pools.request(
                "GET", url, timeout=urllib3.Timeout(total=TIMEOUT_S), redirect=False, preload_content=False
            )
            content = answer.read(BYTES_MOST)
            answer.release_conn()
        except (urllib3.exceptions.HTTPError, Refused) as error:
            raise OSError(type(error).__name__) from None
        if answer.status != 200:
            raise OSError(f"status {answer.status}")
        return content

    return fetch
