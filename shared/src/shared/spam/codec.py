"""Writes a model as bytes, and reads bytes that may be anything.

The bytes: a head of fixed size, a JSON text of the head's length, then weights, signals, and the hashes and counts of
texts and networks, little-endian. Every length is checked before anything is read by it. The bytes hold no checksum:
who hands them on says their SHA-256 beside them (`digest_of`).
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Any

from shared.spam.hashing import SIGNAL_BITS, WORD_BITS
from shared.spam.known import KNOWN_MOST, Known
from shared.spam.model import THRESHOLD, Model
from shared.spam.scripts import SCRIPTS

MODEL_BYTES_MOST = 1_000_000
FORMS_MOST = 1_000
"""Forms that have an offset of their own; the rest have none."""

_MAGIC = b"CFSPAM"
_FORMAT = 1
_HEAD = struct.Struct("<6sHIII")  # magic, format, bytes of the JSON, texts, networks
_JSON_MOST = 300_000
_FORM_MOST = 200
_NUMBERS = ("word_scale", "signal_scale", "bias", "cut", "slope")
_LARGEST = 1e6
_VERSION_MOST = 2**53


class BadModel(Exception):
    """These bytes are no model; the text says why."""


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of a packed model, in hex."""
    return sha256(data).hexdigest()


def packed(model: Model) -> bytes:
    """Return the model as bytes, `MODEL_BYTES_MOST` at most; the same for the same model."""
    forms = sorted({*model.offsets, *model.scripts})[:FORMS_MOST]
    said = {
        "version": model.version,
        "may_hold": model.may_hold,
        **{name: getattr(model, name) for name in _NUMBERS},
        "forms": {form: [model.offsets.get(form, 0.0), sorted(model.scripts.get(form, ()))] for form in forms},
    }
    text = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
    head = _HEAD.pack(_MAGIC, _FORMAT, len(text), len(model.texts.hashes), len(model.networks.hashes))
    known = [_little(part) for each in (model.texts, model.networks) for part in (each.hashes, each.counts)]
    return b"".join([head, text, model.weights.tobytes(), model.signals.tobytes(), *known])


def unpacked(data: bytes) -> Model:
    """Return the model of some bytes, with its digest; raises `BadModel`."""
    text_bytes, texts, networks = _lengths(data)
    sizes = (_HEAD.size, text_bytes, 1 << WORD_BITS, 1 << SIGNAL_BITS, 8 * texts, texts, 8 * networks, networks)
    if sum(sizes) != len(data):
        raise BadModel(f"{len(data)} bytes where its head says {sum(sizes)}")
    parts, at = [], 0
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    return Model(
        weights=array("b", parts[2]),
        signals=array("b", parts[3]),
        texts=_known(parts[4], parts[5]),
        networks=_known(parts[6], parts[7]),
        threshold=THRESHOLD,
        digest=digest_of(data),
        **_said(parts[1]),
    )


def _lengths(data: bytes) -> tuple[int, int, int]:
    if not _HEAD.size <= len(data) <= MODEL_BYTES_MOST:
        raise BadModel(f"{len(data)} bytes are no model: it has {_HEAD.size} to {MODEL_BYTES_MOST}")
    magic, format_, text_bytes, texts, networks = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise BadModel("it does not begin as a model does")
    if format_ != _FORMAT:
        raise BadModel(f"it has the format {format_}, this version reads {_FORMAT}")
    if text_bytes > _JSON_MOST or texts > KNOWN_MOST or networks > KNOWN_MOST:
        raise BadModel("its head says more than a model may have")
    return text_bytes, texts, networks


def _said(text: bytes) -> dict[str, Any]:
    """Return the members that the JSON has; raises `BadModel`."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadModel("its middle is no JSON") from error
    if not isinstance(said, dict):
        raise BadModel("its middle is no object")
    version, may_hold, forms = said.get("version"), said.get("may_hold"), said.get("forms")
    if type(version) is not int or not 0 <= version < _VERSION_MOST or type(may_hold) is not bool:
        raise BadModel("it has no version, or does not say whether it may hold")
    if not isinstance(forms, dict) or len(forms) > FORMS_MOST:
        raise BadModel("its forms are no object, or too many")
    numbers = {name: _number(said.get(name), name) for name in _NUMBERS}
    if numbers["slope"] <= 0:
        raise BadModel("its slope is not above 0: scores would fall where spam is surer")
    return {"version": version, "may_hold": may_hold, **numbers, **_forms(forms)}


def _forms(forms: Mapping[str, Any]) -> dict[str, Any]:
    for form, said in forms.items():
        if len(form) > _FORM_MOST or not isinstance(said, list) or len(said) != 2:
            raise BadModel("a form of it has no offset and scripts")
        if not isinstance(said[1], list) or not all(isinstance(one, str) and one in SCRIPTS for one in said[1]):
            raise BadModel("a form of it has scripts that there are not")
    return {
        "offsets": {form: _number(said[0], "offset") for form, said in forms.items()},
        "scripts": {form: frozenset(said[1]) for form, said in forms.items() if said[1]},
    }


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise BadModel(f"its {name} is no number, or too large")
    return float(value)


def _known(hashes: bytes, counts: bytes) -> Known:
    found = array("Q", hashes)
    if sys.byteorder == "big":
        found.byteswap()
    if not all(one < other for one, other in pairwise(found)):
        raise BadModel("its hashes are not in their order")
    return Known(found, array("B", counts))


def _little(part: array[int]) -> bytes:
    if sys.byteorder == "big":
        part = array(part.typecode, part)
        part.byteswap()
    return part.tobytes()
