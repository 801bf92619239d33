"""Reads how people sign in to the console: by password, by passkey, by a provider of single sign-on (OIDC)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from environs import FileAwareEnv, validate
from marshmallow import ValidationError

from storage_service.accounts.oidc import groups
from storage_service.accounts.oidc.person import ISSUER_MOST
from storage_service.accounts.oidc.provider import GROUPS_CLAIM, SCOPES, Provider, is_trusted_address
from storage_service.accounts.ways.ways import DEFAULT, OIDC, PASSKEY, WAYS

CALLBACK = "/console/sign-in/oidc/callback"
"""Where a provider sends people back to, behind the console's address."""

_TEXT_MOST = 1000
_SECRET_MOST = 10_000
_ROLES_MOST = 50_000


@dataclass(frozen=True, slots=True)
class SignIn:
    """The ways in, of `WAYS`, and the provider of the last of them."""

    ways: frozenset[str] = DEFAULT
    provider: Provider | None = None


def sign_in(env: FileAwareEnv, console_url: str | None) -> SignIn:
    """Read `SIGN_IN` and `OIDC_…`. What is wrong with one is in `env`; what does not fit, `problems` says."""
    said = env.str("SIGN_IN", "", validate=_are_ways) or ""
    provider = _provider(env, console_url)
    ways = frozenset(_ways(said)) or (DEFAULT | {OIDC} if provider else DEFAULT)
    return SignIn(ways, provider)


def problems(read: SignIn, console_url: str | None) -> Iterator[str]:
    """Say what does not fit together; each names the settings and the mend."""
    if OIDC in read.ways and read.provider is None:
        yield "COUNTERFOIL_SIGN_IN: oidc needs COUNTERFOIL_OIDC_ISSUER and COUNTERFOIL_OIDC_CLIENT_ID"
    if read.ways == {PASSKEY}:
        yield "COUNTERFOIL_SIGN_IN: a passkey is added by who is signed in: add password or oidc"
    if read.provider is None:
        return
    if OIDC not in read.ways:
        yield "COUNTERFOIL_SIGN_IN: COUNTERFOIL_OIDC_ISSUER is set, so add oidc, or remove that"
    if not read.provider.client_id:
        yield "COUNTERFOIL_OIDC_CLIENT_ID: COUNTERFOIL_OIDC_ISSUER needs it"
    if console_url is None:
        yield "COUNTERFOIL_PUBLIC_URL: COUNTERFOIL_OIDC_ISSUER needs it, to be led back to"
    if "openid" not in read.provider.scopes.split():
        yield "COUNTERFOIL_OIDC_SCOPES: expected openid among them"


def _provider(env: FileAwareEnv, console_url: str | None) -> Provider | None:
    issuer = env.str("OIDC_ISSUER", "", validate=_is_issuer) or ""
    client_id = env.str("OIDC_CLIENT_ID", "", validate=validate.Length(max=_TEXT_MOST)) or ""
    secret = env.str("OIDC_CLIENT_SECRET", "", validate=validate.Length(max=_SECRET_MOST)) or ""
    scopes = env.str("OIDC_SCOPES", SCOPES, validate=validate.Length(max=_TEXT_MOST)) or SCOPES
    claim = env.str("OIDC_GROUPS_CLAIM", GROUPS_CLAIM, validate=validate.Length(max=_TEXT_MOST)) or GROUPS_CLAIM
    roles = env.str("OIDC_ROLES", "", validate=_are_roles) or ""
    if not issuer:
        return None
    return Provider(issuer, client_id, f"{console_url}{CALLBACK}", secret or None, scopes, claim, _mapped(roles))


def _ways(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _are_ways(text: str) -> None:
    if unknown := [one for one in _ways(text) if one not in WAYS]:
        raise ValidationError(f"{unknown[0][:64]!r} is no way to sign in: expected some of {', '.join(WAYS)}")


def _is_issuer(text: str) -> None:
    if text and (not is_trusted_address(text) or "?" in text or len(text) > ISSUER_MOST):
        raise ValidationError(
            "expected the provider's address as it writes it itself, such as https://login.example.org"
        )


def _mapped(text: str) -> tuple[groups.Mapped, ...]:
    try:
        return groups.parse(text)
    except ValueError:  # said when the settings are sealed
        return ()


def _are_roles(text: str) -> None:
    if len(text) > _ROLES_MOST:
        raise ValidationError(f"{_ROLES_MOST} characters at most")
    try:
        groups.parse(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error
