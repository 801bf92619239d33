"""What an account sees and does whose roles differ from form to form; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from shared.forms import load
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.roles import Grant
from storage_service.accounts.user import asker_of
from storage_service.erasing import Erasing
from storage_service.jobs.asking import Jobs, Wanted
from storage_service.jobs.kinds import kinds_of
from storage_service.jobs.refusals import NoJob
from storage_service.jobs.runner import JobRunner
from storage_service.jobs.steps import Steps
from storage_service.records import Records
from storage_service.records.export import Asked, Exporter
from storage_service.views import NoView, Views, Written
from storage_service.work import Change, NotFound, Work
from support.accounts import SOURCE, World
from support.events import an_event
from support.submission_databases import migrated, store

FORMS = ("contact", "jobs", "signup")
STAR = {"change": Change(starred=True).to_json()}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def ids(engine: Engine) -> dict[str, UUID]:
    events = {form: an_event(form=form) for form in FORMS}
    store(engine, *events.values())
    return {form: event.id for form, event in events.items()}


@pytest.fixture
def mixed(engine: Engine) -> Asker:
    """May read everything, work on contact and jobs, and erase jobs."""
    grants = (Grant("viewer"), Grant("editor", "contact"), Grant("owner", "jobs"))
    return asker_of(World(engine).user("ada@example.org", *grants), SOURCE)


def jobs_of(engine: Engine) -> Jobs:
    runner = JobRunner(Steps(engine, kinds_of(engine, Work(engine), Erasing(engine))))
    return Jobs(engine, Records(engine), runner, Audit(engine))


def everything(by: Asker) -> Wanted:
    return Wanted("change", STAR, datetime.now(UTC), text="", me=by.name)


def seen(engine: Engine, by: Asker) -> set[str]:
    page = Records(engine).page(forms=by.forms, limit=50)
    return {one.form for one in page.rows}


def test_each_scope_sees_its_own_forms(engine: Engine, ids: dict[str, UUID], mixed: Asker) -> None:
    assert seen(engine, mixed) == set(), "not narrowed, it sees nothing"
    assert seen(engine, mixed.narrowed("read")) == set(FORMS)
    assert seen(engine, mixed.narrowed("export")) == {"contact", "jobs"}
    assert seen(engine, mixed.narrowed("erase")) == {"jobs"}
    assert seen(engine, mixed.narrowed("admin")) == set()


def test_an_export_has_what_it_is_allowed_for(
    engine: Engine, ids: dict[str, UUID], mixed: Asker, tmp_path: Path
) -> None:
    definitions = tmp_path / "forms.toml"
    definitions.write_text("".join(f"[forms.{form}]\n" for form in FORMS))
    exporter = Exporter(Records(engine), load(definitions))
    begun = exporter.begin(None, mixed.narrowed("export").forms, Asked("ndjson"))
    text = b"".join(begun.chunks).decode()
    assert begun.expected == 2
    assert {form for form in FORMS if str(ids[form]) in text} == {"contact", "jobs"}


def test_it_works_on_what_it_may_and_finds_nothing_else(engine: Engine, ids: dict[str, UUID], mixed: Asker) -> None:
    work, writer = Work(engine), mixed.narrowed("write")
    for form in ("contact", "jobs"):
        assert work.change(ids[form], Change(starred=True), writer).starred
    with pytest.raises(NotFound):
        work.change(ids["signup"], Change(starred=True), writer)
    with pytest.raises(NotFound):
        work.resend(ids["signup"], None, writer)


def test_a_job_is_done_to_what_it_may_work_on(engine: Engine, ids: dict[str, UUID], mixed: Asker) -> None:
    jobs, writer = jobs_of(engine), mixed.narrowed("write")
    assert jobs.count(everything(writer), writer) == 2
    job, _ = jobs.ask(everything(writer), writer, 2, None)
    assert (job.state, job.total, job.changed) == ("done", 2, 2)
    found = {form: Records(engine).one(key, None) for form, key in ids.items()}
    assert {form for form, record in found.items() if record and record.starred} == {"contact", "jobs"}
    undone, _ = jobs.undo(job.id, writer)
    assert undone.changed == 2


def test_a_job_has_the_scopes_that_are_good_for_all_of_its_forms(engine: Engine, mixed: Asker) -> None:
    jobs, writer = jobs_of(engine), mixed.narrowed("write")
    job, _ = jobs.ask(everything(writer), writer, 9, None)
    assert job.asked.by.scopes == {"read", "write", "export"}
    assert job.asked.by.forms == frozenset({"contact", "jobs"})


def test_a_job_is_its_askers_and_who_owns_the_installation_sees_all(
    engine: Engine, ids: dict[str, UUID], mixed: Asker
) -> None:
    world, jobs, writer = World(engine), jobs_of(engine), mixed.narrowed("write")
    job, _ = jobs.ask(everything(writer), writer, 9, None)
    owner = asker_of(world.user("root@example.org"), SOURCE).narrowed("write")
    other = asker_of(world.user("bob@example.org", Grant("owner", "jobs")), SOURCE).narrowed("write")
    for who in (mixed.narrowed("read"), writer, owner):
        assert jobs.one(job.id, who).id == job.id
    assert [one.id for one in jobs.listed(owner, 9)] == [job.id]
    assert jobs.listed(other, 9) == []
    with pytest.raises(NoJob):
        jobs.one(job.id, other)


def test_a_shared_view_that_names_a_form_is_for_who_may_read_it(engine: Engine, mixed: Asker) -> None:
    world, views = World(engine), Views(engine)
    made = views.save(Written("Jobs", "form:jobs", shared=True), mixed.narrowed("read"))
    bob = asker_of(world.user("bob@example.org", Grant("viewer", "contact")), SOURCE).narrowed("read")
    eve = asker_of(world.user("eve@example.org", Grant("viewer", "jobs")), SOURCE).narrowed("read")
    root = asker_of(world.user("root@example.org"), SOURCE).narrowed("read")
    assert views.listed(bob) == []
    with pytest.raises(NoView):
        views.one(made.id, bob)
    assert views.one(made.id, eve).id == made.id
    with pytest.raises(NoView):
        views.remove(made.id, eve)
    views.remove(made.id, root)


def test_the_audit_names_the_account_and_where_it_came_from(engine: Engine, ids: dict[str, UUID], mixed: Asker) -> None:
    Work(engine, audit=Audit(engine)).note(ids["jobs"], "called back", mixed.narrowed("write"))
    noted = Audit(engine).page(1)[0]
    assert (noted.by, noted.action, noted.on, noted.source) == (
        "ada@example.org",
        "submission.note",
        str(ids["jobs"]),
        SOURCE,
    )
