"""Says how far a submission's deliveries have come, by what notify tells, as `/v1` always did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

from shared.contracts import Confirmation, ConfirmationState, Control, reply_address_of
from shared.forms import Form
from shared.messaging.broker import Answer
from shared.web.schemas import MOMENT, MOMENT_OR_NONE, TEXT, TEXT_OR_NONE, Schema, a_list, an_object
from storage_service.records import Record

_CONFIRMATION = "email"
_ENDED = frozenset({"sent", "failed"})
_SETTLED = frozenset({"sent", "failed", "cancelled", "suppressed", "bounced"})
_NOT_TOLD = ("id", "destination", "error", "reason", "limit", "created_at", "next_attempt_at")


@dataclass(frozen=True, slots=True)
class _Told:
    """What notify tells; `answer` is None where it is away."""

    answer: Answer | None

    @property
    def parked(self) -> Mapping[str, str]:
        found: dict[str, str] = (self.answer or {}).get("parked", {})
        return found

    def of(self, name: str) -> list[Confirmation]:
        documents: list[dict[str, Any]] = (self.answer or {}).get(name, [])
        return [Confirmation.from_json(each) for each in documents]

    def shown(self, known: Confirmation) -> Confirmation:
        """Return one as it is shown: what is under way, and parked, has failed until it is replayed."""
        since = self.parked.get(known.channel)
        if since is None or known.state in _ENDED:
            return known
        return replace(known, state="failed", at=datetime.fromisoformat(since))


def standing(record: Record, form: Form | None, answer: Answer | None) -> dict[str, Any]:
    """Return the members `state` (of the receipt), `confirmations`, `webhooks`, `deliveries`, and `unknown`, which
    names those that nobody answered for."""
    told = _Told(answer)
    form = form if record.imported_at is None else None  # nothing is sent of what was imported
    is_due = _is_confirmed(record, form)
    confirmations = [told.shown(one) for one in _confirmations(told, is_due=is_due)]
    unknown = ["confirmations"] if answer is None and is_due else []
    if answer is None:
        is_told = form is not None and form.tells_owner and record.spam is None
        unknown += [*(["webhooks"] if is_told else []), "deliveries"]
    return {
        "state": _state_of(record, confirmations),
        "confirmations": [one.to_json() for one in confirmations],
        "unknown": unknown,
        "webhooks": [told.shown(one).to_json() for one in _webhooks(told, record, form)],
        "deliveries": _deliveries(told),
    }


def _is_confirmed(record: Record, form: Form | None) -> bool:
    if form is None or record.spam is not None or not form.confirmation.enabled:
        return False
    return reply_address_of(Control(reply_to=record.control.get("reply_to")), record.fields) is not None


def _confirmations(told: _Told, *, is_due: bool) -> list[Confirmation]:
    found = told.of("confirmations")
    if found or not is_due:
        return found
    return [Confirmation(_CONFIRMATION, "unknown" if told.answer is None else "pending")]


def _webhooks(told: _Told, record: Record, form: Form | None) -> list[Confirmation]:
    found = told.of("webhooks")
    if found or form is None or record.spam is not None:
        return found
    # nobody has planned it: what its form asks for by now is to come
    return [Confirmation(channel, "pending") for channel in form.told_by if channel in told.parked]


def _state_of(record: Record, confirmations: list[Confirmation]) -> str:
    """Return the state of the receipt; where a mail asks to confirm the address, its button confirms, and not it."""
    if record.opt_in_state == "confirmed":
        return "confirmed"
    if any(one.state == "failed" for one in confirmations):
        return "failed"
    is_sent = bool(confirmations) and all(one.state == "sent" for one in confirmations)
    return "confirmed" if is_sent and record.opt_in_state is None else "stored"


def _deliveries(told: _Told) -> list[dict[str, Any]]:
    """Return the deliveries of all channels. One that is not settled, and whose message waits for a person, has
    `parked_at`. What a notify service of an earlier version does not tell is null."""
    found: list[dict[str, Any]] | None = (told.answer or {}).get("deliveries")
    if found is None:
        earlier = [*(told.answer or {}).get("confirmations", []), *(told.answer or {}).get("webhooks", [])]
        found = [_of_earlier(one) for one in earlier]
    return [
        {**one, "parked_at": None if one["state"] in _SETTLED else told.parked.get(one["channel"])} for one in found
    ]


def _of_earlier(told: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in told.items() if name != "at"}
    return {**dict.fromkeys(_NOT_TOLD), **others, "changed_at": told.get("at"), "tries": []}


_DELIVERY = an_object(
    *("limit", "error"),
    channel=TEXT,
    state={"enum": [*get_args(ConfirmationState)], "description": "`held`: a cap on mails holds it back."},
    attempts={"type": "integer", "minimum": 0},
    at=MOMENT_OR_NONE,
    limit={**TEXT, "description": "Which cap holds it, or made it fail: `source`, `share`, `form`, `recipient`."},
    error={**TEXT, "description": "Why it is tried again, or has failed."},
)
_TRY = an_object(
    number={"type": "integer", "minimum": 1},
    at=MOMENT,
    took_ms={"type": "integer", "minimum": 0},
    outcome={"enum": ["sent", "retrying", "failed", "suppressed", "bounced", "complained"]},
    said={**TEXT, "description": "What the other side said, or why it said nothing."},
)
_DELIVERED = an_object(
    "requested_by",
    id={"type": ["string", "null"], "format": "uuid"},
    channel=TEXT,
    destination={**TEXT_OR_NONE, "description": "Enough to know it by, such as `a…@example.org`."},
    state={
        "enum": ["pending", "sending", "retrying", "held", "sent", "failed", "cancelled", "suppressed", "bounced"],
        "description": "`suppressed`: its address is sent no mail. `bounced`: it was sent, and came back.",
    },
    attempts={"type": "integer", "minimum": 0},
    reason={**TEXT_OR_NONE, "description": "Why it is in this state, and what to do, in words."},
    error={**TEXT_OR_NONE, "description": "The same for programs."},
    limit={**TEXT_OR_NONE, "description": "As in `confirmations`."},
    created_at=MOMENT_OR_NONE,
    changed_at=MOMENT_OR_NONE,
    next_attempt_at=MOMENT_OR_NONE,
    parked_at={**MOMENT_OR_NONE, "description": "Since when its message waits for a person."},
    requested_by={**TEXT_OR_NONE, "description": "Who asked to send it again; an earlier notify says nothing of it."},
    tries={**a_list(_TRY), "description": "The last five, newest first; they are kept for 30 days."},
)
STANDING: dict[str, Schema] = {
    "state": {"enum": ["stored", "confirmed", "failed"], "description": "What the receipt says."},
    "confirmations": a_list(_DELIVERY),
    "webhooks": {**a_list(_DELIVERY), "description": "What the owner was sent, such as the form's webhook."},
    "deliveries": {**a_list(_DELIVERED), "description": "All of them, with their tries."},
    "unknown": {**a_list(TEXT), "description": "Of these notify did not tell just now: it is away."},
}
