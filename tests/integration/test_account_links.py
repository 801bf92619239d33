"""A link into an account and the wish to mail it are one transaction, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from shared.contracts import AccountMail, decode
from shared.database import Outbox
from storage_service.accounts.addresses import BadAddress
from storage_service.accounts.asker import SCOPES, Asker
from storage_service.accounts.links import Links
from storage_service.accounts.mailing import LinkMails
from storage_service.accounts.roles import BadGrants, Grant
from storage_service.tables import OUTBOX
from support.confirmations import NOON
from support.submission_databases import migrated

PUBLIC = "https://forms.example.org"
OWNER = Asker("ada@example.org", frozenset(SCOPES))
GRANTS = [Grant("editor", "contact")]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def mails(engine: Engine) -> list[AccountMail]:
    with engine.connect() as connection:
        waiting = Outbox(OUTBOX).first(connection).values()
    return [decode(bytes(one.body), type=one.type, types=(AccountMail,)) for one in waiting]


def making(engine: Engine, public_url: str | None = PUBLIC) -> tuple[LinkMails, Links]:
    links = Links(engine, clock=lambda: NOON)
    return LinkMails(engine, links, public_url, clock=lambda: NOON), links


def test_what_is_mailed_opens(engine: Engine) -> None:
    making_, links = making(engine)
    made = making_.make("invitation", " Grace@Example.org", GRANTS, OWNER, language="de")
    [mail] = mails(engine)
    assert (mail.purpose, mail.to, mail.by, mail.language) == ("invitation", "Grace@example.org", OWNER.name, "de")
    assert mail.expires_at == made.expires_at == NOON + timedelta(hours=72)
    assert mail.link == made.url == f"{PUBLIC}{made.path}"
    opened = links.look(made.path.removeprefix("/console/invitation/"), "invitation")
    assert opened is not None
    assert (opened.email, list(opened.grants)) == ("Grace@example.org", GRANTS)
    assert opened.expires_at >= mail.expires_at


def test_a_new_password_is_mailed_to_whom_it_is_for(engine: Engine) -> None:
    making_, links = making(engine)
    made = making_.make("reset", "grace@example.org", (), Asker("grace@example.org", frozenset()))
    [mail] = mails(engine)
    assert (mail.purpose, mail.by) == ("reset", None), "nobody is told that they have asked for something themselves"
    assert mail.expires_at == NOON + timedelta(minutes=30)
    assert links.look(made.path.removeprefix("/console/reset/"), "reset")


def test_a_keys_name_is_told_to_nobody(engine: Engine) -> None:
    making_, _ = making(engine)
    making_.make("invitation", "grace@example.org", GRANTS, Asker("deploy script", frozenset(SCOPES)))
    assert [one.by for one in mails(engine)] == [None]


def test_where_nobody_says_where_we_are_reached_nothing_is_mailed(engine: Engine) -> None:
    making_, links = making(engine, None)
    made = making_.make("invitation", "grace@example.org", GRANTS, OWNER)
    assert (made.url, made.is_mailed, mails(engine)) == (None, False, [])
    assert links.look(made.path.removeprefix("/console/invitation/"), "invitation")


def test_what_is_rolled_back_is_not_mailed(engine: Engine) -> None:
    making_, links = making(engine)
    with engine.connect() as connection:
        making_.make("invitation", "grace@example.org", GRANTS, OWNER, within=connection)
        connection.rollback()
    assert mails(engine) == []
    assert links.listed() == []


@pytest.mark.parametrize(("email", "grants"), [("nobody", GRANTS), ("grace@example.org", [])])
def test_what_is_wrong_makes_neither(engine: Engine, email: str, grants: list[Grant]) -> None:
    making_, links = making(engine)
    with pytest.raises((BadAddress, BadGrants)):
        making_.make("invitation", email, grants, OWNER)
    assert mails(engine) == []
    assert links.listed() == []


def test_a_link_is_not_in_what_is_printed(engine: Engine) -> None:
    making_, _ = making(engine)
    made = making_.make("invitation", "grace@example.org", GRANTS, OWNER)
    assert made.path not in repr(made)
    with engine.connect() as connection:
        assert made.path not in str(connection.execute(select(OUTBOX.c.headers)).all())
