"""Which account somebody has whom a provider names: linked by a verified address, made by invitation or group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine

from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.links import Links
from storage_service.accounts.oidc.admission import Admission
from storage_service.accounts.oidc.groups import parse
from storage_service.accounts.oidc.person import NotAdmitted, Person
from storage_service.accounts.oidc.provider import Provider
from storage_service.accounts.roles import Grant
from storage_service.accounts.sessions import Sessions
from storage_service.accounts.user import User
from storage_service.accounts.users import Users
from support.submission_databases import migrated

ISSUER = "https://login.example.org"
OWNER = Asker("owner@example.org", frozenset({"admin"}), source="192.0.2.7")
ADA = "ada@example.org"
CONTACT = (Grant("editor", "contact"),)
ROLES = "admins=owner, support=editor:contact|signup, readers=viewer"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def users(engine: Engine) -> Users:
    made = Users(engine)
    made.add("owner@example.org", [Grant("owner")], OWNER)
    return made


def admission(engine: Engine, users: Users, roles: str = "") -> Admission:
    provider = Provider(ISSUER, "client", "https://forms.example.org/console/sign-in/oidc/callback", roles=parse(roles))
    return Admission(engine, provider, users, Sessions(engine), Links(engine))


def somebody(subject: str = "ada", email: str | None = ADA, groups: Sequence[str] = ()) -> Person:
    return Person(ISSUER, subject, email, frozenset(groups))


def admit(one: Admission, person: Person) -> User:
    return one.admit(person, "192.0.2.9")


def reason(one: Admission, person: Person) -> str:
    with pytest.raises(NotAdmitted) as raised:
        admit(one, person)
    return raised.value.reason


def test_an_account_is_found_by_a_verified_address_and_then_by_who_it_is(engine: Engine, users: Users) -> None:
    ada, one = users.add(ADA, CONTACT, OWNER), admission(engine, users)
    assert reason(one, somebody(email=None)) == "unverified"
    assert reason(one, somebody(email="no address")) == "unverified"
    assert admit(one, somebody(email="Ada@EXAMPLE.org")).id == ada.id
    assert users.one(ada.id).is_single_sign_on
    renamed = somebody(email="ada.lovelace@example.org")
    assert admit(one, renamed).id == ada.id, "an address may change, a subject does not"
    assert admit(one, somebody(email=None)).grants == CONTACT
    assert [noted.action for noted in Audit(engine).page(10, by=ADA)] == ["identity.added"]


def test_an_address_that_was_given_to_somebody_new_opens_nothing(engine: Engine, users: Users) -> None:
    users.add(ADA, CONTACT, OWNER)
    one = admission(engine, users)
    admit(one, somebody())
    assert reason(one, somebody("the-next-ada")) == "other_subject"
    assert reason(one, somebody("owner", email=None)) == "unverified"


def test_whoever_is_not_invited_has_no_account_and_an_invitation_makes_one_once(engine: Engine, users: Users) -> None:
    one, links = admission(engine, users), Links(engine)
    assert reason(one, somebody()) == "no_access"
    assert users.by_email(ADA) is None
    token = links.make("invitation", ADA, CONTACT, OWNER)
    assert reason(one, somebody(email="mallory@example.org")) == "no_access"
    assert reason(one, somebody(email=None)) == "unverified"
    ada = admit(one, somebody())
    assert (ada.email, ada.grants, ada.has_password) == (ADA, CONTACT, False)
    assert links.look(token, "invitation") is None, "it is used up"


def test_an_account_that_has_ended_is_no_way_in(engine: Engine, users: Users) -> None:
    ada, one = users.add(ADA, CONTACT, OWNER), admission(engine, users)
    admit(one, somebody())
    users.end(ada.id, OWNER)
    assert reason(one, somebody()) == "no_access"


def test_groups_are_roles_and_a_group_lost_is_a_role_lost(engine: Engine, users: Users) -> None:
    one, sessions = admission(engine, users, ROLES), Sessions(engine)
    assert reason(one, somebody()) == "no_group"
    assert reason(one, somebody(groups=["Admins", "support "])) == "no_group", "names are compared as they are"
    ada = admit(one, somebody(groups=["support", "others"]))
    assert set(ada.grants) == {Grant("editor", "contact"), Grant("editor", "signup")}
    assert admit(one, somebody(groups=["admins"])).grants == (Grant("owner"),)
    assert admit(one, somebody(groups=["readers"])).grants == (Grant("viewer"),)
    token = sessions.begin(ada, None, None, "oidc")
    assert reason(one, somebody(groups=["others"])) == "no_group"
    assert sessions.of(token) is None, "and who was in is out"
    assert admit(one, somebody(groups=["readers"])).id == ada.id


def test_groups_alone_decide_where_roles_come_from_groups(engine: Engine, users: Users) -> None:
    one = admission(engine, users, ROLES)
    Links(engine).make("invitation", ADA, [Grant("owner")], OWNER)
    assert reason(one, somebody()) == "no_group"
    assert admit(one, somebody(groups=["readers"])).grants == (Grant("viewer"),)


def test_the_last_owner_stays_it_until_there_is_another(engine: Engine, users: Users) -> None:
    one = admission(engine, users, ROLES)
    owner = somebody("owner", "owner@example.org", ["readers"])
    assert admit(one, owner).is_owner
    admit(one, somebody(groups=["admins"]))
    assert not admit(one, owner).is_owner


def test_two_first_sign_ins_at_once_make_one_account(engine: Engine, users: Users) -> None:
    one, barrier, came = admission(engine, users, ROLES), Barrier(2), list[str]()

    def come() -> None:
        barrier.wait(10)
        try:
            came.append(str(admit(one, somebody(groups=["readers"])).id))
        except NotAdmitted as error:
            came.append(error.reason)

    threads = [Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    ada = admit(one, somebody(groups=["readers"]))
    assert set(came) <= {str(ada.id), "changed"}
    assert str(ada.id) in came
    assert len(users.listed()) == 2


@pytest.mark.parametrize(
    ("text", "grants"),
    [
        ("admins=owner", {"admins": ["owner"]}),
        (" a = owner ,b=editor:contact|signup,", {"a": ["owner"], "b": ["editor:contact", "editor:signup"]}),
        ("cn=admins,dc=example=owner; /staff/de=viewer", {"cn=admins,dc=example": ["owner"], "/staff/de": ["viewer"]}),
        ("", {}),
    ],
)
def test_the_setting_of_roles_is_read(text: str, grants: dict[str, list[str]]) -> None:
    assert {one.group: list(map(str, one.grants)) for one in parse(text)} == grants


@pytest.mark.parametrize("text", ["a", "=owner", "a=boss", "a=owner:", "a=editor:b c", "a=editor:|b", "a="])
def test_what_is_wrong_in_it_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse(text)


def test_more_roles_than_an_account_can_have_are_said(engine: Engine, users: Users) -> None:
    forms = "|".join(f"form-{number}" for number in range(101))
    assert reason(admission(engine, users, f"staff=viewer:{forms}"), somebody(groups=["staff"])) == "too_many_roles"


def test_it_has_an_end() -> None:
    with pytest.raises(ValueError, match="200 at most"):
        parse(",".join(f"group-{number}=viewer" for number in range(201)))


def test_when_an_account_was_linked_is_kept(engine: Engine, users: Users) -> None:
    before = datetime.now(UTC)
    users.add(ADA, CONTACT, OWNER)
    admit(admission(engine, users), somebody())
    assert Audit(engine).page(1)[0].at >= before
