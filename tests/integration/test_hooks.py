"""Hooks over the API, on both databases: made, shown to whose they are, told to notify, and ended with their key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, delete, select

from shared.contracts import HookChanged, HookGone
from shared.database import Outbox
from shared.forms.webhook import check_secret
from shared.messaging.failures import Delivery
from shared.public_addresses import parse_networks
from storage_service.accounts.asker import SCOPES
from storage_service.accounts.audit import Audit
from storage_service.hooks import Hooks
from storage_service.hooks.gone import EndGone
from storage_service.hooks.hook import IN_ALL_MOST, MADE_MOST, OF_A_KEY_MOST
from storage_service.hooks.telling import ENDED_FOR, TOLD_EVERY, TellAgain
from storage_service.tables import OUTBOX, hooks
from support.console_app import ALL_KEY, ConsoleApp, a_console
from support.events import an_event
from support.hooks import CATCH
from support.submission_databases import migrated, store

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SAMPLE = "/v1/hooks/sample"


class Clock:
    """Tells the time that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def console(engine: Engine, tmp_path: Path, clock: Clock) -> ConsoleApp:
    return a_console(engine, tmp_path, clock=clock, public_url="https://forms.example.org")


def told(engine: Engine) -> list[HookChanged]:
    """Return what notify is told, oldest first, and take it out."""
    with engine.begin() as connection:
        found = [HookChanged.decode(one.body) for one in Outbox(OUTBOX).first(connection).values()]
        connection.execute(delete(OUTBOX))
    return found


def made(console: ConsoleApp, key: str, url: str = CATCH, **others: Any) -> dict[str, Any]:
    answer = console.ask("/v1/hooks", key, "POST", json={"url": url, **others})
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.get_json()
    return document


def urls(console: ConsoleApp, key: str) -> list[str]:
    return [one["url"] for one in console.json("/v1/hooks", key)["hooks"]]


def test_a_hook_is_made_told_to_notify_and_shown_without_its_secret(console: ConsoleApp, engine: Engine) -> None:
    key = console.key("export")
    hook = made(console, key, events=["submission.accepted", "submission.erased"], form="signup")
    check_secret(hook["secret"])
    assert told(engine) == [
        HookChanged(
            id=UUID(hook["id"]),
            version=1,
            url=CATCH,
            secret=hook["secret"],
            events=tuple(hook["events"]),
            forms=("signup",),
        )
    ]
    shown = console.json(f"/v1/hooks/{hook['id']}", key)
    assert shown == {name: value for name, value in hook.items() if name != "secret"}
    assert (shown["url"], shown["forms"], shown["expires_at"], shown["ended_at"]) == (CATCH, ["signup"], None, None)
    assert console.json("/v1/hooks", key) == {"hooks": [shown]}
    [noted] = Audit(engine).page(1)
    assert (noted.by, noted.action, noted.on) == ("key-0", "hook.added", hook["id"])


