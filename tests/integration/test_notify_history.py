"""What owners are shown of deliveries, on both databases: by indexes alone, in pages, with reasons in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event, insert, text, update

from notify_service.__main__ import main
from notify_service.channels.planned import NO_REQUEST
from notify_service.history.failing import failing_forms
from notify_service.history.printing import document, table
from notify_service.history.selecting import PAGE, Which, selected
from notify_service.history.shown import DELIVERIES_MOST, TRIES_MOST, History
from notify_service.tables import MIGRATIONS, deliveries, delivery_attempts
from shared import database
from support.confirmations import NOON
from support.migrating import migrate

SUBMISSION = uuid4()


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


def a_row(at: datetime = NOON, **others: Any) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "submission_id": uuid4(),
        "form": "signup",
        "channel": "confirmation",
        "destination_hash": uuid4().hex,
        "destination_shown": "a…@example.org",
        "request": NO_REQUEST,
        "state": "sent",
        "attempts": 1,
        "last_error": None,
        "requested_by": None,
        "created_at": at,
        "changed_at": at,
        "due_at": None,
        "next_attempt_at": None,
    } | others


def a_try(delivery_id: UUID, number: int = 1, said: str = "250 ok", at: datetime = NOON) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id,
        "number": number,
        "at": at,
        "took_ms": 12,
        "outcome": "failed",
        "said": said,
    }


def put(engine: Engine, *rows: dict[str, Any], tries: list[dict[str, Any]] | None = None) -> list[UUID]:
    with engine.begin() as connection:
        connection.execute(insert(deliveries), list(rows))
        if tries:
            connection.execute(insert(delivery_attempts), tries)
    return [row["id"] for row in rows]


def minutes(count: int) -> datetime:
    return NOON + timedelta(minutes=count)


def test_they_are_shown_newest_first_however_many_pages_that_takes(engine: Engine) -> None:
    ids = put(engine, *(a_row(minutes(number // 3)) for number in range(2 * PAGE + 7)))
    shown = [row.id for row in selected(engine, Which(), 10_000)]
    assert sorted(shown) == sorted(ids)
    assert shown[-3:] == sorted(ids[:3], reverse=True)
    assert [row.id for row in selected(engine, Which(), PAGE + 1)] == shown[: PAGE + 1]
    after = (minutes(0), max(ids[:3]))
    assert [row.id for row in selected(engine, Which(after=after), 10)] == shown[-2:]


def test_each_choice_leaves_what_it_says(engine: Engine) -> None:
    old_failure, failed, sent, of_submission = put(
        engine,
        a_row(minutes(0), state="failed"),
        a_row(minutes(1), changed_at=minutes(90), state="failed", form="contact"),
        a_row(minutes(2)),
        a_row(minutes(3), submission_id=SUBMISSION, state="held", last_error="limit form"),
    )

    def of(which: Which) -> list[UUID]:
        return [row.id for row in selected(engine, which, 10)]

    assert of(Which("failed")) == [failed, old_failure]
    assert of(Which("failed", since=minutes(60))) == [failed], "a failure is as old as its last try"
    assert of(Which("failed", form="signup")) == [old_failure]
    assert of(Which("sent")) == [sent]
    assert of(Which(form="signup", since=minutes(2))) == [of_submission, sent]
    assert of(Which(submission=SUBMISSION)) == of(Which("held")) == [of_submission]
    assert of(Which("cancelled")) == []


@pytest.mark.parametrize(
    ("which", "index"),
    [
        (Which("failed"), "deliveries_unsent"),
        (Which("failed", form="signup", since=NOON, after=(NOON, UUID(int=7))), "deliveries_unsent"),
        (Which("held", since=NOON), "deliveries_unsent"),
        (Which("sent"), "deliveries_by_creation"),
        (Which(), "deliveries_by_creation"),
        (Which(form="signup", since=NOON, after=(NOON, UUID(int=7))), "deliveries_by_creation"),
        (Which(submission=SUBMISSION), "deliveries_asked_once"),
    ],
)
def test_a_million_rows_are_no_matter(engine: Engine, which: Which, index: str) -> None:
    executed: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *given: executed.append((given[2], given[3])))
    list(selected(engine, which, 50))
    [(statement, parameters)] = [one for one in executed if one[0].startswith("SELECT")]
    is_postgresql = engine.dialect.name == "postgresql"
    with engine.connect() as connection:
        if is_postgresql:  # which reads an empty table as a whole, unless it must not
            connection.execute(text("SET enable_seqscan = off"))
            connection.execute(text("SET enable_bitmapscan = off"))
        prefix = "EXPLAIN" if is_postgresql else "EXPLAIN QUERY PLAN"
        plan = str(connection.exec_driver_sql(f"{prefix} {statement}", parameters).all())
    assert (index in plan) or (not is_postgresql and index == "deliveries_asked_once" and "autoindex" in plan), plan
    assert "SCAN deliveries USING INDEX" in plan or "SCAN deliveries" not in plan
    assert "Seq Scan" not in plan
    if which.submission is None:
        assert "B-TREE" not in plan, "nothing is sorted"
        assert "Sort" not in plan


def test_the_table_says_why_in_words_and_shows_no_control_character(engine: Engine) -> None:
    put(
        engine,
        a_row(
            minutes(1),
            id=UUID(int=1),
            submission_id=UUID(int=2),
            form="sign\x1b[31mup",
            state="failed",
            attempts=3,
            last_error="rcpt 550",
        ),
        a_row(minutes(0), state="retrying", channel="webhook", last_error="status 503", next_attempt_at=minutes(9)),
        tries=[a_try(UUID(int=1), 3, "550 5.1.1 no such user")],
    )
    head, first, second = table(list(selected(engine, Which(), 10)))
    assert head.split() == ["WHEN", "(UTC)", "FORM", "SUBMISSION", "CHANNEL", "TO", "STATE", "NEXT", "TRY", "WHY"]
    assert first.startswith("2026-11-22 12:01:00  sign\\x1b[31mup")
    assert first.endswith("There is no such mailbox: the address is mistyped, or was closed. (550)")
    assert "failed (3 tries)" in first
    assert "2026-11-22 12:09:00" in second
    assert second.endswith("The endpoint has a fault of its own (HTTP 503): look into its log.")
    assert list(table([])) == ["no such deliveries"]


def test_a_row_as_json_has_what_a_program_needs(engine: Engine) -> None:
    [key] = put(engine, a_row(state="failed", last_error="status 410"))
    [row] = selected(engine, Which(), 10)
    told = json.loads(json.dumps(document(row)))
    assert (told["id"], told["state"], told["error"], told["said"]) == (str(key), "failed", "status 410", None)
    assert told["reason"].startswith("The endpoint says that it is gone")


def test_a_submission_is_shown_with_the_last_tries_of_each_delivery(engine: Engine) -> None:
    mail, webhook = put(
        engine,
        a_row(submission_id=SUBMISSION, attempts=9),
        a_row(submission_id=SUBMISSION, channel="webhook", state="held", last_error="limit form", attempts=0),
        tries=[a_try(UUID(int=0))],
    )
    with engine.begin() as connection:
        connection.execute(insert(delivery_attempts), [a_try(mail, number) for number in range(1, 10)])
    first, second = History(engine).of_submission(SUBMISSION)
    assert (first["channel"], first["id"], [one["number"] for one in first["tries"]]) == (
        "email",
        str(mail),
        list(range(9, 9 - TRIES_MOST, -1)),
    )
    assert first["tries"][0] == {
        "number": 9,
        "at": "2026-11-22T12:00:00.000000Z",
        "took_ms": 12,
        "outcome": "failed",
        "said": "250 ok",
    }
    assert (second["id"], second["limit"], second["error"], second["tries"]) == (str(webhook), "form", None, [])
    assert "Send" not in (first["reason"] or "")
    assert History(engine).of_submission(uuid4()) == []


def test_an_answer_has_an_end(engine: Engine) -> None:
    rows = [a_row(submission_id=SUBMISSION, attempts=TRIES_MOST) for _ in range(DELIVERIES_MOST + 50)]
    put(engine, *rows, tries=[a_try(row["id"], n, "x" * 500) for row in rows for n in range(1, TRIES_MOST + 1)])
    shown = History(engine).of_submission(SUBMISSION)
    assert len(shown) == DELIVERIES_MOST
    assert len(json.dumps(shown)) < 500_000


def test_a_form_fails_whose_owner_has_mail_that_is_tried_again_waits_or_has_failed(engine: Engine) -> None:
    def of_owner(form: str, **others: Any) -> dict[str, Any]:
        return a_row(channel="owner", form=form, due_at=NOON, **others)

    put(
        engine,
        of_owner("retried", state="retrying", changed_at=NOON - timedelta(hours=5)),
        of_owner("failed", state="failed"),
        of_owner("failed-long-ago", state="failed", changed_at=NOON - timedelta(hours=3)),
        of_owner("waits", state="pending"),
        of_owner("sent"),
        a_row(form="confirms", state="failed", due_at=NOON),
    )
    assert failing_forms(engine, minutes(5)) == {"retried", "failed"}
    assert failing_forms(engine, minutes(11)) == {"retried", "failed", "waits"}


def test_the_command_shows_and_pages_and_refuses_what_it_does_not_know(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    put(engine, *(a_row(minutes(number), state="failed", last_error="status 404") for number in range(3)))

    def run(*arguments: str) -> str:
        assert main(["deliveries", *arguments]) == 0
        return capsys.readouterr().out

    assert len(run("--failed").splitlines()) == 4
    first = run("--failed", "--limit", "2").splitlines()
    assert len(first) == 5
    assert len(run("--failed", "--after", first[-1].rpartition(" ")[2]).splitlines()) == 2
    assert [json.loads(line)["state"] for line in run("--json", "--form", "signup").splitlines()] == ["failed"] * 3
    assert run("--held") == run("--failed", "--since", "1m") == "no such deliveries\n"
    for wrong in (
        ["--since", "yesterday"],
        ["--limit", "0"],
        ["--after", "x"],
        ["--failed", "--held"],
        ["--submission", "1"],
    ):
        with pytest.raises(SystemExit) as refused:
            main(["deliveries", *wrong])
        assert refused.value.code == 2
    capsys.readouterr()


def test_what_has_failed_is_what_nobody_has_sent_again(engine: Engine) -> None:
    owner: dict[str, Any] = {
        "channel": "owner",
        "destination_hash": "the owner's",
        "submission_id": SUBMISSION,
        "due_at": NOON,
    }
    put(engine, a_row(state="failed", **owner), a_row(state="failed", submission_id=SUBMISSION))

    def failed() -> list[datetime]:
        return [row.created_at for row in selected(engine, Which("failed", submission=SUBMISSION), 10)]

    assert failed() == [NOON] * 2
    [again] = put(engine, a_row(minutes(1), state="failed", request=uuid4(), **owner))
    assert failed() == [minutes(1), NOON], "the newest says how it is"
    assert failing_forms(engine, minutes(5)) == {"signup"}
    with engine.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == again).values(state="sent"))
    assert failed() == [NOON], "the confirmation's"
    assert failing_forms(engine, minutes(5)) == set()


def test_whoever_asked_to_send_again_is_shown(engine: Engine) -> None:
    put(engine, a_row(submission_id=SUBMISSION), a_row(minutes(1), submission_id=SUBMISSION, requested_by="ada"))
    shown = sorted(History(engine).of_submission(SUBMISSION), key=lambda one: str(one["created_at"]))
    assert [one["requested_by"] for one in shown] == [None, "ada"]
    assert [document(row)["requested_by"] for row in selected(engine, Which(), 10)] == ["ada", None]
