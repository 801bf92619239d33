"""What a person asks: everything that names them is found, handed out, and erased; nothing of anybody else."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select

from shared.contracts import Control, SubmissionAccepted, fingerprint
from shared.mailboxes import recipient_hash
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from shared.parked import naming
from shared.parked.naming import Naming
from storage_service.accounts.asker import SCOPES, Asker
from storage_service.sealed import Opening
from storage_service.store.repository import SubmissionRepository
from storage_service.subjects import subjects
from storage_service.subjects.finding import Finder
from storage_service.subjects.person import person_of
from storage_service.tables import JOBS, PARKED
from storage_service.work import Change
from support.console_app import ConsoleApp, a_console
from support.erasures import park, places_of
from support.events import an_event
from support.sealed import CANARY, KEY, a_sealed_event
from support.search_rows import indexed
from support.submission_databases import NOW, migrated, store

HER = "ada@example.org"
BOB = "bob@example.org"
TEAM = Asker("team@example.com", frozenset(SCOPES))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@dataclass
class Notify:
    """Answers as notify does: `mails` are the submissions that it confirmed, by what stands for the recipient."""

    mails: dict[str, list[str]] = field(default_factory=dict)
    parked: list[dict[str, Any]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    suppressed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    is_silent_of_suppressed: bool = False

    def mailed(self, address: str, submission: UUID) -> None:
        self.mails.setdefault(recipient_hash(address), []).append(str(submission))

    def methods(self) -> Mapping[str, Any]:
        mail = {"channel": "email", "state": "sent", "attempts": 1, "at": None}
        return {
            "deliveries_of_recipient": self._page,
            "deliveries": lambda _: {"confirmations": [mail]},
            "suppressions.find": self._suppressed,
            "parked.naming": self._naming,
            "parked.forget": self._forget,
        }

    def _suppressed(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if self.is_silent_of_suppressed:
            raise ValueError("an earlier version")
        return {"suppressions": self.suppressed.get(params["address"], []), "address": "0" * 64, "shown": "…"}

    def _page(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return a submission a page."""
        found = self.mails.get(params["recipient"], [])
        start = 0 if params["after"] is None else int(params["after"][0])
        more = start + 1 < len(found)
        return {"submissions": found[start : start + 1], "next": [str(start + 1), ""] if more else None}

    def _naming(self, _params: Mapping[str, Any]) -> dict[str, Any]:
        return {"found": self.parked, "looked_at": len(self.parked), "next_cursor": None}

    def _forget(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self.forgotten += params["ids"]
        return {"forgotten": len(params["ids"])}


@pytest.fixture
def notify() -> Notify:
    return Notify()


@pytest.fixture
def console(engine: Engine, tmp_path: Path, notify: Notify) -> ConsoleApp:
    made = a_console(engine, tmp_path)
    shown = {"parked.show": lambda params: {"parked": made_entry(params["id"])}}
    parked = Naming(engine, PARKED)
    made.broker.serve(STORAGE_QUERIES, {**naming.methods(parked), **shown}, naming.erasing_methods(parked))
    made.broker.serve(NOTIFY_QUERIES, {**notify.methods(), **shown})
    return made


def made_entry(parked_id: str) -> dict[str, Any]:
    return {"id": parked_id, "content": {"email": HER, "text": "parked words"}}


KEY_1 = "4b0d4a2c-6a3b-4c50-9a51-7d0b0f8f2e11"


def conflicting(event: SubmissionAccepted, **fields: Any) -> SubmissionAccepted:
    return replace(event, fields=fields, fingerprint=fingerprint(fields))


def everywhere(engine: Engine, console: ConsoleApp) -> dict[str, SubmissionAccepted]:
    """Store submissions that name her in one place each, and one that names nobody of her."""
    made = {
        "field": an_event(email=HER),
        "nested": an_event(email=BOB, others=[{"guest": "Ask Ada <ADA+party@Example.org>"}]),
        "control": replace(an_event(name="no address"), control=Control(reply_to="Ada@example.org")),
        "spam": replace(an_event(email=HER), spam="honeypot"),
        "note": an_event(email=BOB),
        "label": an_event(email=BOB),
        "conflict": an_event(email=BOB),
        "other": an_event(email=BOB, text="ada at example.org, or ada@example.com"),
    }
    store(engine, *made.values())
    console.parts.work.note(made["note"].id, f"He says that {HER} comes, too.", TEAM)
    console.parts.work.change(made["label"].id, Change(add_labels=(f"for {HER}",)), TEAM)
    with SubmissionRepository(engine).transaction() as rows:
        rows.keep_conflicts([conflicting(made["conflict"], email=HER)], received_at=NOW)
    return made


def ask(console: ConsoleApp, way: str, body: object, **options: Any) -> tuple[int, Any]:
    answer = console.ask(f"/v1/subjects/{way}", method="POST", json=body, **options)
    return answer.status_code, answer.get_json(silent=True)


def found(console: ConsoleApp, email: object = HER, **options: Any) -> dict[str, Any]:
    status, report = ask(console, "find", {"email": email}, **options)
    assert status == 200, report
    document: dict[str, Any] = report
    return document


@pytest.mark.parametrize("is_indexed", [True, False], ids=["indexed", "not indexed yet"])
def test_whatever_names_a_person_is_found_and_nothing_else(
    engine: Engine, console: ConsoleApp, is_indexed: bool
) -> None:
    made = everywhere(engine, console)
    if is_indexed:
        indexed(engine)
    report = found(console)
    assert report["places"] == {
        "submissions": 6,
        "spam": 1,
        "conflicts": 1,
        "files": 0,
        "notes": 1,
        "labels": 1,
        "mailed": 0,
        "not_stored": 0,
        "parked_storage": 0,
        "parked_notify": 0,
    }
    assert (report["count"], report["complete"], report["forms"]) == (7, True, {"signup": 7})
    assert report["addresses"] == [HER]
    assert set(report["written"]) == {HER, "ADA+party@Example.org", "Ada@example.org"}
    everything = Finder(engine).find(person_of([HER]), None).submissions
    assert set(everything) == {one.id for name, one in made.items() if name != "other"}


def test_several_addresses_of_a_person_are_asked_for_at_once(engine: Engine, console: ConsoleApp) -> None:
    store(engine, an_event(email="a.d.a@gmail.com"), an_event(email=HER), an_event(email=BOB))
    assert found(console, [HER, "ADA@googlemail.com", "ada+1@example.org"])["count"] == 2
    assert found(console, "nobody@example.org")["count"] == 0


@pytest.mark.parametrize(
    "address", ["ada.@docomo.example.org", "a..da@docomo.example.org", "Ada@B\u00dcCHER.example.org"]
)
def test_whatever_a_form_takes_as_an_address_is_found(engine: Engine, console: ConsoleApp, address: str) -> None:
    store(engine, an_event(email=address), an_event(email=HER))
    assert found(console, address)["count"] == 1


def test_deliveries_and_parked_copies_are_asked_of_the_services(
    engine: Engine, console: ConsoleApp, notify: Notify
) -> None:
    there, lost = an_event(email=BOB), an_event(email=HER)
    store(engine, there)
    park(engine, lost)
    park(engine, an_event(email=BOB))
    for submission in (there.id, lost.id, uuid4()):
        notify.mailed(HER, submission)
    notify.parked = [{"id": "n1", "message_id": "x", "type": "delivery.due.v1", "queue": "q", "parked_at": "2026"}]
    report = found(console)
    assert (report["places"]["mailed"], report["places"]["not_stored"]) == (3, 2)
    assert (report["places"]["parked_storage"], report["places"]["parked_notify"]) == (1, 1)
    assert report["count"] == 3
    park(engine, an_event(email=HER))
    assert found(console)["places"]["mailed"] == 3, "what is parked was mailed to nobody"
    assert found(console)["count"] == 4


def test_it_is_said_that_an_address_is_sent_no_mail_and_that_stays(
    engine: Engine, console: ConsoleApp, notify: Notify
) -> None:
    store(engine, an_event(email=HER))
    assert found(console)["suppressed"] == []
    told = {"address": "a…@example.org", "form": None, "stops": "all", "reason": "bounced", "said": "550 5.1.1"}
    at = "2026-11-30T12:00:00Z"
    notify.suppressed = {HER: [{**told, "at": at, "id": "x.all", "by": "ses"}]}
    assert found(console, ["ADA+1@example.org", BOB])["suppressed"] == [{**told, "at": at}]
    assert found(console, BOB)["suppressed"] == []
    assert found(console, key=console.key("read"))["suppressed"] == [], "it is for who may operate"
    status, done = ask(console, "erase", {"email": HER, "confirm": 1})
    assert (status, done["suppressed"]) == (200, [{**told, "at": at}])
    assert found(console)["suppressed"] == [{**told, "at": at}]
    notify.is_silent_of_suppressed = True
    assert (found(console)["suppressed"], found(console)["complete"]) == (None, True)


def test_a_key_of_some_forms_is_told_of_these_alone(engine: Engine, console: ConsoleApp, notify: Notify) -> None:
    store(engine, an_event(email=HER), an_event(form="contact", email=HER))
    notify.mailed(HER, uuid4())
    report = found(console, key=console.key("read", forms=["contact"]))
    assert (report["forms"], report["places"]["mailed"]) == ({"contact": 1}, None)
    assert "parked_storage" not in report["places"]
    status, done = ask(console, "erase", {"email": HER, "confirm": 9}, key=console.key("erase", forms=["contact"]))
    assert (status, done["erased"]["job"]["changed"]) == (200, 1)
    assert found(console)["forms"] == {"signup": 1}


def test_everything_of_a_person_is_erased_and_nothing_of_anybody_else(
    engine: Engine, console: ConsoleApp, notify: Notify
) -> None:
    made = everywhere(engine, console)
    indexed(engine)
    lost = an_event(email=HER)
    park(engine, lost)
    notify.mailed(HER, lost.id)
    notify.parked = [{"id": "n1", "message_id": "x", "type": "delivery.due.v1", "queue": "q", "parked_at": "2026"}]
    status, counted = ask(console, "erase", {"email": HER})
    assert (status, counted["count"], counted["erased"]) == (200, 8, None)
    assert ask(console, "erase", {"email": HER, "confirm": 7})[0] == 409
    status, done = ask(console, "erase", {"email": HER, "confirm": 8}, headers={"Idempotency-Key": KEY_1})
    assert status == 200
    assert done["erased"]["job"]["changed"] == 7
    assert (done["erased"]["not_stored"], done["erased"]["parked"]) == (1, {"storage": 0, "notify": 1})
    assert notify.forgotten == ["n1"]
    assert places_of(engine, HER) == set()
    assert [one["id"] for one in console.json("/v1/submissions")["submissions"]] == [str(made["other"].id)]
    again = ask(console, "erase", {"email": HER, "confirm": 8}, headers={"Idempotency-Key": KEY_1})[1]
    assert again["erased"]["job"]["id"] == done["erased"]["job"]["id"]
    assert ask(console, "erase", {"email": BOB, "confirm": 8}, headers={"Idempotency-Key": KEY_1})[0] == 422


def test_neither_the_audit_nor_a_job_says_whom_it_was_about(engine: Engine, console: ConsoleApp) -> None:
    store(engine, an_event(email=HER))
    found(console)
    console.ask("/v1/subjects/export", method="POST", json={"email": HER})
    job = ask(console, "erase", {"email": HER, "confirm": 1})[1]["erased"]["job"]
    noted = [(one.action, one.on, one.count) for one in console.parts.audit.page(10)]
    assert ("subject.find", "a person", 1) in noted
    assert ("subject.export", "a person", 1) in noted
    assert ("subject.erase", f"job {job['id']}", 1) in noted
    assert places_of(engine, HER) == set()
    assert places_of(engine, recipient_hash(HER)) == set()


def test_nobody_finds_out_by_trying_addresses_whom_a_job_was_about(engine: Engine, console: ConsoleApp) -> None:
    store(engine, an_event(email=HER))
    jobs = [ask(console, "erase", {"email": HER, "confirm": 1})[1]["erased"]["job"]["id"] for _ in range(2)]
    with engine.connect() as connection:
        kept = connection.scalars(select(JOBS.jobs.c.request).where(JOBS.jobs.c.id.in_(map(UUID, jobs)))).all()
    assert len(set(kept)) == 2


@pytest.mark.parametrize("key", ["1", "erase-ada", "a" * 40, "12121212121212121212121212"])
def test_a_key_that_could_be_tried_out_is_refused(console: ConsoleApp, key: str) -> None:
    """Whoever has the database and guesses the key tries addresses with it."""
    status, problem = ask(console, "erase", {"email": HER, "confirm": 0}, headers={"Idempotency-Key": key})
    assert (status, problem["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_what_came_since_is_not_said_to_be_erased_under_the_same_key(engine: Engine, console: ConsoleApp) -> None:
    store(engine, an_event(email=HER))
    asking = {"headers": {"Idempotency-Key": KEY_1}}
    assert ask(console, "erase", {"email": HER, "confirm": 1}, **asking)[0] == 200
    assert ask(console, "erase", {"email": HER, "confirm": 1}, **asking)[0] == 200, "the same answer again"
    store(engine, an_event(email=HER))
    status, problem = ask(console, "erase", {"email": HER, "confirm": 1}, **asking)
    assert (status, problem["errors"][0]["code"]) == (409, "COUNT")
    assert found(console)["count"] == 1


def test_some_persons_are_looked_for_at_once_and_others_wait(
    engine: Engine, console: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subjects, "WAITED_S", 0.05)
    turns = [console.parts.subjects._turns.acquire() for _ in range(subjects.AT_ONCE_MOST)]
    answer = console.ask("/v1/subjects/find", method="POST", json={"email": HER})
    assert (all(turns), answer.status_code) == (True, 503)
    console.parts.subjects._turns.release()
    assert console.ask("/v1/subjects/find", method="POST", json={"email": HER}).status_code == 200


def test_a_large_table_is_looked_into_for_a_while_whatever_it_has(engine: Engine) -> None:
    event = an_event(email=BOB)
    store(engine, event)
    with SubmissionRepository(engine).transaction() as rows:
        later = [conflicting(event, email=f"e{number}@example.org") for number in range(250)]
        rows.keep_conflicts([*later, conflicting(event, email=HER)], received_at=NOW)
    indexed(engine)
    looked = Finder(engine, most=100).find(person_of([HER]), None)
    assert (looked.conflicts, looked.unfinished) == (1, [])


def test_while_a_service_is_away_nothing_is_erased(engine: Engine, tmp_path: Path) -> None:
    alone = a_console(engine, tmp_path)
    store(engine, an_event(email=HER))
    report = found(alone)
    assert (report["count"], report["complete"], report["silent"]) == (1, False, ["notify", "storage"])
    for way in ("erase", "export"):
        status, problem = ask(alone, way, {"email": HER} | ({"confirm": 1} if way == "erase" else {}))
        assert status == 503
        assert "does not answer" in problem["detail"]
    assert found(alone)["count"] == 1


def test_while_the_index_is_far_behind_nothing_is_erased(engine: Engine, console: ConsoleApp) -> None:
    store(engine, *(an_event(email=HER) for _ in range(3)))
    behind = Finder(engine, most=2).find(person_of([HER]), None)
    assert not behind.is_indexed
    indexed(engine)
    assert Finder(engine, most=2).find(person_of([HER]), None).is_indexed


@pytest.mark.parametrize(
    ("email", "place"),
    [
        ("ada", "email.0"),
        ([HER, "no address"], "email.1"),
        ([], "email"),
        ([f"a{number}@example.org" for number in range(21)], "email"),
        ("a" * 5000 + "@example.org", "email"),
        ("a" + "." * 400 + "@example.org", "email.0"),
        ({"a": 1}, "email"),
        ([1], "email"),
        (None, "email"),
        ("ada@example.org\nbob@example.org", "email.0"),
    ],
)
def test_what_is_no_address_is_refused_by_its_place(console: ConsoleApp, email: Any, place: str) -> None:
    for way in ("find", "export", "erase"):
        status, problem = ask(console, way, {"email": email})
        assert (status, problem["errors"][0].get("field")) == (422, place), way


def test_what_is_no_text_or_is_too_much_is_refused(console: ConsoleApp) -> None:
    for body in ({"email": HER, "more": 1}, {}, {"email": "\0@example.org"}, {"email": HER, "confirm": "1"}):
        assert ask(console, "erase", body)[0] == 422
    assert ask(console, "find", [HER])[0] == 400
    assert ask(console, "find", {"email": "a" * 2_000_000})[0] == 413


def test_a_copy_has_everything_and_shows_what_strangers_sent_as_text(
    engine: Engine, console: ConsoleApp, notify: Notify
) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202e\x00".replace("\x00", "")
    odd: dict[str, Any] = {"<b>": [1, {"x": evil}]}
    events = [an_event(email=HER, name=evil, **odd) for _ in range(120)]
    store(engine, *events)
    console.parts.work.note(events[0].id, f"{HER}: {evil}", TEAM)
    lost = uuid4()
    notify.mailed(HER, events[0].id)
    notify.mailed(HER, lost)
    park(engine, an_event(email=HER, text=evil))
    answer = console.ask("/v1/subjects/export", method="POST", json={"email": HER})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert "ada" not in answer.headers["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    assert archive.testzip() is None
    assert archive.namelist() == ["person.json", "person.html"]
    document = json.loads(archive.read("person.json"))
    assert {one["id"] for one in document["submissions"]} == {str(one.id) for one in events}
    first = next(one for one in document["submissions"] if one["id"] == str(events[0].id))
    assert first["fields"] == events[0].fields
    assert first["notes"][0]["text"] == f"{HER}: {evil}"
    assert first["mails"][0]["state"] == "sent"
    assert [one["id"] for one in document["not_stored"]] == [str(lost)] or len(document["not_stored"]) == 2
    assert document["parked"][0]["content"]["text"] == "parked words"
    assert document["complete"] is True
    page = archive.read("person.html").decode()
    assert_harmless(page)
    assert page.count("<article>") == 120 + len(document["not_stored"]) + 1
    assert "alert(1)" in page
    assert "\u202e" not in page


def test_a_copy_has_what_is_parked_for_those_alone_who_may_operate(
    engine: Engine, console: ConsoleApp, notify: Notify
) -> None:
    store(engine, an_event(email=HER))
    park(engine, an_event(email=HER))
    read = {scopes: exported(console, console.key(*scopes)) for scopes in (("export",), ("export", "operate"))}
    copies = {scopes: (one["parked"][0]["content"], one["complete"]) for scopes, one in read.items()}
    assert copies == {
        ("export",): (None, False),
        ("export", "operate"): ({"email": HER, "text": "parked words"}, True),
    }
    assert "may operate" in read["export",]["unfinished"][0]


def exported(console: ConsoleApp, key: str) -> dict[str, Any]:
    answer = console.ask("/v1/subjects/export", key, "POST", json={"email": HER})
    assert answer.status_code == 200, answer.get_data()
    document: dict[str, Any] = json.loads(zipfile.ZipFile(io.BytesIO(answer.get_data())).read("person.json"))
    return document


def test_a_copy_says_what_was_not_looked_into(
    engine: Engine, console: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(engine, an_event(email=HER))
    event = an_event(email=BOB)
    store(engine, event)
    with SubmissionRepository(engine).transaction() as rows:
        rows.keep_conflicts([conflicting(event, email="eve@example.org")], received_at=NOW)
    monkeypatch.setattr(console.parts.subjects, "_finder", Finder(engine, most=1, seconds=0))
    indexed(engine)
    answer = console.ask("/v1/subjects/export", method="POST", json={"email": HER})
    assert answer.status_code == 200, answer.get_data()
    archive = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    document = json.loads(archive.read("person.json"))
    assert document["complete"] is False
    assert "not all were looked into" in document["unfinished"][0]
    assert "not all were looked into" in archive.read("person.html").decode()


@pytest.mark.parametrize("scopes", [("export", "unseal"), ("export",)], ids=" and ".join)
def test_a_copy_has_sealed_fields_in_the_clear_for_who_may_open_them(
    engine: Engine, tmp_path: Path, notify: Notify, scopes: tuple[str, ...]
) -> None:
    opening = a_console(engine, tmp_path, opening=Opening([KEY]))
    opening.broker.serve(STORAGE_QUERIES, naming.methods(Naming(engine, PARKED)))
    opening.broker.serve(NOTIFY_QUERIES, notify.methods())
    event = a_sealed_event(email=HER)
    store(engine, event)
    with SubmissionRepository(engine).transaction() as rows:
        rows.keep_conflicts([replace(event, fields={"email": BOB}, fingerprint="1" * 64)], received_at=NOW)
    answer = opening.ask("/v1/subjects/export", opening.key(*scopes), "POST", json={"email": HER})
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        (one,), page = json.loads(archive.read("person.json"))["submissions"], archive.read("person.html").decode()
    is_opened = "unseal" in scopes
    assert (one["opened"], one["sealed"]) == (({"iban": CANARY}, []) if is_opened else ({}, ["iban"]))
    assert [(later["opened"], later["sealed"]) for later in one["came_again"]] == [(one["opened"], one["sealed"])]
    noted = [(each.on, each.count) for each in opening.parts.audit.page(10) if each.action == "submission.unseal"]
    assert noted == ([(one["id"], 2)] if is_opened else []), "once for the JSON and the page together"
    assert (CANARY in page) is is_opened
    assert ("not opened for this copy" in page) is not is_opened


class Tags(HTMLParser):
    """Collects the tags of a page, and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {(tag, name) for name, _ in attrs} | {(tag, "")}


def assert_harmless(page: str) -> None:
    """Nothing in it runs, and nothing is fetched."""
    tags = Tags()
    tags.feed(page)
    assert not {"script", "img", "link", "iframe", "form", "a", "object", "base", "svg"} & {tag for tag, _ in tags.seen}
    assert not {name for _, name in tags.seen if name.startswith("on") or name in ("src", "href", "style")}
    assert "default-src 'none'" in page


def test_parked_messages_are_looked_into_a_part_at_a_time(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        park(engine, an_event(email=HER if number % 2 else BOB))
    monkeypatch.setattr(naming, "LOOKED_AT_MOST", 3)
    asked, seen, cursor = Naming(engine, PARKED), list[str](), None
    for _ in range(3):
        page = asked.page([HER], cursor)
        seen += [one["id"] for one in page["found"]]
        cursor = page["next_cursor"]
    assert (len(set(seen)), cursor) == (3, None)
    assert asked.forget(seen, "ada") == 3
    assert asked.page([HER], None)["found"] == []
    with pytest.raises(ValueError, match=r".*"):
        asked.page([HER], "nonsense")