def test_without_events_and_form_it_is_told_of_what_is_accepted_of_all_that_its_key_is_for(
    console: ConsoleApp, engine: Engine
) -> None:
    every, some = console.key("export"), console.key("export", forms=["signup", "contact"])
    assert made(console, every)["forms"] is None
    assert made(console, some)["forms"] == ["contact", "signup"]
    assert [(one.events, one.forms) for one in told(engine)] == [
        (("submission.accepted",), None),
        (("submission.accepted",), ("contact", "signup")),
    ]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "url"),
        ({"url": 7}, "url"),
        ({"url": ""}, "url"),
        ({"url": "https://" + "x" * 2000}, "url"),
        ({"url": "http://hooks.example.org/"}, "url"),
        ({"url": "ftp://hooks.example.org/"}, "url"),
        ({"url": "https://ada:secret@hooks.example.org/"}, "url"),
        ({"url": "https://hooks.example.org/#x"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://[::1]/"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "https://10.0.0.1:8443/"}, "url"),
        ({"url": CATCH, "events": ["submission.deleted"]}, "events"),
        ({"url": CATCH, "events": "submission.accepted"}, "events"),
        ({"url": CATCH, "events": ["submission.accepted"] * 4}, "events"),
        ({"url": CATCH, "form": "nowhere"}, "form"),
        ({"url": CATCH, "form": "contact"}, "form"),
        ({"url": CATCH, "form": ""}, "form"),
        ({"url": CATCH, "target": "x"}, "target"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(
    console: ConsoleApp, engine: Engine, asked: dict[str, object], field: str
) -> None:
    status, _, place = console.refusal("/v1/hooks", console.key("export", forms=["signup"]), method="POST", json=asked)
    assert (status, (place or "").partition(".")[0]) == (422, field)
    assert told(engine) == []


def test_a_network_of_ones_own_may_be_called_without_tls(engine: Engine, tmp_path: Path) -> None:
    console = a_console(engine, tmp_path, webhook_allow=parse_networks("10.1.2.0/24"))
    key = console.key("export")
    for good in ("http://10.1.2.3:5678/webhook/x", "https://10.1.2.3/", "http://n8n:5678/webhook/x"):
        assert made(console, key, good)["url"] == good
    for bad in ("http://10.1.3.3/", "https://10.1.3.3/", "http://93.184.216.34/"):
        assert console.refusal("/v1/hooks", key, method="POST", json={"url": bad})[0] == 422


def test_each_key_sees_and_ends_its_own_alone(console: ConsoleApp, engine: Engine) -> None:
    mine, others = console.key("export"), console.key("export", "admin", "read")
    hook = made(console, mine)
    place = f"/v1/hooks/{hook['id']}"
    assert urls(console, others) == []
    assert console.ask(place, others).status_code == 404
    assert console.ask(place, others, "DELETE").status_code == 404
    assert console.ask(f"/v1/hooks/{uuid4()}", mine, "DELETE").status_code == 404
    told(engine)
    assert [console.ask(place, mine, "DELETE").status_code for _ in range(2)] == [204, 204]
    assert told(engine) == [HookChanged(UUID(hook["id"]), 2, is_ended=True)]
    assert urls(console, mine) == []
    ended = console.json(place, mine)
    assert (ended["url"], ended["ended_because"]) == ("", "removed")
    with engine.connect() as connection:
        assert connection.scalars(select(hooks.c.secret)).all() == [""]
    assert [one.action for one in Audit(engine).page(9)].count("hook.ended") == 1


def test_who_asks_twice_is_called_once(console: ConsoleApp, engine: Engine) -> None:
    """An answer may be lost: n8n and Zapier ask again then."""
    key = console.key("export")
    first, second = made(console, key), made(console, key)
    made(console, key, form="signup")
    assert len(urls(console, key)) == 2
    assert console.json(f"/v1/hooks/{first['id']}", key)["ended_because"] == "replaced"
    assert [(str(one.id), one.is_ended) for one in told(engine)][:3] == [
        (first["id"], False),
        (first["id"], True),
        (second["id"], False),
    ]
    made(console, console.key("export"))
    assert len(urls(console, key)) == 2


def test_the_hooks_of_a_key_end_with_it(console: ConsoleApp, engine: Engine) -> None:
    key, others = console.key("export"), console.key("export")
    hook, kept = made(console, key), made(console, others)
    told(engine)
    console.parts.keys.end("key-0")
    assert told(engine) == [HookChanged(UUID(hook["id"]), 2, is_ended=True)]
    assert urls(console, others) == [kept["url"]]
    assert [one.ended_because for one in console.parts.hooks.all()].count("key") == 1


def test_a_key_that_expires_takes_its_hooks_along(console: ConsoleApp, engine: Engine, clock: Clock) -> None:
    key = console.parts.keys.add("short", ["export"], None, 1)
    hook = made(console, key)
    [first] = told(engine)
    assert first.expires_at == NOW + timedelta(days=1)
    clock.now += timedelta(days=1)
    assert console.parts.hooks.all()[0].is_good(clock()) is False
    TellAgain(engine, clock=clock).turn()
    assert told(engine) == [HookChanged(UUID(hook["id"]), 2, is_ended=True)]
    ended = [(one.by, one.on) for one in Audit(engine).page(9) if one.action == "hook.ended"]
    assert ended == [("rule: expiry", hook["id"])]


def test_a_key_of_the_environment_has_none(console: ConsoleApp) -> None:
    assert console.refusal("/v1/hooks", ALL_KEY, method="POST", json={"url": CATCH})[:2] == (403, "KEY")


def test_there_is_a_limit_for_a_key_and_for_all(console: ConsoleApp, engine: Engine) -> None:
    key = console.key("export")
    for number in range(OF_A_KEY_MOST):
        made(console, key, f"{CATCH}/{number}")
    assert console.refusal("/v1/hooks", key, method="POST", json={"url": CATCH})[:2] == (409, "TOO_MANY_HOOKS")
    made(console, key, f"{CATCH}/0")
    ended = {"version": 2, "owner": "busy", "url": "", "shown": "x", "secret": "", "events": [], "created_at": NOW}
    with engine.begin() as connection:
        rows = [{"id": uuid4(), "told_at": NOW, "ended_at": NOW, **ended} for _ in range(MADE_MOST)]
        connection.execute(hooks.insert(), rows)
    busy = console.parts.keys.add("busy", ["export"], None, None)
    assert console.refusal("/v1/hooks", busy, method="POST", json={"url": CATCH})[:2] == (409, "TOO_MANY_HOOKS")
    row = {"version": 1, "owner": "x", "url": CATCH, "shown": "x", "secret": "x", "events": [], "created_at": NOW}
    with engine.begin() as connection:
        rows = [{"id": uuid4(), "told_at": NOW, **row} for _ in range(IN_ALL_MOST - OF_A_KEY_MOST)]
        connection.execute(hooks.insert(), rows)
    other = console.key("export")
    assert console.refusal("/v1/hooks", other, method="POST", json={"url": CATCH})[:2] == (409, "TOO_MANY_HOOKS")


def test_an_address_that_wants_no_more_ends_its_hook(console: ConsoleApp, engine: Engine) -> None:
    key = console.key("export")
    hook = UUID(made(console, key)["id"])
    told(engine)
    end = EndGone(Hooks(engine))
    end([Delivery(HookGone(hook, 7, NOW)), Delivery(HookGone(uuid4(), 1, NOW))])
    assert urls(console, key) == [CATCH]
    end([Delivery(HookGone(hook, 1, NOW))] * 2)
    assert urls(console, key) == []
    assert told(engine) == [HookChanged(hook, 2, is_ended=True)]
    [noted] = Audit(engine).page(1)
    assert (noted.by, noted.action, noted.on) == ("notify", "hook.ended", str(hook))


def test_notify_is_told_of_all_again_every_hour(console: ConsoleApp, engine: Engine, clock: Clock) -> None:
    key, telling = console.key("export"), TellAgain(engine, clock=clock)
    made(console, key)
    gone = made(console, key, f"{CATCH}/2")
    console.ask(f"/v1/hooks/{gone['id']}", key, "DELETE")
    first = told(engine)
    assert telling.turn() == 0
    clock.now += TOLD_EVERY
    assert telling.turn() == 2
    assert sorted(told(engine), key=lambda one: one.version) == [first[0], first[2]]
    assert telling.turn() == 0
    clock.now += timedelta(seconds=1)
    assert telling.turn(all_of_them=True) == 2
    assert telling.turn(all_of_them=True) == 0
    clock.now += ENDED_FOR
    telling.turn()
    assert [one.url for one in console.parts.hooks.all()] == [CATCH]


def test_a_sample_shows_what_a_hook_is_told(console: ConsoleApp, engine: Engine) -> None:
    key = console.key("export")
    [made_up] = console.ask(SAMPLE, key).get_json()
    assert made_up["type"] == "submission.accepted"
    [of_form] = console.ask(f"{SAMPLE}?form=signup", key).get_json()
    assert of_form["data"]["form"] == "signup"
    assert of_form["data"]["fields"].keys() == {"name", "email"}
    events = [an_event(name=f"number {number}") for number in range(5)]
    store(engine, *events, replace(an_event(form="contact", name="other")), replace(an_event(), spam="honeypot"))
    bodies = console.ask(f"{SAMPLE}?form=signup", key).get_json()
    assert len(bodies) == 3
    assert {one["id"] for one in bodies} <= {f"accepted_{one.id}" for one in events}
    assert all(one["data"]["submission_url"].endswith(one["data"]["id"]) for one in bodies)
    [erased] = console.ask(f"{SAMPLE}?event=submission.erased&form=signup", key).get_json()
    assert erased["data"].keys() == {"id", "form"}
    assert [(one.action, one.count) for one in Audit(engine).page(1)] == [("hook.sample", 3)]


def test_a_sample_is_of_the_keys_own_forms(console: ConsoleApp, engine: Engine) -> None:
    store(engine, an_event(form="contact", name="zebrafish"))
    key = console.key("export", forms=["signup"])
    assert "zebrafish" not in console.ask(SAMPLE, key).text
    assert console.refusal(f"{SAMPLE}?form=contact", key) == (422, "FORM_NOT_FOUND", "form")
    assert console.refusal(f"{SAMPLE}?event=x", key)[:2] == (400, "EVENT")
    assert console.refusal(f"{SAMPLE}?limit=3", key)[:2] == (400, "UNKNOWN_PARAMETER")


def test_a_key_of_another_scope_can_do_none_of_this(console: ConsoleApp) -> None:
    key = console.key(*(scope for scope in SCOPES if scope != "export"))
    for method, path in (
        ("GET", "/v1/hooks"),
        ("POST", "/v1/hooks"),
        ("GET", SAMPLE),
        ("DELETE", f"/v1/hooks/{uuid4()}"),
    ):
        assert console.refusal(path, key, method=method, json={"url": CATCH})[:2] == (403, "SCOPE")
