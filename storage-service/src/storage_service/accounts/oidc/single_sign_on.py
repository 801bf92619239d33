"""Sends somebody to a provider, and learns who they are when they come back (OpenID Connect, the way of a code)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any

from joserfc.jwk import KeySet

from storage_service.accounts.oidc.asking import Asking, Away, Declined
from storage_service.accounts.oidc.directory import Directory
from storage_service.accounts.oidc.id_tokens import NotBelieved, claims_of
from storage_service.accounts.oidc.person import NotAdmitted, Person, lacks, person_of
from storage_service.accounts.oidc.provider import Metadata, Misconfigured, Provider
from storage_service.accounts.pending import Pending

WAY_S = 600
"""How long somebody may be away, at the provider."""

CODE_MOST = 4096
_KIND = "oidc"
_BYTES = 32

_EXPIRED = "This sign-in took too long, was used before, or began in another browser. Please try again."
_WRONG = "What the sign-in provider answered could not be believed, so nobody was signed in."
_AWAY = "The sign-in provider does not answer just now. Please try again in a moment."
_DECLINED = "The sign-in provider did not let you in."


class SingleSignOn:
    """Signs in at one provider. What goes wrong is `NotAdmitted`, whose reason names it and whose text is for people.

    Beside that it raises as `classified` does.
    """

    def __init__(
        self,
        provider: Provider,
        pending: Pending,
        *,
        now_s: Callable[[], float] = time.time,
        directory: Directory | None = None,
    ) -> None:
        self.provider = provider
        self._pending = pending
        self._now_s = now_s
        self._asking = Asking(provider)
        self._directory = directory or Directory(provider, self._asking.document)

    def begin(self, browser: str, then: str) -> str:
        """Return where somebody goes to sign in. `browser` is a secret that their browser has in a cookie, and nobody
        else; `then` is where in the console they want to be afterwards."""
        nonce, verifier = token_urlsafe(_BYTES), token_urlsafe(_BYTES)
        metadata = self._known(self._directory.metadata)
        kept = {"browser": _hash(browser), "nonce": nonce, "verifier": verifier, "then": then}
        state = self._pending.keep(_KIND, kept, WAY_S)
        return self._asking.address(metadata, state=state, nonce=nonce, verifier=verifier)

    def finish(self, browser: str, said: Mapping[str, str]) -> tuple[Person, str]:
        """Return who has come back, and where they want to be. `said` are the parameters that they came with."""
        kept = self._pending.take(_KIND, said.get("state", ""))
        if kept is None or not compare_digest(kept["browser"], _hash(browser)):
            raise NotAdmitted("expired", _EXPIRED)
        metadata = self._known(self._directory.metadata)
        if "iss" in said or metadata.names_itself:  # RFC 9207: an answer of another provider
            _check(said.get("iss") == self.provider.issuer, "other issuer")
        if "error" in said:
            raise NotAdmitted("declined", _DECLINED)
        code = said.get("code", "")
        _check(0 < len(code) <= CODE_MOST, "no code")
        claims = self._known(lambda: self._claims(metadata, code, kept["verifier"], kept["nonce"]))
        return person_of(claims, self.provider.issuer, self.provider.groups_claim), kept["then"]

    def _claims(self, metadata: Metadata, code: str, verifier: str, nonce: str) -> Mapping[str, Any]:
        id_token, access_token = self._asking.tokens(metadata, code=code, verifier=verifier)
        now_s = int(self._now_s())
        claims = claims_of(id_token, self.provider, self._keys, nonce=nonce, access_token=access_token, now_s=now_s)
        groups_claim = self.provider.groups_claim if self.provider.roles else None
        if metadata.userinfo_endpoint is None or not lacks(claims, groups_claim):
            return claims
        more = self._asking.document(metadata.userinfo_endpoint, access_token)
        _check(more.get("sub") == claims["sub"], "other subject")  # OpenID Connect Core 1.0, section 5.3.2
        return {**more, **claims}

    def _keys(self, anew: bool) -> KeySet:  # noqa: FBT001 - see `claims_of`
        return self._directory.keys(anew=anew)

    def _known(self, ask: Callable[[], Any]) -> Any:
        """Return what the provider is asked; whatever goes wrong is `NotAdmitted`."""
        try:
            return ask()
        except Away as error:
            raise NotAdmitted(f"away: {error}", _AWAY) from None
        except Declined as error:
            raise NotAdmitted(f"declined: {error}", _EXPIRED) from None
        except Misconfigured as error:
            raise NotAdmitted(f"misconfigured: {error}", _AWAY) from None
        except NotBelieved as error:
            raise NotAdmitted(f"not believed: {error}", _WRONG) from None


def _check(is_right: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_right:
        raise NotAdmitted(f"not believed: {reason}", _WRONG)


def _hash(browser: str) -> str:
    return sha256(browser.encode()).hexdigest()
