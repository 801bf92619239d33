"""Knows what a provider says of itself, and its keys: asked for when needed, and kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from storage_service.accounts.oidc.asking import Away
from storage_service.accounts.oidc.provider import Metadata, Misconfigured, Provider, metadata_of

KEEP_S = 3600.0
AGAIN_S = 5.0
"""How long after a failure the provider is not asked again: everybody else hears the same at once."""

WAIT_S = 2.0
"""How long somebody waits while another asks: a provider that hangs holds up few requests."""

ANEW_S = 60.0
"""How often keys are asked for because a token names one that is not known: a stranger may make up names."""

KEYS_MOST = 50
_KINDS = frozenset({"RSA", "EC", "OKP"})
"""Keys that a provider signs with: a secret that both know (`oct`) is none of them."""


class Directory:
    """What one provider says of itself. All methods raise `Away` and `Misconfigured`."""

    def __init__(
        self,
        provider: Provider,
        fetch: Callable[[str], Mapping[str, Any]],
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._fetch = fetch
        self._now_s = now_s
        self._lock = threading.Lock()
        self._found: tuple[float, Metadata, KeySet] | None = None
        self._failed: tuple[float, Exception] | None = None

    def metadata(self) -> Metadata:
        """Return where the provider is asked."""
        return self._known(KEEP_S)[0]

    def keys(self, *, anew: bool = False) -> KeySet:
        """Return the keys that it signs with; `anew`: asked for again, unless that was done just now."""
        return self._known(ANEW_S if anew else KEEP_S)[1]

    def _known(self, keep_s: float) -> tuple[Metadata, KeySet]:
        if not self._lock.acquire(timeout=WAIT_S):  # one asks, the others wait for the same answer
            raise Away("it is being asked")
        try:
            now_s = self._now_s()
            if self._found and now_s < self._found[0] + keep_s:
                return self._found[1:]
            if self._failed and now_s < self._failed[0] + AGAIN_S:
                raise self._failed[1]
            return self._asked()
        finally:
            self._lock.release()

    def _asked(self) -> tuple[Metadata, KeySet]:
        try:
            metadata = metadata_of(self._fetch(self._provider.discovery_url), self._provider.issuer)
            keys = keys_of(self._fetch(metadata.jwks_uri))
        except (Away, Misconfigured) as error:
            self._failed = self._now_s(), error.with_traceback(None)
            raise
        self._found, self._failed = (self._now_s(), metadata, keys), None
        return metadata, keys


def keys_of(document: Mapping[str, Any]) -> KeySet:
    """Return the keys for signatures of a JSON Web Key Set; raises `Misconfigured` where there are none."""
    listed = document.get("keys")
    found = [key for one in listed[:KEYS_MOST] if (key := _key(one))] if isinstance(listed, list) else []
    if not found:
        raise Misconfigured("its jwks_uri has no key for signatures")
    return KeySet(found)


def _key(given: object) -> Any:
    if not isinstance(given, dict) or given.get("kty") not in _KINDS or given.get("use", "sig") != "sig":
        return None
    try:
        return JWKRegistry.import_key(given)
    except (JoseError, ValueError, TypeError, KeyError):  # of a kind that is not known here: another may do
        return None
