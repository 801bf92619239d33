"""What a role allows, and what an account of several roles may do where."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from storage_service.accounts.asker import SCOPES, Asker
from storage_service.accounts.roles import BadGrants, Grant, a_grant, checked, of_json, scopes_of, to_json
from storage_service.accounts.user import User, asker_of


def somebody(*grants: Grant) -> Asker:
    user = User(uuid4(), "ada@example.org", "ada@example.org", grants, datetime(2026, 11, 29, tzinfo=UTC))
    return asker_of(user, "192.0.2.7")


@pytest.mark.parametrize(
    ("grant", "scopes"),
    [
        (Grant("owner"), frozenset(SCOPES)),
        (Grant("editor"), frozenset({"read", "write", "export"})),
        (Grant("viewer"), frozenset({"read"})),
        (Grant("owner", "contact"), frozenset({"read", "write", "export", "erase", "unseal"})),
        (Grant("editor", "contact"), frozenset({"read", "write", "export"})),
        (Grant("viewer", "contact"), frozenset({"read"})),
    ],
)
def test_what_a_role_allows(grant: Grant, scopes: frozenset[str]) -> None:
    forms = None if grant.form is None else frozenset({grant.form})
    assert scopes_of([grant]) == dict.fromkeys(scopes, forms)
    who = somebody(grant)
    for scope in SCOPES:
        seen = who.narrowed(scope)
        if scope not in scopes:
            assert (seen.scopes, seen.forms) == (frozenset(), frozenset())
            assert not who.may(scope)
            continue
        assert (seen.scopes, seen.forms) == (scopes, forms)
        assert who.may(scope, "contact")
        assert who.may(scope, "jobs") == (forms is None)


def test_several_roles_add_up_scope_by_scope() -> None:
    who = somebody(Grant("viewer"), Grant("editor", "contact"), Grant("owner", "jobs"))
    assert who.narrowed("read").forms is None
    assert who.narrowed("read").scopes == {"read"}
    assert who.narrowed("write").forms == frozenset({"contact", "jobs"})
    assert who.narrowed("write").scopes == {"read", "write", "export"}
    assert who.narrowed("erase").forms == frozenset({"jobs"})
    assert who.narrowed("erase").scopes == {"read", "write", "export", "erase", "unseal"}
    assert who.narrowed("operate").scopes == frozenset()
    assert (who.may("erase", "jobs"), who.may("erase", "contact"), who.may("erase")) == (True, False, True)


def test_an_asker_that_is_not_narrowed_sees_nothing() -> None:
    who = somebody(Grant("owner"))
    assert not who.may_see("contact")
    assert who.forms == frozenset()
    assert who.narrowed("read").may_see("contact")


def test_narrowed_twice_it_is_what_the_last_one_says() -> None:
    who = somebody(Grant("viewer"), Grant("owner", "jobs"))
    assert who.narrowed("erase").narrowed("read") == who.narrowed("read")
    assert who.narrowed("read").may("erase", "jobs")
    assert not who.narrowed("read").may("erase", "contact")


def test_only_who_owns_the_installation_sees_what_everybody_does() -> None:
    assert somebody(Grant("owner")).narrowed("read").is_admin
    assert not somebody(Grant("owner", "jobs"), Grant("editor")).narrowed("read").is_admin
    assert not somebody(Grant("editor")).narrowed("write").is_admin
    assert Asker("key", frozenset({"admin"})).is_admin
    assert not Asker("key", frozenset({"admin"}), frozenset({"jobs"})).is_admin


def test_a_key_is_as_it_was() -> None:
    key = Asker("reports", frozenset({"read"}), frozenset({"jobs"}), "192.0.2.7")
    assert key.narrowed("read") is key
    assert (key.may("read"), key.may("read", "jobs"), key.may("read", "contact"), key.may("write")) == (
        True,
        True,
        False,
        False,
    )


def test_roles_are_kept_and_read_in_one_order_each_once() -> None:
    given = [Grant("viewer", "jobs"), Grant("owner"), Grant("viewer", "jobs")]
    assert checked(given) == (Grant("owner"), Grant("viewer", "jobs"))
    assert of_json(to_json(given)) == tuple(given)
    assert list(map(str, checked(given))) == ["owner", "viewer:jobs"]


@pytest.mark.parametrize(("role", "form"), [("admin", None), ("", None), ("owner", "no form!"), ("x" * 9999, None)])
def test_what_is_no_role_is_said(role: str, form: str | None) -> None:
    with pytest.raises(BadGrants, match=r"expected|no name"):
        a_grant(role, form)


def test_no_roles_and_too_many_are_refused() -> None:
    with pytest.raises(BadGrants, match="expected a role, for all forms or for one"):
        checked([])
    with pytest.raises(BadGrants, match="100 roles at most"):
        checked([Grant("viewer", f"form-{number}") for number in range(101)])
