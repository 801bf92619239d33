"""`counterfoil erase` and `counterfoil subject`, and a console that runs: what cannot be undone is asked about."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dev.broker import Broker
from shared.contracts import SubmissionAccepted
from shared.messaging.broker import Answer, Params, QueryMethod
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from shared.parked import naming
from shared.parked.naming import Naming
from storage_service.accounts.keys import Keys
from storage_service.tables import PARKED
from support.console_server import ConsoleServer
from support.events import an_event
from support.polling import eventually
from support.queues import Queues
from support.search_rows import indexed
from support.submission_databases import migrated, store
from support.terminal import Terminal

HER = "ada@example.org"


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('cli')}/storage.db"


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture(scope="module")
def broker_url(rabbitmq: Broker) -> str:
    return rabbitmq.fresh_vhost()


@pytest.fixture
def services(engine: Engine, broker_url: str, terminal: Terminal) -> Iterator[None]:
    """Both services, as far as they are asked for a person. The console looks for them again only after some seconds:
    while there was no queue of theirs, its pauses grew."""
    nobody: Mapping[str, Any] = {"deliveries_of_recipient": lambda _: {"submissions": [], "next": None}}
    parked = Naming(engine, PARKED)
    methods, erasing = naming.methods(parked), naming.erasing_methods(parked)
    storage = RabbitMQ(broker_url, name="storage").serve(STORAGE_QUERIES, methods, erasing)
    notify = RabbitMQ(broker_url, name="notify").serve(NOTIFY_QUERIES, {**methods, **nobody}, erasing)
    queues = Queues(broker_url)
    try:
        for name in (STORAGE_QUERIES, NOTIFY_QUERIES):
            eventually(partial(queues.consumers, name), 10, f"{name} is answered")
        eventually(partial(is_all_asked, terminal), 30, "the console asks both")
        yield
    finally:
        storage.close()
        notify.close()


@pytest.fixture(scope="module")
def console(
    engine: Engine, database_url: str, broker_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConsoleServer]:
    place = tmp_path_factory.mktemp("console")
    with ConsoleServer(place, database_url=database_url, broker_url=broker_url) as running:
        yield running


@pytest.fixture(scope="module")
def key(engine: Engine) -> str:
    return Keys(engine).add("dpo", ["read", "write", "export", "erase"], None, None)


@pytest.fixture
def terminal(console: ConsoleServer, key: str, tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, console.url, key)


def is_all_asked(terminal: Terminal) -> bool:
    """Say whether whoever looks for a person learns all there is."""
    return "not all" not in terminal.run("subject", "find", "nobody@example.org").stderr


def kept(engine: Engine, *events: SubmissionAccepted) -> None:
    store(engine, *events)
    indexed(engine)


def count(terminal: Terminal, query: str) -> int:
    return len(json.loads(terminal.run("inbox", query, "--json").stdout)["submissions"])


def test_one_is_erased_when_somebody_says_yes(terminal: Terminal, engine: Engine) -> None:
    event = an_event(form="one")
    kept(engine, event)
    refused = terminal.run("erase", str(event.id), exit_code=2)
    assert "Erase 1 submission, for ever? Nobody can be asked here" in refused.stderr
    assert count(terminal, "form:one") == 1
    status, shown = terminal.on_terminal("erase", str(event.id), typed=b"n\n")
    assert (status, b"nothing was done" in shown) == (1, True)
    assert terminal.run("erase", str(event.id), "--yes").stdout == "1 submission erased\n"
    assert count(terminal, "form:one") == 0
    assert "not here" in terminal.run("erase", str(event.id), "--yes", exit_code=1).stderr


def test_all_that_match_are_erased(terminal: Terminal, engine: Engine) -> None:
    kept(engine, an_event(form="many"), an_event(form="many"))
    job = json.loads(terminal.run("erase", "--matching", "form:many", "--yes", "--json").stdout)
    assert (job["kind"], job["state"], job["changed"]) == ("erase", "done", 2)
    assert "cannot be brought back" in terminal.run("jobs", "--undo", job["id"], exit_code=1).stderr


def test_a_person_is_found_copied_and_erased(
    services: None, terminal: Terminal, engine: Engine, tmp_path: Path
) -> None:
    kept(
        engine, an_event(email=HER), an_event(email="Ada+1@example.org", text="\x1b[31mred"), an_event(email="b@x.org")
    )
    found = terminal.run("subject", "find", HER, "ada.l@example.com").stdout
    assert found.splitlines()[1].split() == ["submissions", "2"]
    assert "\x1b" not in found
    assert terminal.run("subject", "export", HER, "--to", "ada.zip").stdout.startswith("ada.zip: all of it, ")
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        assert len(json.loads(archive.read("person.json"))["submissions"]) == 2
    assert (tmp_path / "ada.zip").stat().st_mode & 0o077 == 0
    assert "for ever? Nobody can be asked" in terminal.run("subject", "erase", HER, exit_code=2).stderr
    said = terminal.run("subject", "erase", HER, "--yes").stdout
    assert said.splitlines()[-1] == "2 submissions erased"
    assert json.loads(terminal.run("subject", "find", HER, "--json").stdout)["count"] == 0
    assert "nothing is kept" in terminal.run("subject", "erase", HER, "--yes", exit_code=1).stderr


def test_while_a_service_is_away_nothing_is_erased_and_it_says_so(terminal: Terminal, engine: Engine) -> None:
    kept(engine, an_event(email="away@example.org"))
    done = terminal.run("subject", "find", "away@example.org")
    assert "this is not all: the notify service does not answer" in done.stderr
    assert "not known" in done.stdout
    assert "does not answer" in terminal.run("subject", "erase", "away@example.org", "--yes", exit_code=None).stderr
    assert count(terminal, "away") == 1


def test_what_is_no_address_is_said_by_its_place(terminal: Terminal) -> None:
    assert "email.1" in terminal.run("subject", "find", HER, "nonsense", exit_code=None).stderr
    assert terminal.run("subject", "find", exit_code=2).stderr
    assert terminal.run("subject", "export", HER, exit_code=2).stderr


def test_a_key_that_only_reads_erases_nothing(console: ConsoleServer, engine: Engine, tmp_path: Path) -> None:
    reader = Terminal(tmp_path, console.url, Keys(engine).add("reader", ["read"], None, None))
    event = an_event(form="kept")
    kept(engine, event)
    for command in (("erase", str(event.id)), ("subject", "erase", HER), ("subject", "export", HER, "--to", "x.zip")):
        yes = () if "export" in command else ("--yes",)
        assert "scope" in reader.run(*command, *yes, exit_code=4).stderr
    assert not (tmp_path / "x.zip").exists()


class Suppressing:
    """Notify, as far as it keeps addresses that are sent no mail: by their text, where it keeps hashes."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def methods(self) -> dict[str, QueryMethod]:
        return {
            "suppressions.list": lambda _: {"suppressions": list(self.kept.values()), "next_cursor": None},
            "suppressions.find": self._find,
            "suppressions.add": self._add,
            "suppressions.remove": lambda params: {"removed": self.kept.pop(params["id"], None) is not None},
        }

    def _find(self, params: Params) -> Answer:
        found = [one for one in self.kept.values() if one["of"] == params["address"]]
        return {"suppressions": found, "address": "ab" * 32, "shown": "a…@example.org"}

    def _add(self, params: Params) -> Answer:
        key = f"{hashlib.sha256(params['address'].encode()).hexdigest()}.all"
        self.kept[key] = {
            "id": key,
            "of": params["address"],
            "address": "a…@example.org",
            "form": params["form"] or None,
            "stops": "all",
            "reason": "by-hand",
            "at": "2026-11-30T12:00:00.000000Z",
            "by": params["by"],
            "said": params["note"],
        }
        return {"suppression": self.kept[key], "added": True}


