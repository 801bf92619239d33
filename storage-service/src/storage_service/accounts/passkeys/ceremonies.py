"""The two ceremonies of WebAuthn, as one library carries them out: making a passkey, and proving that one has it.

Every passkey is kept by the authenticator (discoverable), so that nobody has to type an address, and no answer of ours
says which accounts there are. Each use is verified by the authenticator: a fingerprint, a face, a PIN.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from storage_service.accounts.passkeys.party import Party
from storage_service.accounts.passkeys.passkey import CREDENTIAL_JSON_MOST, NotAccepted

TIMEOUT_MS = 300_000
_CREDENTIAL_BYTES_MOST = 1023
"""The longest id of a credential (WebAuthn, section 4)."""

_TRANSPORTS = frozenset({"usb", "nfc", "ble", "internal", "hybrid", "cable", "smart-card"})
_ODD = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)
"""What the library raises about a response, and about one whose members have other shapes than it expects."""

_WRONG = "This passkey could not be checked. Please try again."


def options_to_make(party: Party, user_id: UUID, email: str, challenge: bytes, known: Sequence[bytes]) -> str:
    """Return the options of `navigator.credentials.create` as JSON. `known` are credentials that the user has."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name="Counterfoil",
        user_name=email,
        user_id=user_id.bytes,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return str(options_to_json(options))


def options_to_use(party: Party, challenge: bytes) -> str:
    """Return the options of `navigator.credentials.get` as JSON: they are the same for everybody."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return str(options_to_json(options))


def read(text: str) -> dict[str, Any]:
    """Return a credential that a browser sent as JSON; raises `NotAccepted`."""
    if len(text) > CREDENTIAL_JSON_MOST:
        raise NotAccepted("too_long", _WRONG)
    with _accepted("no_credential"):
        found = json.loads(text)
        is_whole = isinstance(found, dict) and isinstance(found.get("response"), dict)
        if not is_whole or not 0 < len(base64url_to_bytes(found["rawId"])) <= _CREDENTIAL_BYTES_MOST:
            raise ValueError("no credential")
        known: dict[str, Any] = found
        return known


def credential_id(credential: dict[str, Any]) -> bytes:
    """Return the id of a credential that `read` has returned."""
    return bytes(base64url_to_bytes(credential["rawId"]))


def user_handle(credential: dict[str, Any]) -> UUID | None:
    """Return whose account a passkey says that it is for; None where it says nothing. Raises `NotAccepted`."""
    with _accepted("no_user"):
        said = credential["response"].get("userHandle")
        return None if said is None else UUID(bytes=base64url_to_bytes(said))


def transports(credential: dict[str, Any]) -> list[str]:
    """Return how a browser reaches a new passkey, as far as it says so in words that are known."""
    said = credential["response"].get("transports")
    return sorted({one for one in said if isinstance(one, str)} & _TRANSPORTS) if isinstance(said, list) else []


def made(credential: dict[str, Any], party: Party, challenge: bytes) -> VerifiedRegistration:
    """Return a new passkey that answers this challenge; raises `NotAccepted`."""
    with _accepted("not_made"):
        return verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )


def used(
    credential: dict[str, Any], party: Party, challenge: bytes, *, public_key: bytes, counter: int
) -> VerifiedAuthentication:
    """Return the use of a passkey that answers this challenge; raises `NotAccepted`.

    `counter` is how often it was used as far as we know: one that counts has to say more.
    """
    with _accepted("not_proven"):
        return verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=counter,
            require_user_verification=True,
        )


@contextmanager
def _accepted(reason: str) -> Iterator[None]:
    try:
        yield
    except _ODD:
        raise NotAccepted(reason, _WRONG) from None
