"""Decides the id and the event of an accepted submission. It is pure: the clock and chance are handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid5

from shared.contracts import Control, JsonValue, Source, SubmissionAccepted, SubmittedFile, Verdict, fingerprint
from shared.forms import Form

_FORMS = UUID("6d1f7a52-6f35-5a0e-9e0a-1c6f7d0f4b8e")
"""The namespace of form names: any constant would do, as long as it never changes."""

_RANDOM_BITS = 74


def id_for_key(form: str, key: str, *, spam: bool = False) -> UUID:
    """Return the id that an idempotency key stands for: UUIDv5(form, key), the same at every gateway.

    Under the same key what a trap caught (`spam`) has another id: it must not keep out what a person sends afterwards.
    No other spam has: what a model says depends on the moment, and a retry must stay the same submission.
    """
    return uuid5(_namespace(f"{form}/spam" if spam else form), key)


def fresh_id(now: datetime, random_bits: int) -> UUID:
    """Return a UUIDv7 (RFC 9562 §5.7) from the time, in milliseconds, and 74 random bits."""
    milliseconds = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    high, low = divmod(random_bits % (1 << _RANDOM_BITS), 1 << 62)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def accept(
    form: str,
    fields: Mapping[str, JsonValue],
    *,
    submission_id: UUID,
    now: datetime,
    source: Source,
    control: Control,
    spam: str | None = None,
    verdict: Verdict | None = None,
    receipt_url: str | None = None,
    sealed: Mapping[str, str] | None = None,
    marked: Mapping[str, JsonValue] | None = None,
    files: Sequence[SubmittedFile] = (),
    opt_in: bool = False,
) -> SubmissionAccepted:
    """Return the event of an accepted submission, whose fields were checked before; those in a trap were not.

    Where some are `sealed`, the fingerprint is that of `marked`. With `opt_in` it waits to be confirmed.
    """
    return SubmissionAccepted(
        id=submission_id,
        form=form,
        accepted_at=now,
        fields=fields,
        fingerprint=fingerprint(fields if marked is None else marked, files),
        source=source,
        control=control,
        spam=spam,
        verdict=verdict,
        receipt_url=receipt_url,
        sealed=sealed or {},
        files=tuple(files),
        opt_in=opt_in,
    )


def is_confirmed(form: Form, address: str | None) -> bool:
    """Return whether a submission with this reply address is to be confirmed by a mail, if it is no spam."""
    return form.confirmation.enabled and address is not None


@lru_cache(maxsize=1024)
def _namespace(form: str) -> UUID:
    return uuid5(_FORMS, form)