def test_an_address_is_sent_no_mail_until_it_is_taken_back(
    console: ConsoleServer, engine: Engine, broker_url: str, tmp_path: Path
) -> None:
    key = Keys(engine).add("operator", ["read", "operate"], None, None)
    terminal, kept = Terminal(tmp_path, console.url, key), Suppressing()
    notify = RabbitMQ(broker_url, name="notify").serve(NOTIFY_QUERIES, {}, kept.methods())
    try:
        eventually(partial(Queues(broker_url).consumers, NOTIFY_QUERIES), 10, "it is answered")
        eventually(lambda: is_listed(terminal), 30, "the console asks")
        said = terminal.run("suppressions", "add", HER, "--note", "rang \x1b[31m up").stdout
        assert said == "a…@example.org is sent no mail: by-hand\n"
        listed = terminal.run("suppressions", "list").stdout
        assert "all mail" in listed
        assert "\x1b" not in listed
        assert "by-hand" in terminal.run("suppressions", "find", HER).stdout
        assert "nothing stands there" in terminal.run("suppressions", "find", "x@example.org", exit_code=1).stderr
        assert "Nobody can be asked" in terminal.run("suppressions", "remove", HER, exit_code=2).stderr
        assert len(kept.kept) == 1
        assert terminal.run("suppressions", "remove", HER, "--yes").stdout == "it is sent mail again\n"
        assert kept.kept == {}
        assert "no suppressed address" in terminal.run("suppressions", "remove", "ab.all", "--yes", exit_code=1).stderr
        assert "Expected a mail address" in terminal.run("suppressions", "add", "nobody", exit_code=1).stderr
    finally:
        notify.close()


def is_listed(terminal: Terminal) -> bool:
    """Say whether the console's question is answered: it looks for notify again only after some seconds."""
    return terminal.run("suppressions", "list", "--json", exit_code=None).returncode == 0
