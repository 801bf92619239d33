"""A webhook's row in the claim table stands beside the mail's, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

from notify_service.channels.counting import Counted
from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.caps import Cap, Caps
from notify_service.deliveries.states import Claim, Settled
from notify_service.deliveries.table import DeliveryTable
from notify_service.tables import MIGRATIONS, deliveries
from shared import database
from shared.contracts import Confirmation
from shared.forms.webhook import OWNER
from support.confirmations import NOON, a_key, planned
from support.migrating import migrate

LEASE = NOON + timedelta(minutes=1)


def test_mail_and_webhook_of_one_submission_are_claimed_apart_and_only_mail_counts(
    notify_database_url: str,
) -> None:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    caps, by = Caps(recipient=Cap(1, timedelta(days=1))), Counted("ada")
    mails, webhooks = DeliveryTable(engine, caps), DeliveryTable(engine)
    for _ in range(2):
        key = Key(uuid4(), "webhook", OWNER)
        claim = webhooks.claim([planned(key)], lease_holder=uuid4(), now=NOON, lease_until=LEASE)[key]
        assert isinstance(claim, Claim)
        webhooks.record(claim, "sent", now=NOON)
        assert webhooks.claim([planned(key)], lease_holder=uuid4(), now=NOON, lease_until=LEASE)[key] == Settled()
    mail = a_key(key.submission_id)
    assert isinstance(mails.claim([planned(mail, by)], lease_holder=uuid4(), now=NOON, lease_until=LEASE)[mail], Claim)
    assert mails.confirmations(key.submission_id) == [
        Confirmation("email", "pending", 1, NOON),
        Confirmation("webhook", "sent", 1, NOON),
    ]
    engine.dispose()


def test_why_it_waits_is_told_until_it_is_sent(notify_database_url: str) -> None:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    table, key = DeliveryTable(engine), Key(uuid4(), "webhook", OWNER)
    told = []
    for outcome, error in (("retrying", "no secret"), ("sent", None)):
        claim = table.claim([planned(key)], lease_holder=uuid4(), now=NOON, lease_until=LEASE)[key]
        assert isinstance(claim, Claim)
        told += [one.error for one in table.confirmations(key.submission_id)]
        table.record(claim, outcome, now=NOON, error=error)  # type: ignore[arg-type]
        told += [one.error for one in table.confirmations(key.submission_id)]
    assert told == [None, "no secret", None, None]
    engine.dispose()


def test_what_is_known_of_a_webhook_stays_when_the_forms_file_tells_no_more_of_it(notify_database_url: str) -> None:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    table, key, shown = DeliveryTable(engine), Key(uuid4(), "webhook", "crm"), select(deliveries.c.destination_shown)
    asked = Planned(key, "signup", "https://crm.example.org/", "crm (crm.example.org)", "accepted_1_crm")
    for one, is_shown in ((asked, asked.shown), (replace(asked, destination="", shown=""), asked.shown)):
        claim = table.claim([one], lease_holder=uuid4(), now=NOON, lease_until=LEASE)[key]
        assert isinstance(claim, Claim)
        table.release(claim, now=NOON)
        with engine.begin() as connection:
            assert connection.scalar(shown) == is_shown
    engine.dispose()
