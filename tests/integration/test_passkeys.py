"""Passkeys: made, used and removed; and what is no passkey's answer; on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.passkeys.party import Party
from storage_service.accounts.passkeys.passkey import NotAccepted
from storage_service.accounts.passkeys.passkeys import Passkeys
from storage_service.accounts.pending import Pending
from storage_service.accounts.roles import Grant
from storage_service.accounts.user import User
from storage_service.accounts.users import Users
from support.authenticator import PRESENT, Authenticator
from support.submission_databases import migrated

HERE = Party("forms.example.org", "https://forms.example.org")
OWNER = Asker("owner@example.org", frozenset({"admin"}), source="192.0.2.7")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('passkeys') / 'test.db'}"
    else:
        url = request.getfixturevalue("postgres").create_database(f"test_{token_hex(6)}")
    with migrated(url) as made:
        yield made


@pytest.fixture
def ada(engine: Engine) -> User:
    return somebody(engine)


def somebody(engine: Engine) -> User:
    return Users(engine).add(f"ada-{token_hex(6)}@example.org", [Grant("viewer")], OWNER)


@pytest.fixture
def keys(engine: Engine) -> Passkeys:
    return Passkeys(engine, Pending(engine), Audit(engine))


def make(keys: Passkeys, user: User, device: Authenticator, name: str = "Telephone", **lies: Any) -> None:
    asked = keys.ask_to_make(user, HERE)
    keys.make(user, HERE, asked.token, device.create(asked.options, **lies), name, by=OWNER)


def use(keys: Passkeys, device: Authenticator, **lies: Any) -> object:
    asked = keys.ask_to_use(HERE)
    return keys.user_of(HERE, asked.token, device.get(asked.options, **lies))


def a_device() -> Authenticator:
    return Authenticator(HERE.origin)


def reason(call: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(NotAccepted) as raised:
        call(*given, **named)
    return raised.value.reason


def test_two_pages_that_remove_one_each_leave_one(keys: Passkeys, ada: User) -> None:
    for _ in range(2):
        make(keys, ada, a_device())
    ids, told = [one.id for one in keys.listed(ada.id)], list[str]()

    def remove(one: UUID) -> None:
        try:
            keys.remove(ada, one, by=OWNER, is_last_kept=True)
        except NotAccepted as error:
            told.append(error.reason)

    threads = [Thread(target=remove, args=[one]) for one in ids]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert told == ["last"]
    assert len(keys.listed(ada.id)) == 1


def test_a_passkey_is_made_used_and_removed(engine: Engine, keys: Passkeys, ada: User) -> None:
    device = a_device()
    assert keys.listed(ada.id) == []
    make(keys, ada, device, "  Ada's \n telephone ")
    assert use(keys, device) == ada.id
    (kept,) = keys.listed(ada.id)
    assert (kept.name, kept.is_synced) == ("Ada's telephone", False)
    assert kept.last_used_at is not None
    assert Users(engine).one(ada.id).passkeys == 1
    assert keys.remove(ada, kept.id, by=OWNER)
    assert not keys.remove(ada, kept.id, by=OWNER)
    assert reason(use, keys, device) == "unknown"
    assert [noted.action for noted in Audit(engine).page(3)] == ["passkey.removed", "passkey.added", "user.added"]


def test_what_is_asked_of_a_browser(keys: Passkeys, ada: User) -> None:
    device = a_device()
    make(keys, ada, device)
    making = json.loads(keys.ask_to_make(ada, HERE).options)
    assert making["rp"] == {"id": "forms.example.org", "name": "Counterfoil"}
    assert making["authenticatorSelection"]["residentKey"] == "required"
    assert making["authenticatorSelection"]["userVerification"] == "required"
    assert making["attestation"] == "none"
    assert len(making["excludeCredentials"]) == 1
    assert ada.email not in making["user"]["id"]
    using = json.loads(keys.ask_to_use(HERE).options)
    assert (using["userVerification"], using["allowCredentials"]) == ("required", []), "nobody is told who has any"


MAKING = {
    "another page": {"origin": "https://forms.example.com"},
    "a page below": {"origin": "https://evil.forms.example.org"},
    "without TLS": {"origin": "http://forms.example.org"},
    "another port": {"origin": "https://forms.example.org:8443"},
    "another challenge": {"challenge": "AAAA"},
    "a use": {"type": "webauthn.get"},
}


@pytest.mark.parametrize("lie", MAKING)
def test_a_passkey_that_is_not_taken(keys: Passkeys, ada: User, lie: str) -> None:
    assert reason(make, keys, ada, a_device(), **MAKING[lie]) == "not_made"
    assert keys.listed(ada.id) == []


@pytest.mark.parametrize("lie", MAKING)
def test_a_use_that_is_not_taken(keys: Passkeys, ada: User, lie: str) -> None:
    device = a_device()
    make(keys, ada, device)
    lies = {"type": "webauthn.create"} if lie == "a use" else MAKING[lie]
    assert reason(use, keys, device, **lies) == "not_proven"
    assert use(keys, device) == ada.id


def test_somebody_has_to_be_there_and_to_be_the_one(keys: Passkeys, ada: User) -> None:
    assert reason(make, keys, ada, replace(a_device(), flags=PRESENT)) == "not_made"
    assert reason(make, keys, ada, replace(a_device(), flags=0)) == "not_made"
    device = a_device()
    make(keys, ada, device)
    device.flags = PRESENT
    assert reason(use, keys, device) == "not_proven"


def test_a_copy_is_found_out_by_its_count(keys: Passkeys, ada: User) -> None:
    device = a_device()
    make(keys, ada, device)
    for _ in range(3):
        use(keys, device)
    device.counter = 1
    assert reason(use, keys, device) == "not_proven"
    device.counter = 10
    assert use(keys, device) == ada.id


def test_one_that_does_not_count_may_be_used_for_ever(keys: Passkeys, ada: User) -> None:
    device = replace(a_device(), counts=False)
    make(keys, ada, device)
    assert [use(keys, device) for _ in range(3)] == [ada.id] * 3


def test_another_key_under_a_known_name_is_not_believed(keys: Passkeys, ada: User) -> None:
    device = a_device()
    make(keys, ada, device)
    impostor = Authenticator(HERE.origin, credential=device.credential, user=device.user, counter=50)
    assert reason(use, keys, impostor) == "not_proven"
    device.user = uuid4().bytes
    assert reason(use, keys, device) == "unknown"


def test_a_passkey_of_another_site_opens_nothing_here(keys: Passkeys, ada: User) -> None:
    there, device = Party("localhost", "http://localhost:8080"), Authenticator("http://localhost:8080")
    asked = keys.ask_to_make(ada, there)
    keys.make(ada, there, asked.token, device.create(asked.options), "", by=OWNER)
    assert keys.listed(ada.id)[0].name == "Passkey"
    device.origin = HERE.origin
    asked = keys.ask_to_use(there)
    assert reason(keys.user_of, HERE, asked.token, device.get(asked.options)) == "not_proven"


def test_a_challenge_is_good_once_for_one_thing_and_some_minutes(engine: Engine, keys: Passkeys, ada: User) -> None:
    device, bob = a_device(), somebody(engine)
    asked = keys.ask_to_make(ada, HERE)
    made = device.create(asked.options)
    assert reason(keys.make, bob, HERE, asked.token, made, "", by=OWNER) == "expired", "it was asked of Ada"
    asked = keys.ask_to_make(ada, HERE)
    made = device.create(asked.options)
    keys.make(ada, HERE, asked.token, made, "", by=OWNER)
    assert reason(keys.make, ada, HERE, asked.token, made, "", by=OWNER) == "expired"
    asked = keys.ask_to_use(HERE)
    used = device.get(asked.options)
    assert keys.user_of(HERE, asked.token, used) == ada.id
    assert reason(keys.user_of, HERE, asked.token, used) == "expired"
    later = Passkeys(engine, Pending(engine, clock=lambda: datetime.now(UTC) + timedelta(minutes=11)), Audit(engine))
    asked = keys.ask_to_use(HERE)
    assert reason(later.user_of, HERE, asked.token, device.get(asked.options)) == "expired"


def test_one_passkey_is_of_one_account_and_an_account_has_some(engine: Engine, keys: Passkeys, ada: User) -> None:
    device, bob = a_device(), somebody(engine)
    make(keys, ada, device)
    assert reason(make, keys, bob, device) == "twice"
    assert not keys.remove(bob, keys.listed(ada.id)[0].id, by=OWNER)
    for _ in range(19):
        make(keys, ada, a_device())
    assert reason(make, keys, ada, a_device()) == "too_many"


def test_whose_account_has_ended_has_no_passkey(engine: Engine, keys: Passkeys, ada: User) -> None:
    device = a_device()
    make(keys, ada, device)
    Users(engine).end(ada.id, OWNER)
    assert reason(use, keys, device) == "unknown"


ODD = [
    "",
    "{}",
    "[]",
    "null",
    '"text"',
    "[" * 30_000,
    '{"rawId": 7, "response": {}}',
    '{"rawId": "", "response": {}}',
    '{"rawId": "AAAA", "response": []}',
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": "AAAA"}}',
    '{"rawId": "' + "A" * 4000 + '", "response": {}}',
    '{"rawId": "AAAA", "response": {"userHandle": 7}}',
    '{"rawId": "AAAA", "response": {"userHandle": "AAAA"}}',
    "x" * 40_000,
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_what_is_no_credential(keys: Passkeys, ada: User, text: str) -> None:
    asked = keys.ask_to_use(HERE)
    assert reason(keys.user_of, HERE, asked.token, text) in {"no_credential", "too_long", "unknown", "no_user"}
    making = keys.ask_to_make(ada, HERE)
    assert reason(keys.make, ada, HERE, making.token, text, "", by=OWNER) in {"no_credential", "too_long", "not_made"}


@pytest.mark.parametrize("member", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("value", ["", "AAAA", "bnVsbA", "Nw", "gYGBgYGB", 7, None, "é", "W10"])
def test_what_is_no_answer_of_a_passkey(keys: Passkeys, ada: User, member: str, value: Any) -> None:
    device = a_device()
    make(keys, ada, device)
    asked = keys.ask_to_use(HERE)
    answer = json.loads(device.get(asked.options))
    answer["response"][member] = value
    assert reason(keys.user_of, HERE, asked.token, json.dumps(answer)) == "not_proven"


@pytest.mark.parametrize("value", ["", "AAAA", "oA", "9g", "o2NmbXRkbm9uZQ", 7, None, "/////w"])
def test_what_is_no_attestation(keys: Passkeys, ada: User, value: Any) -> None:
    asked = keys.ask_to_make(ada, HERE)
    answer = json.loads(a_device().create(asked.options))
    answer["response"]["attestationObject"] = value
    assert reason(keys.make, ada, HERE, asked.token, json.dumps(answer), "", by=OWNER) == "not_made"
