"""Publishes messages that no consumer can process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pika

from shared.contracts import SubmissionAccepted
from shared.messaging.topology import EVENTS
from support.queues import Queues


@dataclass(frozen=True, slots=True)
class Poison:
    """One bad message: what is wrong with it, its body and type, and what the reason of its parking must name."""

    name: str
    body: bytes
    reason: str
    type: str = SubmissionAccepted.TYPE


def _event(**changes: Any) -> bytes:
    sound: Mapping[str, Any] = {
        "id": "7d1f9a52-46a1-4f0e-9d53-0b9a7d5b5f10",
        "form": "signup",
        "accepted_at": "2026-11-22T17:03:44.123456Z",
        "fields": {"name": "Ada Lovelace", "email": "ada@example.org"},
        "fingerprint": "0" * 64,
    }
    return json.dumps({**sound, **changes}).encode()


POISONS = (
    Poison("not-json", b"\xff\xfenot json", "UTF-8"),
    Poison("cut-short", _event()[:-7], "JSON"),
    Poison("unknown-version", _event(), "submission.accepted.v9", type="submission.accepted.v9"),
    Poison("bad-id", _event(id="no uuid"), "id"),
    Poison("no-fields", _event(fields=None), "fields"),
    Poison("no-time-zone", _event(accepted_at="2026-11-22T17:03:44"), "accepted_at"),
    Poison("nul", _event(fields={"name": "Ada\x00"}), "NUL"),
    Poison("deep", _event(fields={"name": json.loads("[" * 40 + "]" * 40)}), "nested"),
)


def put_poison(queues: Queues, poison: Poison) -> None:
    """Publish it, durably, as any publisher could; its message id is its name."""
    properties = pika.BasicProperties(
        message_id=poison.name, type=poison.type, delivery_mode=2, content_type="application/json"
    )
    queues.publish(EVENTS, SubmissionAccepted.TYPE, poison.body, properties)
