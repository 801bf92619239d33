"""Connects the addresses of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from shared.web.refusals import refused
from storage_service.console.access import asker, needs
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.notices import tell
from storage_service.console.pages.frame.renderer import Pages, is_part_wanted
from storage_service.console.pages.jobs.words import told
from storage_service.console.parts import Parts
from storage_service.jobs.job import Job
from storage_service.jobs.refusals import NoJob, TooMany, Unfit

JOBS = "/console/jobs"
A_PAGE = 50

_JOB = f"{JOBS}/<uuid:id>"


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("job_pages", __name__)

    @views.get(JOBS)
    @needs("read")
    def listed() -> Response:
        before = _before(request.args.get("before", ""))
        with _told():
            found = parts.jobs.listed(asker(), A_PAGE + 1, before)
        page = found[:A_PAGE]
        older = f"{JOBS}?before={page[-1].id}" if len(found) > A_PAGE else None
        return pages.page(
            "jobs/jobs.html", jobs=[told(job) for job in page], older=older, newer=JOBS if before else None
        )

    @views.get(_JOB)
    @needs("read")
    def one(id: UUID) -> Response:  # noqa: A002 - as the address names it
        with _told():
            job = parts.jobs.one(id, asker())
        content: dict[str, Any] = {
            "job": told(job),
            "undone": parts.jobs.undone_by(job),
            "next": going.own(request.args.get("next")),
        }
        if is_part_wanted():
            return pages.part("jobs/job.html", "progress", **content)
        return pages.page("jobs/job.html", **content)

    @views.post(f"{_JOB}/stop")
    @needs("write")
    def stop(id: UUID) -> Response:  # noqa: A002
        with _told():
            job = parts.jobs.stop(id, asker())
        return going.to(_address(job))

    @views.post(f"{_JOB}/undo")
    @needs("write")
    def undo(id: UUID) -> Response:  # noqa: A002
        with _told():
            job, _ = parts.jobs.undo(id, asker())
        if job.is_open:
            return going.to(_address(job))
        tell(_undone(job))
        return going.to(request.form.get("next") or _address(job))

    return views


def _address(job: Job) -> str:
    return f"{JOBS}/{job.id}"


def _undone(job: Job) -> str:
    text = "Undone: 1 submission is as before." if job.changed == 1 else f"Undone: {job.changed:,} are as before."
    unchanged = job.done - job.changed - job.failed
    return text + (f" {unchanged:,} somebody has changed since: they stay so." if unchanged else "")


def _before(text: str) -> UUID | None:
    try:
        return UUID(text[:64]) if text else None
    except ValueError:
        raise refused(404, "NOT_FOUND", "There is no such page of jobs.") from None


@contextmanager
def _told() -> Iterator[None]:
    """Turn refusals of jobs into those of pages."""
    try:
        yield
    except NoJob:
        raise refused(404, "NOT_FOUND", "There is no such job: jobs are kept for 30 days.") from None
    except (TooMany, Unfit) as error:
        text = str(error)
        raise refused(409, "JOB", f"{text[:1].upper()}{text[1:]}.") from None
