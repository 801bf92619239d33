"""What is set up of a provider, and what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from storage_service.accounts.oidc.groups import Mapped

SCOPES = "openid email profile"
GROUPS_CLAIM = "groups"
ADDRESS_MOST = 2000

_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")


class Misconfigured(Exception):
    """What a provider says of itself does not fit what is set up; the text says what, for the log."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What the settings say. `issuer` is as the provider writes itself, `redirect_uri` where it sends people back.

    Without a secret this is a public client, which PKCE alone protects. `roles` are empty where they are kept here.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: str = SCOPES
    groups_claim: str = GROUPS_CLAIM
    roles: tuple[Mapped, ...] = ()

    @property
    def host(self) -> str:
        """The provider's host, for people to know it by."""
        return urlsplit(self.issuer).hostname or ""

    @property
    def discovery_url(self) -> str:
        """Where it describes itself (OpenID Connect Discovery 1.0, section 4)."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider is asked. `auth_methods` are how a client may show its secret; `names_itself` says that each
    answer has the parameter `iss` (RFC 9207)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    auth_methods: tuple[str, ...]
    names_itself: bool


def is_trusted_address(url: object) -> bool:
    """Say whether an address may be asked, and led to: https, or http on this very machine; no name, no fragment."""
    if not isinstance(url, str) or len(url) > ADDRESS_MOST or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _LOOPBACK.fullmatch(host) is not None)


def metadata_of(document: Mapping[str, Any], issuer: str) -> Metadata:
    """Read what a provider says of itself; raises `Misconfigured`."""
    if document.get("issuer") != issuer:
        raise Misconfigured(f"it calls itself {str(document.get('issuer'))[:200]!r}: write COUNTERFOIL_OIDC_ISSUER so")
    methods = document.get("token_endpoint_auth_methods_supported")
    return Metadata(
        authorization_endpoint=_address(document, "authorization_endpoint"),
        token_endpoint=_address(document, "token_endpoint"),
        jwks_uri=_address(document, "jwks_uri"),
        userinfo_endpoint=_address(document, "userinfo_endpoint") if document.get("userinfo_endpoint") else None,
        auth_methods=tuple(map(str, methods)) if isinstance(methods, list) else ("client_secret_basic",),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(document: Mapping[str, Any], name: str) -> str:
    found = document.get(name)
    if not is_trusted_address(found):
        raise Misconfigured(f"its {name} is no https address")
    return str(found)
