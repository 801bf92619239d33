"""Believes an ID token or not (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from storage_service.accounts.oidc.provider import Provider

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by a key that the provider alone has. Never `none`, and none by a secret that both know (HS256): whoever
takes both may be shown a public key as that secret."""

TOKEN_MOST = 128 * 1024
LEEWAY_S = 60
"""How far the clocks of both may be apart."""


class NotBelieved(Exception):
    """An ID token is not good; the text is a word for the log, such as `expired_token`, and no value of it."""


def claims_of(
    id_token: str,
    provider: Provider,
    keys: Callable[[bool], KeySet],
    *,
    nonce: str,
    access_token: str,
    now_s: int,
) -> Mapping[str, Any]:
    """Return what a token says that is signed by the issuer, for us, in answer to this very sign-in, and still good.

    `keys` returns the provider's keys; with True those that it has by now. Raises `NotBelieved`, and as `keys` does.
    """
    if len(id_token) > TOKEN_MOST:
        raise NotBelieved("too_long")
    try:
        token = _read(id_token, keys)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
                "sub": {"essential": True},
            },
            {"nonce": nonce, "client_id": provider.client_id, "access_token": access_token},
        )
        claims.validate(now=now_s, leeway=LEEWAY_S)
    except JoseError as error:
        raise NotBelieved(_word(error)) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # members of another shape than expected
        raise NotBelieved(type(error).__name__) from None
    return dict(claims)


def _read(id_token: str, keys: Callable[[bool], KeySet]) -> jwt.Token:
    try:
        return jwt.decode(id_token, keys(False), ALGORITHMS)  # noqa: FBT003 - see `claims_of`
    except InvalidKeyIdError:
        return jwt.decode(id_token, keys(True), ALGORITHMS)  # noqa: FBT003


def _word(error: JoseError) -> str:
    claim = getattr(error, "claim", None)
    return f"{error.error} {claim}" if isinstance(claim, str) else error.error
