"""`counterfoil` and a console that runs: what people and programs see of it."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dev.broker import Broker
from shared.contracts import Control, SubmissionAccepted
from storage_service.store.repository import SubmissionRepository
from support.console_server import READ_KEY, ConsoleServer
from support.events import an_event
from support.polling import eventually
from support.search_rows import indexed, scored
from support.service import run
from support.submission_databases import migrated, store
from support.terminal import Terminal

ADA = replace(
    an_event(
        form="contact", name="Ada Lovelace", email="ada@example.org", topic="A fault", message="It\nis \x1b[31mred"
    ),
    control=Control(reply_to="ada@example.org"),
)
BOB = replace(an_event(name="Bob", email="bob@example.org"), accepted_at=ADA.accepted_at - timedelta(minutes=1))
TRAP = replace(an_event(name="Eve", email="eve@example.org"), spam="honeypot")
OFFER = replace(scored(an_event(name="Mallory", email="m@example.net"), 97), spam="score")


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('cli')}/storage.db"


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        store(made, ADA, BOB, TRAP, OFFER)
        indexed(made)
        yield made


@pytest.fixture(scope="module")
def console(
    engine: Engine, database_url: str, rabbitmq: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConsoleServer]:
    place = tmp_path_factory.mktemp("console")
    with ConsoleServer(place, database_url=database_url, broker_url=rabbitmq.fresh_vhost()) as running:
        yield running


@pytest.fixture(scope="module")
def keys(console: ConsoleServer, database_url: str) -> dict[str, str]:
    """A key for each set of scopes."""
    settings = {"COUNTERFOIL_DATABASE_URL": database_url}
    return {
        name: run("storage_service", "key", "add", name, "--scopes", scopes, settings=settings).strip().splitlines()[-1]
        for name, scopes in (("all", "read,write,export"), ("exporter", "export"), ("writer", "write,read"))
    }


@pytest.fixture
def terminal(console: ConsoleServer, keys: dict[str, str], tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, console.url, keys["all"])


@pytest.fixture
def reader(console: ConsoleServer, tmp_path: Path) -> Terminal:
    """Somebody whose key reads alone."""
    return Terminal(tmp_path, console.url, READ_KEY)


def rows(said: str) -> list[list[str]]:
    """Return the cells of a table, without its titles."""
    return [re.split(r"  +", line.strip()) for line in said.splitlines()[1:]]


def test_the_inbox_is_a_table_newest_first_without_spam(reader: Terminal) -> None:
    done = reader.run("inbox", "(form:signup", "OR", "form:contact)", "-is:spam")
    assert done.stdout.splitlines()[0].split() == ["WHEN", "ID", "FORM", "WHO", "AND", "WHAT", "STATE"]
    first, second = rows(done.stdout)
    assert first[1:3] == [str(ADA.id)[-8:], "contact"]
    assert first[3] == "Ada Lovelace · ada@example.org · A fault · It is \\x1b[31mred"
    assert second[3] == "Bob · bob@example.org"
    assert done.stderr == ""
    assert len(rows(reader.run("inbox").stdout)) == 2
    assert {row[-1] for row in rows(reader.run("inbox", "is:spam", "--exact").stdout)} == {
        "spam: honeypot",
        "spam: score 97",
    }


def test_what_looks_like_spam_is_found_by_its_score_and_says_why(reader: Terminal) -> None:
    assert [row[1] for row in rows(reader.run("inbox", "score:>60").stdout)] == [str(OFFER.id)[-8:]]
    assert "nothing" in reader.run("inbox", "score:>97").stderr
    assert "looks like spam: 97 of 100 (3 links to 2 hosts)" in reader.run("show", str(OFFER.id)).stdout


def test_pages_go_on_by_what_is_said(reader: Terminal) -> None:
    first = reader.run("inbox", "--limit", "1", "--count", "--", "-is:spam")
    assert "2 in all" in first.stderr
    said = re.search(r"counterfoil inbox (--cursor \S+ -- \S+)", first.stderr)
    assert said, first.stderr
    second = reader.run("inbox", *said[1].split())
    assert [row[3] for row in rows(first.stdout) + rows(second.stdout)] == [
        "Ada Lovelace · ada@example.org · A fault · It is \\x1b[31mred",
        "Bob · bob@example.org",
    ]


def test_programs_get_json_and_lines_of_it(reader: Terminal) -> None:
    page = json.loads(reader.run("inbox", "--json", "--limit", "1").stdout)
    assert page["submissions"][0]["fields"]["message"] == ADA.fields["message"]
    assert page["next_cursor"]
    lines = [json.loads(line) for line in reader.run("inbox", "--json", "--all").stdout.splitlines()]
    assert [one["id"] for one in lines] == [str(ADA.id), str(BOB.id)]


def test_one_is_shown_by_the_end_of_its_id(reader: Terminal) -> None:
    said = reader.run("show", str(ADA.id)[-8:]).stdout
    assert said.startswith(f"{ADA.id}\ncontact, ")
    assert "\n    It\n    is \\x1b[31mred\n" in said
    assert json.loads(reader.run("show", str(ADA.id), "--json").stdout)["id"] == str(ADA.id)
    assert "none of the newest 200" in reader.run("show", "00000000", exit_code=1).stderr
    assert "no submission" in reader.run("show", "00000000-0000-0000-0000-000000000000", exit_code=1).stderr


def test_a_mistake_is_marked_where_it_is(reader: Terminal) -> None:
    said = reader.run("inbox", "form:contact", "is:nwe", exit_code=2).stderr.splitlines()
    assert "expected one of new, open" in said[0]
    assert said[1:] == ["  form:contact is:nwe", f"  {' ' * 16}^^^"]


def test_forms_are_counted(reader: Terminal) -> None:
    counted = {row[0]: row for row in rows(reader.run("forms").stdout)}
    assert counted["contact"][2:5] == ["1", "1", "0"]
    assert {one["name"] for one in json.loads(reader.run("forms", "--json").stdout)["forms"]} >= {"contact", "signup"}


def test_a_wrong_key_and_one_that_may_not_are_four(console: ConsoleServer, reader: Terminal, tmp_path: Path) -> None:
    said = Terminal(tmp_path, console.url, "cf_wrong").run("inbox", exit_code=4).stderr
    assert "does not know this key" in said
    assert "scope" in reader.run("done", str(ADA.id), exit_code=4).stderr


def test_login_takes_a_key_that_only_exports(console: ConsoleServer, keys: dict[str, str], tmp_path: Path) -> None:
    done = Terminal(tmp_path).run("login", console.url, said=keys["exporter"])
    assert "scope read is needed" in done.stderr
    assert "known as main" in done.stdout
    assert keys["exporter"] not in done.stdout + done.stderr
    assert "knows" not in Terminal(tmp_path).run("login", console.url, said="cf_wrong", exit_code=4).stdout


def test_tail_shows_what_comes(console: ConsoleServer, engine: Engine, reader: Terminal, tmp_path: Path) -> None:
    said = json.loads(console.ask("/v1/submissions?after=now").text)["next_cursor"]
    assert reader.run("tail", "--once", "--cursor", said).stdout == ""
    out, complained = tmp_path / "out", tmp_path / "err"
    with out.open("wb") as writing, complained.open("wb") as complaining:
        tailing = reader.start("tail", "--json", "--every", "0.5", "form:signup", stdout=writing, stderr=complaining)
    begun = reader.run("tail", "--from-start", "--once", "--exact", "form:signup")
    assert str(BOB.id) in begun.stdout
    assert "goes on here" in begun.stderr
    eventually(lambda: "waiting" in complained.read_text(), 30, "it has begun")
    late = an_event(name="Late")
    store_now(engine, late)
    eventually(lambda: str(late.id) in out.read_text(), 30, "the new one is shown")
    tailing.send_signal(signal.SIGINT)
    assert tailing.wait(20) == 130
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [str(late.id)]


def store_now(engine: Engine, event: SubmissionAccepted) -> None:
    """Store one at this moment."""
    with SubmissionRepository(engine).transaction() as transaction:
        transaction.insert([event], stored_at=datetime.now(UTC))


def standing(terminal: Terminal, event: SubmissionAccepted) -> dict[str, object]:
    """Return how a submission stands."""
    found: dict[str, object] = json.loads(terminal.run("show", str(event.id), "--json").stdout)
    return found


def test_what_is_changed_can_be_undone(terminal: Terminal, engine: Engine) -> None:
    changed = an_event(name="Changed")
    store(engine, changed)
    done = terminal.run(
        "change", str(changed.id), "--status=done", "--star", "--label", "Urgent", "--assign", "ada@example.org"
    )
    assert done.stdout.startswith("1 submission changed; counterfoil jobs --undo ")
    seen = standing(terminal, changed)
    assert (seen["status"], seen["starred"], seen["labels"]) == ("done", True, ["Urgent"])
    assert seen["assignee"] == "ada@example.org"
    assert "done ★ #Urgent → ada@example.org" in terminal.run("show", str(changed.id)).stdout
    undone = terminal.run("jobs", *done.stdout.split()[5:7])
    assert undone.stdout == "1 submission set back\n"
    seen = standing(terminal, changed)
    assert (seen["status"], seen["starred"], seen["labels"], seen["assignee"]) == ("new", False, [], None)
    listed = rows(terminal.run("jobs").stdout)
    assert [row[2:7] for row in listed[:2]] == [["undo", "done", "1", "1", "1"], ["change", "done", "1", "1", "1"]]


def test_spam_is_marked_and_released(terminal: Terminal, engine: Engine) -> None:
    taken = an_event(name="Taken")
    store(engine, taken)
    terminal.run("spam", str(taken.id))
    assert standing(terminal, taken)["spam"] == "owner"
    job = json.loads(terminal.run("not-spam", str(taken.id), "--json").stdout)
    assert (job["state"], job["changed"]) == ("done", 1)
    assert standing(terminal, taken)["spam"] is None


def test_a_query_asks_first(terminal: Terminal, engine: Engine) -> None:
    some = [an_event(form="many", name=f"Many {number}") for number in range(3)]
    store(engine, *some)
    asked = ("done", "--matching", "form:many is:new")
    unasked = terminal.run(*asked, exit_code=2)
    assert "Mark 3 submissions as done? Nobody can be asked here: --yes does it" in unasked.stderr
    code, shown = terminal.on_terminal(*asked, typed=b"n\n")
    assert (code, b"Mark 3 submissions as done?" in shown, b"nothing was done" in shown) == (1, True, True)
    assert "3 in all" in terminal.run("inbox", "form:many", "is:new", "--count").stderr
    code, shown = terminal.on_terminal(*asked, typed=b"y\n")
    assert (code, b"3 submissions changed" in shown) == (0, True), shown
    assert "nothing matches" in terminal.run(*asked, "--yes", exit_code=1).stderr
    assert terminal.run("open", "--yes", "--matching", "form:many").stdout.startswith("3 submissions changed")


def test_what_is_not_here_is_not_done(terminal: Terminal) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    assert "1 of these ids are not here" in terminal.run("done", str(BOB.id), nobody, exit_code=1).stderr
    assert standing(terminal, BOB)["status"] == "new"
    assert "no such job" in terminal.run("jobs", nobody, exit_code=1).stderr
    assert "nothing matches" in terminal.run("resend", "--matching", "is:failed", exit_code=1).stderr
    wrong = terminal.run("done", "--matching", "is:nwe", "--yes", exit_code=2).stderr.splitlines()
    assert wrong[1:] == ["  is:nwe", "     ^^^"]
    assert "assignee" in terminal.run("change", str(BOB.id), "--assign", "nobody", exit_code=1).stderr


def test_a_note_is_written_and_shown(terminal: Terminal, engine: Engine) -> None:
    noted = an_event(name="Noted")
    store(engine, noted)
    terminal.run("note", str(noted.id), "called", "back")
    terminal.run("note", str(noted.id), said="two\nlines\n")
    said = terminal.run("show", str(noted.id)).stdout
    assert "note by all, " in said
    assert "\n    called back\n" in said
    assert "\n    two\n    lines\n" in said
    assert "note: yes" in said, "the trail has it"
    assert "characters" in terminal.run("note", str(noted.id), said="x" * 20_000, exit_code=1).stderr


def test_one_is_sent_again_by_its_id(terminal: Terminal) -> None:
    assert "nothing to send again" in terminal.run("resend", str(BOB.id)).stdout
    asked = terminal.run("resend", str(BOB.id), "--channel", "confirmation").stdout
    assert asked == f"{BOB.id}: 1 will be sent again\n"
    answer = json.loads(terminal.run("resend", "--json", str(BOB.id), "--channel", "confirmation").stdout)
    assert answer == {"id": str(BOB.id), "requested": 0}, "it was asked for, and nothing has come of it yet"
    assert "--matching" in terminal.run("resend", str(BOB.id), "--failed", exit_code=2).stderr
    assert terminal.run("resend", str(BOB.id), "--channel", "carrier-pigeon", exit_code=1).stderr


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json", "xlsx"])
def test_an_export_is_whole_in_each_format(terminal: Terminal, kind: str) -> None:
    done = terminal.run("export", "form:contact", "--to", f"contact.{kind}")
    assert done.stdout == f"contact.{kind}: 1 row\n"
    assert done.stderr == ""
    written = (terminal.home / f"contact.{kind}").read_bytes()
    assert kind == "xlsx" or str(ADA.id).encode() in written
    assert [one.name for one in terminal.home.iterdir()] == [f"contact.{kind}"]
    if kind != "xlsx":
        piped = terminal.run("export", "form:contact", "--format", kind).stdout
        assert piped.encode() == written.replace(b"\r\n", b"\n"), "as it is handed to a program"
    said = json.loads(terminal.run("export", "form:contact", "--json", "--to", f"contact.{kind}").stdout)
    assert said == {"file": f"contact.{kind}", "rows": 1, "format": kind}


def test_an_export_takes_columns_and_needs_its_scope(terminal: Terminal, reader: Terminal) -> None:
    terminal.run("export", "form:contact", "--to", "some.csv", "--columns", "email,name", "--labels", "--bom")
    written = (terminal.home / "some.csv").read_bytes().decode()
    assert written.startswith("\ufeff")
    assert written.splitlines()[1] == "ada@example.org,Ada Lovelace"
    assert "scope" in reader.run("export", "--to", "all.csv", exit_code=4).stderr
    assert "columns" in terminal.run("export", "--to", "all.csv", "--columns", "a,a", exit_code=2).stderr
    assert not (reader.home / "all.csv").exists()
