"""`/v1/jobs`: what is done to many submissions: how far it is, to stop it, to undo it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from shared.database import iso
from shared.web.refusals import Refused, refused
from shared.web.schemas import ID, MOMENT, MOMENT_OR_NONE, TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.console.access import asker, needs
from storage_service.console.answers import JSON, json_answer
from storage_service.console.api.bodies.actions import action_shown
from storage_service.console.describing import Described, answer, parameter
from storage_service.console.parameters import LIMIT, Parameters
from storage_service.console.parts import Parts
from storage_service.jobs.asking import Jobs
from storage_service.jobs.job import Job
from storage_service.jobs.refusals import NoJob, OtherRequest, Refusal, TooLarge, TooMany, Unfit

_REFUSALS: Mapping[type[Refusal], tuple[int, str]] = {
    NoJob: (404, "NOT_FOUND"),
    OtherRequest: (422, "IDEMPOTENCY_KEY"),
    TooLarge: (422, "TOO_LARGE"),
    TooMany: (409, "TOO_MANY_JOBS"),
    Unfit: (409, "UNFIT"),
}


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("jobs", __name__)

    @views.get("/v1/jobs")
    @needs("read")
    def listed() -> Response:
        given = Parameters(request, "limit", "cursor")
        limit, before = given.limit(), _before(given.text("cursor"))
        with refusals_told():
            found = parts.jobs.listed(asker(), limit + 1, before)
        is_more, page = len(found) > limit, found[:limit]
        cursor = str(page[-1].id) if is_more else None
        return json_answer({"jobs": [job_shown(job) for job in page], "next_cursor": cursor})

    @views.get("/v1/jobs/<uuid:id>")
    @needs("read")
    def one(id: UUID) -> Response:  # noqa: A002 - as the address names it
        with refusals_told():
            return json_answer(_whole(parts.jobs, parts.jobs.one(id, asker())))

    @views.post("/v1/jobs/<uuid:id>/stop")
    @needs("write")
    def stop(id: UUID) -> Response:  # noqa: A002
        with refusals_told():
            return json_answer(_whole(parts.jobs, parts.jobs.stop(id, asker())))

    @views.post("/v1/jobs/<uuid:id>/undo")
    @needs("write")
    def undo(id: UUID) -> Response:  # noqa: A002
        with refusals_told():
            job, _ = parts.jobs.undo(id, asker())
        headers = {"Location": f"/v1/jobs/{job.id}"}
        return json_answer(_whole(parts.jobs, job), 202 if job.is_open else 200, headers)

    return views


@contextmanager
def refusals_told() -> Iterator[None]:
    """Turn refusals of jobs into those of requests."""
    try:
        yield
    except Refusal as error:
        if type(error) not in _REFUSALS:
            raise
        status, code = _REFUSALS[type(error)]
        raise _refusal(status, code, str(error)) from error


def job_shown(job: Job) -> dict[str, Any]:
    """Return what is shown of a job in a list; `_JOB` describes it."""
    asked = job.asked
    return {
        "id": str(job.id),
        "kind": asked.kind,
        "by": asked.by.name,
        "q": asked.query,
        "action": action_shown(asked.kind, asked.action),
        "state": job.state,
        "stopping": job.stopping and job.is_open,
        "total": job.total,
        "done": job.done,
        "changed": job.changed,
        "unchanged": job.done - job.changed - job.failed,
        "failed": job.failed,
        "error": job.error,
        "created_at": iso(job.created_at),
        "finished_at": iso(job.finished_at) if job.finished_at else None,
        "undo_of": str(asked.undo_of) if asked.undo_of else None,
    }


def _whole(jobs: Jobs, job: Job) -> dict[str, Any]:
    undone = jobs.undone_by(job)
    return {**job_shown(job), "undone_by": str(undone.id) if undone else None}


def _before(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise refused(400, "CURSOR", "This cursor was not made here.", field="cursor") from None


def _refusal(status: int, code: str, text: str) -> Refused:
    return refused(status, code, f"{text[:1].upper()}{text[1:]}.")


_COUNT: Schema = {"type": "integer", "minimum": 0}
_JOB: dict[str, Schema] = {
    "id": ID,
    "kind": {"enum": ["change", "resend", "undo", "erase"]},
    "by": {**TEXT, "description": "Whose key asked for it."},
    "q": {**TEXT_OR_NONE, "description": "The query; null where ids were given."},
    "action": {"type": "object", "description": "As it was asked for; of `undo`, nothing."},
    "state": {"enum": ["waiting", "running", "done", "stopped", "failed"]},
    "stopping": {"type": "boolean", "description": "It stops after the step in hand."},
    "total": _COUNT,
    "done": {**_COUNT, "description": "How many of them have been looked at."},
    "changed": {
        **_COUNT,
        "description": "How many were changed, or erased; of `resend`, of how many something is sent again.",
    },
    "unchanged": {
        **_COUNT,
        "description": "How many were so already, or are gone; of `undo`, which were changed since, and stay so.",
    },
    "failed": {**_COUNT, "description": "How many it could not be done to."},
    "error": TEXT_OR_NONE,
    "created_at": MOMENT,
    "finished_at": MOMENT_OR_NONE,
    "undo_of": {"type": ["string", "null"], "format": "uuid", "description": "The job that this one undoes."},
}


def described() -> Described:
    """Describe them."""
    whole = {"content": {JSON: {"schema": ref("WholeJob")}}}
    return {
        "GET /v1/jobs": {
            "summary": "Your jobs, newest first; with `admin`, everybody's",
            "parameters": [
                LIMIT,
                parameter("cursor", "`next_cursor` of another page."),
            ],
            "responses": answer("A page.", ref("JobPage")),
        },
        "GET /v1/jobs/{id}": {"summary": "One job: how far it is", "responses": answer("It.", ref("WholeJob"))},
        "POST /v1/jobs/{id}/stop": {
            "summary": "Stop a job where it is; what is done stays done, until it is undone",
            "responses": answer("The job, which may have one step to go.", ref("WholeJob")),
        },
        "POST /v1/jobs/{id}/undo": {
            "summary": "Set back what a job changed, and nobody has changed since; once, by another job",
            "responses": {
                "200": {"description": "The job that did it.", **whole},
                "202": {"description": "The job that does it.", **whole},
                "409": {"$ref": "#/components/responses/409"},
            },
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    undone: Schema = {"type": ["string", "null"], "format": "uuid", "description": "The job that undoes this one."}
    return {
        "Job": an_object(**_JOB),
        "WholeJob": an_object(**_JOB, undone_by=undone),
        "JobPage": an_object(jobs=a_list(ref("Job")), next_cursor=TEXT_OR_NONE),
    }
