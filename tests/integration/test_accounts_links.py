"""Setup links, invitations and resets open one thing, once, for some time; on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select

from storage_service.accounts.addresses import BadAddress
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.joining import SetupToken
from storage_service.accounts.links import Spent
from storage_service.accounts.passwords import BadPassword
from storage_service.accounts.roles import BadGrants, Grant
from storage_service.accounts.tokens import new_token
from storage_service.accounts.users import AddressTaken
from storage_service.tables import ACCOUNTS
from support.accounts import ADMIN, OTHER_PASSWORD, PASSWORD, SOURCE, Clock, World, both_at_once
from support.submission_databases import migrated

TOKEN = new_token()
MADE = SetupToken(hashlib.sha256(TOKEN.encode()).hexdigest(), Clock().now)
EDITOR = [Grant("editor", "contact")]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine, MADE)


def test_the_setup_link_makes_the_first_owner_and_no_second(world: World) -> None:
    setup, joining = world.accounts.setup, world.accounts.joining
    assert setup.is_good(TOKEN)
    ada = joining.by_setup(TOKEN, "ada@example.org", PASSWORD, SOURCE)
    assert (ada.is_owner, ada.has_password) == (True, True)
    assert world.accounts.passwords.check("ada@example.org", PASSWORD) == world.accounts.users.one(ada.id)
    assert not setup.is_good(TOKEN)
    with pytest.raises(Spent):
        joining.by_setup(TOKEN, "mallory@example.org", PASSWORD, SOURCE)
    noted = Audit(world.engine).page(1)[0]
    assert (noted.by, noted.action, noted.source) == ("ada@example.org", "user.added", SOURCE)


def test_of_two_who_open_the_setup_link_at_once_one_is_owner(world: World) -> None:
    joining = world.accounts.joining
    came = both_at_once(
        lambda: joining.by_setup(TOKEN, "ada@example.org", PASSWORD, SOURCE),
        lambda: joining.by_setup(TOKEN, "mallory@example.org", PASSWORD, SOURCE),
    )
    assert [type(one) for one in came].count(Spent) == 1
    assert len(world.accounts.users.listed()) == 1


def test_the_setup_link_is_good_for_a_day_and_by_its_token_alone(world: World) -> None:
    for wrong in ("", new_token(), MADE.hash, TOKEN[:-1], "x" * 100_000):
        assert not world.accounts.setup.is_good(wrong)
        with pytest.raises(Spent):
            world.accounts.joining.by_setup(wrong, "ada@example.org", PASSWORD, SOURCE)
    world.clock.forward(hours=24, seconds=-1)
    assert world.accounts.setup.is_good(TOKEN)
    world.clock.forward(seconds=1)
    assert not world.accounts.setup.is_good(TOKEN)
    assert not World(world.engine).accounts.setup.is_good(TOKEN), "no token, no link"


def test_an_owner_from_elsewhere_ends_the_setup_link(world: World) -> None:
    world.user("viewer@example.org", Grant("viewer"))
    assert world.accounts.setup.is_good(TOKEN)
    world.user("ada@example.org")
    assert not world.accounts.setup.is_good(TOKEN)


def test_what_is_wrong_with_a_first_owner_leaves_the_link_good(world: World) -> None:
    joining = world.accounts.joining
    with pytest.raises(BadAddress):
        joining.by_setup(TOKEN, "ada", PASSWORD, SOURCE)
    with pytest.raises(BadPassword):
        joining.by_setup(TOKEN, "ada@example.org", "short", SOURCE)
    joining.by_setup(TOKEN, "ada@example.org", PASSWORD, SOURCE)


def test_an_invitation_makes_one_account_with_its_roles(world: World) -> None:
    links, joining = world.accounts.links, world.accounts.joining
    token = links.make("invitation", "Bob@Example.org", EDITOR, ADMIN)
    seen = links.look(token, "invitation")
    assert seen is not None
    assert (seen.email, list(seen.grants), seen.by) == ("Bob@example.org", EDITOR, ADMIN.name)
    assert links.look(token, "invitation") == seen, "looking uses it up for nobody"
    assert links.look(token, "reset") is None
    bob = joining.by_invitation(token, PASSWORD, SOURCE)
    assert (bob.email, list(bob.grants)) == ("Bob@example.org", EDITOR)
    assert links.look(token, "invitation") is None
    with pytest.raises(Spent):
        joining.by_invitation(token, PASSWORD, SOURCE)
    with world.engine.connect() as connection:
        assert token not in str(connection.execute(select(ACCOUNTS.links)).all())


def test_of_two_who_use_an_invitation_at_once_one_does(world: World) -> None:
    token = world.accounts.links.make("invitation", "bob@example.org", EDITOR, ADMIN)
    came = both_at_once(
        lambda: world.accounts.joining.by_invitation(token, PASSWORD, SOURCE),
        lambda: world.accounts.joining.by_invitation(token, OTHER_PASSWORD, SOURCE),
    )
    assert [type(one) for one in came].count(Spent) == 1
    assert len(world.accounts.users.listed()) == 1


def test_links_end(world: World) -> None:
    links = world.accounts.links
    invitation, reset = (
        links.make("invitation", "bob@example.org", EDITOR, ADMIN),
        links.make("reset", "bob@example.org", (), ADMIN),
    )
    world.clock.forward(minutes=30, seconds=-1)
    assert links.look(reset, "reset")
    world.clock.forward(seconds=1)
    assert links.look(reset, "reset") is None
    world.clock.forward(hours=71)
    assert links.look(invitation, "invitation")
    assert links.invited("BOB@example.org")
    world.clock.forward(minutes=30)
    assert links.look(invitation, "invitation") is None
    assert links.invited("bob@example.org") is None
    assert links.listed() == []
    with pytest.raises(Spent):
        world.accounts.joining.by_invitation(invitation, PASSWORD, SOURCE)


def test_a_new_one_ends_the_older_ones_of_its_address_and_purpose(world: World) -> None:
    links = world.accounts.links
    world.user("bob@example.org", Grant("viewer"))
    first, other = links.make("reset", "bob@example.org", (), ADMIN), links.make("reset", "ada@example.org", (), ADMIN)
    invitation = links.make("invitation", "bob@example.org", EDITOR, ADMIN)
    second = links.make("reset", "BOB@example.org", (), ADMIN)
    assert links.look(first, "reset") is None
    for token, purpose in ((second, "reset"), (other, "reset"), (invitation, "invitation")):
        assert links.look(token, purpose)  # type: ignore[arg-type]


def test_two_who_make_one_at_once_leave_one(world: World) -> None:
    links = world.accounts.links
    made = both_at_once(*(lambda: links.make("invitation", "bob@example.org", EDITOR, ADMIN) for _ in range(2)))
    assert [links.look(token, "invitation") is None for token in made if isinstance(token, str)].count(True) == 1


def test_a_reset_gives_a_new_password_and_signs_out_everywhere(world: World) -> None:
    ada = world.user()
    session, device = world.signed_in(ada), world.accounts.signing_in.begin(ada, "password", SOURCE, None).device
    token = world.accounts.links.make("reset", ada.email, (), ADMIN)
    world.accounts.joining.by_reset(token, OTHER_PASSWORD, SOURCE)
    assert world.accounts.passwords.check(ada.email, PASSWORD) is None
    assert world.accounts.passwords.check(ada.email, OTHER_PASSWORD)
    assert world.accounts.sessions.of(session) is None
    assert not world.accounts.devices.knows(device, ada.folded)
    with pytest.raises(Spent):
        world.accounts.joining.by_reset(token, PASSWORD, SOURCE)


def test_of_two_who_use_a_reset_at_once_one_does(world: World) -> None:
    ada = world.user()
    token = world.accounts.links.make("reset", ada.email, (), ADMIN)
    came = both_at_once(
        lambda: world.accounts.joining.by_reset(token, "one password of two", SOURCE),
        lambda: world.accounts.joining.by_reset(token, "the other password", SOURCE),
    )
    assert [type(one) for one in came].count(Spent) == 1


def test_a_password_that_is_not_taken_leaves_the_link_good(world: World) -> None:
    ada = world.user()
    token = world.accounts.links.make("reset", ada.email, (), ADMIN)
    with pytest.raises(BadPassword):
        world.accounts.joining.by_reset(token, ada.email, SOURCE)
    world.accounts.joining.by_reset(token, OTHER_PASSWORD, SOURCE)


def test_who_has_an_account_by_now_is_not_invited_to_another(world: World) -> None:
    token = world.accounts.links.make("invitation", "bob@example.org", EDITOR, ADMIN)
    world.user("bob@example.org", Grant("viewer"))
    with pytest.raises(AddressTaken):
        world.accounts.joining.by_invitation(token, PASSWORD, SOURCE)
    assert world.accounts.links.look(token, "invitation"), "nothing of it was done"


def test_an_invitation_is_ended(world: World) -> None:
    links = world.accounts.links
    token = links.make("invitation", "bob@example.org", EDITOR, ADMIN)
    (listed,) = links.listed()
    assert links.end(listed.id, ADMIN)
    assert not links.end(listed.id, ADMIN)
    assert links.look(token, "invitation") is None


def test_an_invitation_says_roles(world: World) -> None:
    with pytest.raises(BadGrants):
        world.accounts.links.make("invitation", "bob@example.org", (), ADMIN)


def test_links_are_in_the_audit_without_their_tokens(world: World) -> None:
    token = world.accounts.links.make("invitation", "bob@example.org", EDITOR, Asker("ada@example.org", frozenset()))
    world.accounts.joining.by_invitation(token, PASSWORD, SOURCE)
    used, made = Audit(world.engine).page(9)
    assert (made.by, made.action, made.on) == ("ada@example.org", "invitation.made", "bob@example.org")
    assert (used.by, used.action, used.on) == ("bob@example.org", "user.added", "bob@example.org: editor:contact")
    assert token not in str((used, made))
