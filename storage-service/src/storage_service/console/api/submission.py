"""`GET /v1/submissions/<id>`: one, with all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from shared.database import iso
from shared.web.schemas import MOMENT, TEXT, Schema, a_list, an_object, ref
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, needs
from storage_service.console.answers import json_answer
from storage_service.console.api.bodies.shown import (
    FIELDS,
    HANDLED,
    LABELS,
    NOTE,
    PROOF,
    REASONS,
    SEALED,
    STORED,
    shown,
    shown_note,
)
from storage_service.console.describing import Described, answer
from storage_service.console.files.shown import FILE, files_shown
from storage_service.console.known import Known, known
from storage_service.console.known.standing import STANDING, standing
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.console.places import id_of, no_submission
from storage_service.console.versions import VERSION, tag_of
from storage_service.queries import CONFLICT_BYTES, CONFLICTS_MOST
from storage_service.work import Step


def routes(parts: Parts) -> Blueprint:
    """Return the view."""
    views = Blueprint("submission", __name__)

    @views.get("/v1/submissions/<id>")
    @needs("read")
    def one(id: str) -> Response:  # noqa: A002 - as the address has it
        Parameters(request, others=True)
        return one_answer(parts, id_of(id), asker())

    return views


_FIRST = f"the first {CONFLICTS_MOST}, of {CONFLICT_BYTES // 1024} kB."


def one_answer(parts: Parts, key: UUID, who: Asker) -> Response:
    """Answer with one submission; its `ETag` is its version, for `If-Match`. Raises `Refused` (404)."""
    found = known(parts, key, who)
    if found is None:
        raise no_submission()
    return json_answer(_whole(parts, found), headers=tag_of(found.record.version))


def _whole(parts: Parts, found: Known) -> dict[str, Any]:
    document = shown(found.record, parts.forms)
    del document["conflict_count"], document["file_count"]
    return {
        **document,
        "files": files_shown(found.record.id, found.files),
        "conflicts": [_conflict(found, one) for one in found.conflicts],
        **standing(found.record, found.form, found.told),
        "opt_in_proof": found.record.opt_in_proof,
        "notes": [shown_note(one) for one in found.notes],
        "trail": [_step(one) for one in found.trail],
    }


def _conflict(found: Known, one: Mapping[str, Any]) -> dict[str, Any]:
    mark = one["fingerprint"]
    return {**one, "files": files_shown(found.record.id, found.conflict_files.get(mark, ()), mark)}


def _step(step: Step) -> dict[str, Any]:
    changes = {_SAID_AS.get(name, name): change for name, change in step.changes.items()}
    job = None if step.job is None else str(step.job)
    return {"at": iso(step.at), "by": step.by, "changes": changes, "version": step.version, "job": job}


_SAID_AS = {"state": "status"}
"""See `shown.handled`."""


def described() -> Described:
    """Describe it."""
    return {
        "GET /v1/submissions/{id}": {
            "summary": "One submission, with its deliveries, its notes and what was done with it",
            "responses": answer("It.", ref("WholeSubmission"), ETag=VERSION),
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what it answers."""
    moments = {"accepted_at": MOMENT, "received_at": MOMENT}
    conflict = an_object(fingerprint=TEXT, fields=FIELDS, sealed=SEALED, **moments, files=a_list(ref("File")))
    step = an_object(
        at=MOMENT,
        by=TEXT,
        changes={"type": "object", "description": "What was changed: from what to what."},
        version={"type": ["integer", "null"]},
        job={"type": ["string", "null"], "format": "uuid"},
    )
    return {
        "WholeSubmission": an_object(
            **STORED,
            reasons=REASONS,
            files={**a_list(ref("File")), "description": "What came with it; see `url` of each."},
            conflicts={**a_list(conflict), "description": f"What came later under its id, with other fields: {_FIRST}"},
            **HANDLED,
            field_labels=LABELS,
            **STANDING,
            opt_in_proof=PROOF,
            notes=a_list(ref("Note")),
            trail={**a_list(step), "description": "What was done with it, oldest first."},
        ),
        "File": FILE,
        "Note": NOTE,
    }
