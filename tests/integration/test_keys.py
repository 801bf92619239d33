"""Keys are known by their hashes, end, and are told of in the audit; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from shared.api_keys import hash_of
from shared.messaging.failures import DependencyUnavailable
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit, Reading
from storage_service.accounts.keys import Fixed, Keys, NameTaken, is_known_name, is_name
from storage_service.accounts.uses import LastUses
from storage_service.tables import api_keys
from support.service import run
from support.submission_databases import migrated

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
SOMEBODY = Asker("reader", frozenset({"read"}), source="192.0.2.7")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def test_a_key_is_known_by_its_hash_alone_until_it_ends(engine: Engine) -> None:
    keys = Keys(engine, clock=lambda: NOW)
    key = keys.add("reader", ["read", "export"], ["contact"], None)
    assert keys.asker(key, "192.0.2.7") == Asker(
        "reader", frozenset({"read", "export"}), frozenset({"contact"}), "192.0.2.7"
    )
    assert keys.asker(key[:-1]) is None
    assert keys.asker(hash_of(key)) is None
    assert keys.asker("") is None
    assert keys.asker("x" * 100_000) is None
    with engine.connect() as connection:
        assert key not in str(connection.execute(select(api_keys)).all())
    assert keys.end("reader")
    assert keys.asker(key) is None
    assert not keys.end("reader")
    assert not keys.end("nobody")


def test_a_key_expires_and_one_for_admin_within_thirty_days(engine: Engine) -> None:
    now = NOW
    keys = Keys(engine, clock=lambda: now)
    short, admin = keys.add("short", ["read"], None, 1), keys.add("admin", ["admin"], None, None)
    now = NOW + timedelta(days=1) - timedelta(seconds=1)
    assert keys.asker(short)
    now = NOW + timedelta(days=1)
    assert keys.asker(short) is None
    assert not keys.end("short"), "it has ended"
    assert keys.asker(admin)
    now = NOW + timedelta(days=30)
    assert keys.asker(admin) is None


def test_a_name_is_never_used_again(engine: Engine) -> None:
    keys = Keys(engine)
    keys.add("reader", ["read"], None, None)
    keys.end("reader")
    with pytest.raises(NameTaken):
        keys.add("reader", ["read"], None, None)


def test_a_key_from_before_that_is_called_like_an_account_goes_on(engine: Engine) -> None:
    keys = Keys(engine, clock=lambda: NOW)
    key = keys.add("ada@example.org", ["read"], None, None)
    assert keys.asker(key)
    assert (is_name("ada@example.org"), is_known_name("ada@example.org")) == (False, True)
    assert keys.end("ada@example.org")


def test_no_key_is_made_or_ended_without_its_note(engine: Engine) -> None:
    keys = Keys(engine, clock=lambda: NOW)
    key = keys.add("reader", ["read"], None, None, by=SOMEBODY)
    nobody = Asker("x", frozenset(), source=cast("str", object()))  # cannot be noted
    with pytest.raises(DependencyUnavailable):
        keys.add("other", ["read"], None, None, by=nobody)
    with pytest.raises(DependencyUnavailable):
        keys.end("reader", by=nobody)
    assert [one.name for one in keys.listed()] == ["reader"]
    assert keys.asker(key)
    assert [(one.by, one.action, one.on) for one in Audit(engine).page(9)] == [("reader", "key.added", "reader")]


def test_keys_of_the_environment_do_what_they_always_did(engine: Engine) -> None:
    fixed = [
        Fixed([hash_of("cf_a"), hash_of("cf_both")], frozenset({"read"})),
        Fixed([hash_of("cf_both"), hash_of("cf_op_b")], frozenset({"operate"})),
    ]
    keys = Keys(engine, fixed)
    assert keys.asker("cf_a") == Asker(f"key {hash_of('cf_a')[:8]}", frozenset({"read"}))
    assert keys.asker("cf_op_b") == Asker(f"key {hash_of('cf_op_b')[:8]}", frozenset({"operate"}))
    both = keys.asker("cf_both")
    assert both is not None
    assert both.scopes == {"read", "operate"}
    assert keys.asker("cf_c") is None


def test_the_last_use_is_written_now_and_then(engine: Engine) -> None:
    uses = LastUses(engine)
    now = NOW
    keys = Keys(engine, used=uses.used, clock=lambda: now)
    key = keys.add("reader", ["read"], None, None)
    for now in (NOW, NOW + timedelta(minutes=1)):  # noqa: B007 - the clock of the keys
        keys.asker(key)
    assert keys.listed()[0].last_used_at is None
    uses.write()
    assert keys.listed()[0].last_used_at == NOW + timedelta(minutes=1)
    uses.used("reader", NOW)  # another process knew of a later one
    uses.write()
    assert keys.listed()[0].last_used_at == NOW + timedelta(minutes=1)


def test_the_audit_is_read_newest_first_and_by_who_and_which(engine: Engine) -> None:
    audit = Audit(engine, clock=lambda: NOW)
    for number in range(3):
        audit.note(SOMEBODY, "submission.read", number)
    with engine.begin() as connection:
        audit.note(Asker("other", frozenset()), "export", count=7, within=connection)
    newest, *others = audit.page(10)
    assert (newest.by, newest.action, newest.on, newest.count, newest.at) == ("other", "export", None, 7, NOW)
    assert [one.on for one in others] == ["2", "1", "0"]
    assert others[0].source == "192.0.2.7"
    assert [one.on for one in audit.page(1, before=others[0].number)] == ["1"]
    assert [one.on for one in audit.page(10, by="reader", on="1")] == ["1"]
    audit.note(SOMEBODY, "parked.read", "é" * 10_000)
    assert audit.page(1)[0].on == "é" * 200


def test_who_read_one_thing_is_told_by_person_and_of_the_last_times(engine: Engine) -> None:
    moments = iter(NOW + timedelta(minutes=number) for number in range(9))
    audit, bea = Audit(engine, clock=lambda: next(moments)), Asker("bea@example.org", frozenset())
    for who, action, on in (
        (SOMEBODY, "submission.read", "a"),
        (bea, "submission.read", "a"),
        (SOMEBODY, "submission.change", "a"),
        (SOMEBODY, "submission.read", "b"),
        (SOMEBODY, "submission.read", "a"),
    ):
        audit.note(who, action, on)
    first = Reading("reader", NOW, NOW + timedelta(minutes=4), 2)
    second = Reading("bea@example.org", NOW + timedelta(minutes=1), NOW + timedelta(minutes=1), 1)
    assert audit.readings("submission.read", "a") == [first, second]
    assert audit.readings("submission.read", "a", most=2)[0] == second
    assert audit.readings("submission.read", "c") == []


@pytest.mark.parametrize("change", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit"])
def test_what_is_in_the_audit_stays_as_it_is(engine: Engine, change: str) -> None:
    Audit(engine).note(SOMEBODY, "submission.read", 1)
    with pytest.raises(DBAPIError, match="kept as it is"), engine.begin() as connection:
        connection.execute(text(change))
    assert len(Audit(engine).page(10)) == 1


def test_what_is_older_than_a_month_can_be_forgotten(engine: Engine) -> None:
    with engine.connect() as connection:  # whose clock says what is a month, and need not be ours
        now = datetime.fromisoformat(str(connection.scalar(text("SELECT CURRENT_TIMESTAMP"))))
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    for days in (800, 31, 29, 0):
        Audit(engine, clock=lambda days=days: now - timedelta(days=days)).note(SOMEBODY, "submission.read", days)  # type: ignore[misc]
    audit = Audit(engine)
    assert audit.forget(now - timedelta(days=730), 10) == 1
    assert [one.on for one in audit.page(10)] == ["0", "29", "31"]
    with pytest.raises(DBAPIError, match="kept as it is"), engine.begin() as connection:
        connection.execute(text("DELETE FROM audit"))
    assert audit.forget(now - timedelta(days=30), 10) == 1
    assert audit.forget(now - timedelta(days=30), 1) == 0
    assert [one.on for one in audit.page(10)] == ["0", "29"]


def test_the_commands(engine: Engine, database_url: str) -> None:
    settings = {"COUNTERFOIL_DATABASE_URL": database_url}
    made = run(
        "storage_service", "key", "add", "My reader", "--scopes", "read,export", "--forms", "a,b", settings=settings
    )
    asker = Keys(engine).asker(made.strip())
    assert asker == Asker("My reader", frozenset({"read", "export"}), frozenset({"a", "b"}))
    run("storage_service", "key", "add", "My reader", "--scopes", "read", settings=settings, exit_code=1)
    listed = run("storage_service", "key", "list", settings=settings)
    assert listed.split("\t") == ["My reader", "read,export", "forms a,b", "no end", "never used\n"]
    run("storage_service", "key", "end", "My reader", settings=settings)
    assert Keys(engine).asker(made.strip()) is None
    run("storage_service", "key", "end", "My reader", settings=settings, exit_code=1)
    assert [(one.action, one.on) for one in Audit(engine).page(9)] == [
        ("key.ended", "My reader"),
        ("key.added", "My reader"),
    ]


def test_a_key_is_made_for_no_form_that_is_not_in_the_file(database_url: str, engine: Engine, tmp_path: Path) -> None:
    forms = tmp_path / "forms.toml"
    forms.write_text("[forms.contact]\n")
    settings = {"COUNTERFOIL_DATABASE_URL": database_url, "COUNTERFOIL_FORMS": str(forms)}
    asked = ["storage_service", "key", "add", "x", "--scopes", "read", "--forms"]
    run(*asked, "contcat", settings=settings, exit_code=2)
    assert Keys(engine).listed() == []
    run(*asked, "contact", settings=settings)


@pytest.mark.parametrize(
    "wrong",
    [
        ["add", "x"],
        ["add", "x", "--scopes", "reads"],
        ["add", "x", "--scopes", ""],
        ["add", "key 12345678", "--scopes", "read"],
        ["add", "ada@example.org", "--scopes", "read"],
        ["add", "x" * 101, "--scopes", "read"],
        ["add", "a\nb", "--scopes", "read"],
        ["add", "x", "--scopes", "read", "--forms", "no form"],
        ["add", "x", "--scopes", "read", "--days", "0"],
        ["add", "x", "--scopes", "admin", "--days", "31"],
        ["add", "x", "--scopes", "admin", "--forms", "contact"],
        [],
    ],
)
def test_what_is_wrong_makes_no_key(wrong: list[str], sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    from storage_service.commands.key import key  # noqa: PLC0415

    with migrated(sqlite_url) as engine, pytest.MonkeyPatch.context() as environment:
        environment.setenv("COUNTERFOIL_DATABASE_URL", sqlite_url)
        with pytest.raises(SystemExit) as ended:
            key(wrong)
        assert ended.value.code == 2
        assert Keys(engine).listed() == []
    assert "usage" in capsys.readouterr().err
