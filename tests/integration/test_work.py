"""What people do with submissions: each change once, with its version and its step in the trail, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import Engine, delete, select

from shared.contracts import Control, Source, SubmissionAccepted, SubmissionReleased, SubmissionWithheld
from shared.failpoints import Injected
from storage_service.accounts.asker import Asker
from storage_service.deliveries.resending import Resending
from storage_service.tables import submission_labels, submission_notes, submission_trail, submissions
from storage_service.work import BadValue, Change, NotFound, Outdated, Work
from support.events import a_file, an_event, with_files
from support.submission_databases import migrated, store
from support.working import WORKED_AT, an_asker, labels_looked_up, record_of, verdicts

ADA = an_asker()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def work(engine: Engine) -> Work:
    return Work(engine, clock=lambda: WORKED_AT)


@pytest.fixture
def event(engine: Engine) -> SubmissionAccepted:
    made = replace(an_event(n=1.0, text="Grüße"), source=Source("192.0.2.7"), control=Control(subject="s"))
    store(engine, made)
    return made


def test_what_is_stored_is_new_and_nobodys(engine: Engine, event: SubmissionAccepted, work: Work) -> None:
    record = record_of(engine, event.id)
    assert (record.state, record.starred, record.labels, record.assignee) == ("new", False, (), None)
    assert (record.replied_at, record.version) == (None, 1)
    assert (work.trail(event.id), work.notes(event.id)) == ([], [])


def test_a_change_is_kept_with_its_step_in_the_trail(engine: Engine, event: SubmissionAccepted, work: Work) -> None:
    change = Change(state="open", starred=True, labels=("urgent", "Very  Big"), assignee="Ada@Example.org")
    record = work.change(event.id, change, ADA, version=1)
    assert record == record_of(engine, event.id)
    assert (record.state, record.starred, record.labels) == ("open", True, ("urgent", "Very Big"))
    assert (record.assignee, record.version) == ("ada@example.org", 2)
    assert labels_looked_up(engine, event.id) == {"urgent", "very big"}
    work.change(event.id, Change(state="done", remove_labels=("URGENT",), assignee=""), an_asker(name="bob"))
    first, second = work.trail(event.id)
    assert (first.at, first.by, first.version, first.job) == (WORKED_AT, "ada@example.org", 2, None)
    assert first.changes == {
        "state": ["new", "open"],
        "starred": [False, True],
        "assignee": [None, "ada@example.org"],
        "labels": {"added": ["urgent", "Very Big"], "removed": []},
    }
    assert (second.by, second.version) == ("bob", 3)
    assert second.changes == {
        "state": ["open", "done"],
        "assignee": ["ada@example.org", None],
        "labels": {"added": [], "removed": ["urgent"]},
    }
    assert labels_looked_up(engine, event.id) == {"very big"}


@pytest.mark.parametrize(
    "change",
    [
        Change(),
        Change(state="new", starred=False, labels=(), assignee="", spam=False),
        Change(remove_labels=("missing",)),
    ],
)
def test_what_is_so_already_is_left_alone(event: SubmissionAccepted, work: Work, change: Change) -> None:
    assert work.change(event.id, change, ADA).version == 1
    assert work.trail(event.id) == []


def test_a_label_in_another_case_is_the_same_label(engine: Engine, event: SubmissionAccepted, work: Work) -> None:
    work.change(event.id, Change(labels=("Urgent",)), ADA)
    assert work.change(event.id, Change(labels=("URGENT",)), ADA).version == 2
    assert work.change(event.id, Change(add_labels=("urgent", "b")), ADA).labels == ("b", "Urgent")
    assert labels_looked_up(engine, event.id) == {"urgent", "b"}


def test_who_has_seen_another_version_is_told_how_it_is_now(event: SubmissionAccepted, work: Work) -> None:
    work.change(event.id, Change(state="open"), ADA, version=1)
    with pytest.raises(Outdated) as outdated:
        work.change(event.id, Change(state="done"), an_asker(name="bob"), version=1)
    assert (outdated.value.current.state, outdated.value.current.version) == ("open", 2)
    for attempt in (lambda: work.note(event.id, "a", ADA, version=1), lambda: work.replied(event.id, ADA, version=9)):
        with pytest.raises(Outdated):
            attempt()
    assert len(work.trail(event.id)) == 1


def test_who_asks_twice_is_not_told_that_it_is_outdated(event: SubmissionAccepted, work: Work) -> None:
    """RFC 9110, section 13.1.1: where what is asked for is so already, the answer may be a success."""
    first = work.change(event.id, Change(state="open"), ADA, version=1)
    assert work.change(event.id, Change(state="open"), ADA, version=1) == first


def test_of_many_who_change_the_version_they_saw_one_does(engine: Engine, event: SubmissionAccepted) -> None:
    def change(number: int) -> bool:
        try:
            Work(engine).change(event.id, Change(labels=(f"label {number}",)), ADA, version=1)
        except Outdated:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(change, range(8))) == 1
    assert record_of(engine, event.id).version == 2


def test_of_many_who_change_other_things_each_counts(engine: Engine, event: SubmissionAccepted) -> None:
    work = Work(engine)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: work.change(event.id, Change(add_labels=(f"label {n}",)), ADA), range(8)))
    record = record_of(engine, event.id)
    assert (len(record.labels), record.version) == (8, 9)
    assert [step.version for step in work.trail(event.id)] == list(range(2, 10))
    assert len(labels_looked_up(engine, event.id)) == 8


def test_a_submission_of_another_form_is_as_one_that_is_not_there(
    engine: Engine, event: SubmissionAccepted, work: Work
) -> None:
    other = an_asker("contact")
    for key, by in ((event.id, other), (uuid4(), ADA)):
        for attempt in (
            lambda key=key, by=by: work.change(key, Change(state="done"), by),
            lambda key=key, by=by: work.spam(key, by),
            lambda key=key, by=by: work.note(key, "a", by),
            lambda key=key, by=by: work.replied(key, by),
        ):
            with pytest.raises(NotFound):
                attempt()
    assert record_of(engine, event.id).version == 1
    assert work.change(event.id, Change(state="done"), an_asker("signup", "contact")).state == "done"


def test_notes_and_replies(engine: Engine, event: SubmissionAccepted, work: Work) -> None:
    first = work.note(event.id, "  called her\r\n\x1b[31mtomorrow  ", ADA)
    assert (first.version, first.at, first.by) == (2, WORKED_AT, "ada@example.org")
    assert first.text == "called her\n\N{REPLACEMENT CHARACTER}[31mtomorrow"
    second = work.note(event.id, "done", an_asker(name="bob"), version=2)
    assert work.notes(event.id) == [first, second]
    record = work.replied(event.id, ADA)
    assert (record.replied_at, record.version) == (WORKED_AT, 4)
    assert [step.changes for step in work.trail(event.id)] == [{"note": True}, {"note": True}, {"reply": True}]


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001, "a\0b", "\ud800"])
def test_a_note_that_is_not_taken_is_named(event: SubmissionAccepted, work: Work, text: str) -> None:
    with pytest.raises(BadValue) as refused:
        work.note(event.id, text, ADA)
    assert refused.value.member == "text"
    assert work.notes(event.id) == []


def test_a_submission_has_so_many_notes(
    engine: Engine, event: SubmissionAccepted, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"submission_id": event.id, "version": -n, "at": WORKED_AT, "by": "a", "text": "t"} for n in range(499)]
    with engine.begin() as connection:
        connection.execute(submission_notes.insert(), rows)
    work.note(event.id, "the last one", ADA)
    with pytest.raises(BadValue, match="500 notes"):
        work.note(event.id, "one more", ADA)
    assert record_of(engine, event.id).version == 2


def test_twenty_labels_are_the_most(engine: Engine, event: SubmissionAccepted, work: Work) -> None:
    work.change(event.id, Change(labels=tuple(f"l{n}" for n in range(20))), ADA)
    with pytest.raises(BadValue, match="21 labels, 20 at most"):
        work.change(event.id, Change(add_labels=("one more",)), ADA)
    assert len(labels_looked_up(engine, event.id)) == 20
    assert len(work.change(event.id, Change(remove_labels=("l0",)), ADA).labels) == 19


def test_spam_by_hand_is_withheld_and_released_once(engine: Engine, event: SubmissionAccepted, work: Work) -> None:
    assert work.spam(event.id, ADA).spam == "owner"
    assert work.spam(event.id, ADA).version == 2, "a second click does nothing"
    assert verdicts(engine) == [SubmissionWithheld(event.id, 2)]
    work.change(event.id, Change(starred=True), ADA)
    assert work.not_spam(event.id, ADA).spam is None
    assert work.not_spam(event.id, ADA).version == 4
    assert verdicts(engine) == [SubmissionWithheld(event.id, 2), SubmissionReleased(4, event)]
    assert [step.changes for step in work.trail(event.id)] == [
        {"spam": [None, "owner"]},
        {"starred": [False, True]},
        {"spam": ["owner", None]},
    ]


def test_what_a_trap_caught_is_released_as_it_was_accepted(engine: Engine, work: Work) -> None:
    caught = replace(an_event(n=1.0, trap="x"), spam="honeypot", receipt_url="https://forms.example.org/r")
    caught = with_files(caught, a_file(), a_file(field="photo", name="me.jpg", number=2, scan="clean"))
    store(engine, caught)
    assert work.spam(caught.id, ADA).version == 1
    work.not_spam(caught.id, ADA)
    assert verdicts(engine) == [SubmissionReleased(2, replace(caught, spam=None))]
    assert work.trail(caught.id)[0].changes == {"spam": ["honeypot", None]}


def test_many_who_click_at_once_release_once(engine: Engine) -> None:
    caught = replace(an_event(), spam="honeypot")
    store(engine, caught)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: Work(engine).not_spam(caught.id, ADA), range(8)))
    assert verdicts(engine) == [SubmissionReleased(2, replace(caught, spam=None))]


@pytest.mark.parametrize(("point", "changed"), [("work-before-commit", False), ("work-after-commit", True)])
def test_a_death_at_the_commit_leaves_all_or_nothing(
    engine: Engine, event: SubmissionAccepted, point: str, changed: bool
) -> None:
    def end(name: str) -> None:
        if name == point:
            raise Injected(name)

    with pytest.raises(Injected):
        Work(engine, reach=end).spam(event.id, ADA)
    assert (record_of(engine, event.id).spam is not None) == changed
    assert len(verdicts(engine)) == len(Work(engine).trail(event.id)) == int(changed)


def test_many_are_changed_in_one_transaction_and_taken_back(engine: Engine, work: Work) -> None:
    events = [an_event(n=n) for n in range(5)] + [an_event(form="others")]
    store(engine, *events)
    before = [record_of(engine, one.id) for one in events]
    work.change(events[0].id, Change(state="done", labels=("a",)), ADA)
    work.change(events[1].id, Change(labels=tuple(f"l{n}" for n in range(20))), ADA)
    by, job, change = an_asker("signup"), uuid4(), Change(state="done", add_labels=("A", "b"), spam=True)
    with engine.begin() as connection:
        done = work.change_many(connection, [*(one.id for one in events), uuid4()], change, by, job)
        assert work.change_many(connection, [one.id for one in events], change, by, job) == []
    assert {one.id for one in done} == {events[n].id for n in (0, 2, 3, 4)}, "not the full one, and not others'"
    assert {step.job for step in work.trail(events[2].id)} == {job}
    assert sorted(one.id for one in verdicts(engine)) == sorted(one.id for one in done)
    work.change(events[2].id, Change(starred=True), ADA)
    with engine.begin() as connection:
        back = work.take_back(connection, done, by, job)
    assert {one.id for one in back} == {events[n].id for n in (0, 3, 4)}, "somebody has changed the third since then"
    first = record_of(engine, events[0].id)
    assert (first.state, first.labels, first.spam) == ("done", ("a",), None)
    assert replace(record_of(engine, events[3].id), version=1) == before[3]
    assert labels_looked_up(engine, events[3].id) == set()
    assert record_of(engine, events[2].id).spam == "owner"
    released = [one for one in verdicts(engine) if isinstance(one, SubmissionReleased)]
    assert {(one.id, one.version) for one in released} == {(one.id, one.version) for one in back}


def test_what_was_asked_to_be_sent_again_is_in_the_trail(engine: Engine, event: SubmissionAccepted, work: Work) -> None:
    Resending(engine, "command: ada").request_channel(event.id, "owner")
    [step] = work.trail(event.id)
    assert (step.by, step.changes, step.version) == ("command: ada", {"resend": "owner"}, None)


def test_what_belongs_to_a_submission_goes_with_it(engine: Engine, event: SubmissionAccepted, work: Work) -> None:
    work.change(event.id, Change(labels=("a",)), ADA)
    work.note(event.id, "a note", ADA)
    with engine.begin() as connection:
        connection.execute(delete(submissions).where(submissions.c.id == event.id))
        for table in (submission_labels, submission_notes, submission_trail):
            assert connection.execute(select(table)).all() == []


def test_the_name_of_who_asks_is_in_the_trail_and_nothing_else_of_them(event: SubmissionAccepted, work: Work) -> None:
    by = Asker("the office", frozenset({"write"}), source="192.0.2.1")
    work.change(event.id, Change(state="open"), by)
    assert "192.0.2.1" not in str(work.trail(event.id))
