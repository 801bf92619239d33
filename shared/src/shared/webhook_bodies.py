"""What webhooks and hooks are told: notify sends it, and the console shows samples of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.contracts import JsonValue, SubmissionAccepted, SubmittedFile

ACCEPTED = "submission.accepted"
RELEASED = "submission.released"
ERASED = "submission.erased"

HOOK_EVENTS = (ACCEPTED, RELEASED, ERASED)
"""What a hook may ask for."""


def document_of(
    event: SubmissionAccepted, what: str = ACCEPTED, url: str | None = None, api_url: str | None = None
) -> dict[str, Any]:
    """Return a body as a JSON object: the event's type, when the submission was accepted, and its data; with
    `submission_url` where that is known, and `files` where there are any.

    `api_url` is where the API is reached: with it each file has the address that hands it to whoever has a key.
    """
    accepted_at = moment_text(event.accepted_at)
    data: dict[str, JsonValue] = {
        "id": str(event.id),
        "form": event.form,
        "accepted_at": accepted_at,
        "reply_to": event.reply_address,
        "captcha": event.control.captcha,
        "fields": dict(event.fields),
    }
    if event.files:
        data["files"] = [_file(one, event.id, number, api_url) for number, one in enumerate(event.files, start=1)]
    if url is not None:
        data["submission_url"] = url
    return {"type": what, "timestamp": accepted_at, "data": data}


def hook_document(
    event: SubmissionAccepted, what: str, url: str | None = None, api_url: str | None = None
) -> dict[str, Any]:
    """Return what a hook is told: a webhook's body with an `id` before it, by which a receiver knows it again.

    It is of the submission, and not of the hook: a sample, a call and a resend of one submission have the same.
    """
    return {"id": f"{what.rpartition('.')[2]}_{event.id}", **document_of(event, what, url, api_url)}


def _file(file: SubmittedFile, submission: UUID, number: int, api_url: str | None) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {
        "field": file.field,
        "name": file.name,
        "type": file.type,
        "size": file.size,
        "sha256": file.sha256,
        "scan": file.scan,
    }
    return told if api_url is None else told | {"url": f"{api_url}/v1/submissions/{submission}/files/{number}"}


def erased_document(submission: UUID, form: str, erased_at: datetime) -> dict[str, Any]:
    """Return what a hook is told of a submission that is erased: its id, and nothing else of it."""
    data = {"id": str(submission), "form": form}
    return {"id": f"erased_{submission}", "type": ERASED, "timestamp": moment_text(erased_at), "data": data}


def moment_text(moment: datetime) -> str:
    """Return a moment as bodies have it: `2026-11-22T17:03:44.123456Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
