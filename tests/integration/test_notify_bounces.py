"""What comes back makes its delivery say so, once, and has a bad address sent no more; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, insert, select, update
from structlog.testing import capture_logs

from notify_service.account_mails.claims import MailClaims
from notify_service.bounces.handler import WAITS_MOST, TakeBounces
from notify_service.bounces.table import TOLD_MOST, BounceTable
from notify_service.forgetting.erasure_table import ErasureTable
from notify_service.history.shown import History
from notify_service.suppression.suppression import Suppression
from notify_service.suppression.table import SuppressionTable
from notify_service.tables import MIGRATIONS, deliveries, delivery_attempts, mail_bounces
from shared import database
from shared.contracts import NO_REQUEST, BounceKind, MailBounced
from shared.links.addresses import AddressKey
from shared.messaging.failures import Delivery, RetryLater
from support.migrating import migrate

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEY = AddressKey("a secret")
ADA = "ada@example.org"


@dataclass
class World:
    """A database with deliveries, and who takes what comes back."""

    engine: Engine
    now: datetime = NOON
    counted: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.suppression = Suppression(KEY, SuppressionTable(self.engine))
        self.table = BounceTable(self.engine)
        count = self.counted.append
        self.take = TakeBounces(
            self.table, self.suppression.suppress, lambda: self.now, lambda outcome, via: count((outcome, via))
        )

    def a_delivery(self, address: str = ADA, **changes: Any) -> UUID:
        row: dict[str, Any] = {
            "id": uuid4(),
            "submission_id": uuid4(),
            "form": "signup",
            "channel": "confirmation",
            "destination_hash": uuid4().hex,
            "destination_shown": "a…@example.org",
            "request": NO_REQUEST,
            "state": "sent",
            "attempts": 1,
            "created_at": NOON,
            "changed_at": NOON,
            "address_hash": KEY.exactly(address),
        } | changes
        with self.engine.begin() as connection:
            connection.execute(insert(deliveries).values(row))
        made: UUID = row["id"]
        return made

    def came_back(self, mail: UUID | None, kind: BounceKind = "hard", *, attempt: int = 0, **changes: Any) -> None:
        code = "5.1.1" if kind == "hard" else "4.2.2" if kind == "soft" else ""
        event = MailBounced(uuid4(), mail, None, kind, code, "550 a…@example.org: no", self.now, "mailbox")
        self.told(replace(event, **changes), attempt=attempt)

    def told(self, event: MailBounced, *, attempt: int = 0) -> None:
        [result] = self.take([Delivery(event, attempt)])
        if result is not None:
            raise result

    def row(self, delivery: UUID) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(select(deliveries).where(deliveries.c.id == delivery)).one()

    def why(self, address: str = ADA) -> str | None:
        return self.suppression.why(address)


@pytest.fixture
def world(notify_database_url: str) -> Iterator[World]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield World(engine)
    engine.dispose()


def test_a_hard_bounce_makes_the_delivery_bounced_and_has_the_address_sent_no_more(world: World) -> None:
    delivery = world.a_delivery()
    world.came_back(delivery)
    row = world.row(delivery)
    assert (row.state, row.last_error, row.changed_at) == ("bounced", "bounced: hard 5.1.1", NOON)
    assert world.why() == world.why("A.da+x@example.org".replace("A.da", "Ada")) == "bounced"
    [one] = world.suppression.table.of_address(KEY.of(ADA))
    assert (one.shown, one.by, one.said) == ("a…@example.org", "mailbox", "550 a…@example.org: no")
    [shown] = History(world.engine).of_submission(row.submission_id)
    assert shown["reason"].startswith("The mail came back. There is no such mailbox")
    assert [(one["outcome"], one["said"]) for one in shown["tries"]] == [("bounced", "550 a…@example.org: no")]
    assert world.counted == [("hard", "mailbox")]


def test_the_same_again_changes_nothing_even_once_the_address_is_taken_back(world: World) -> None:
    delivery = world.a_delivery()
    event = MailBounced(uuid4(), delivery, None, "hard", "5.1.1", "no", NOON, "ses")
    world.told(event)
    assert world.suppression.table.remove(KEY.of(ADA), "", "all") == 1
    with world.engine.begin() as connection:
        connection.execute(update(deliveries).values(state="sent"))
    world.told(event)
    assert world.why() is None
    assert world.row(delivery).state == "sent"
    assert world.counted == [("hard", "ses"), ("known", "ses")]


def test_the_third_soft_bounce_in_seven_days_has_the_address_sent_no_more(world: World) -> None:
    for days, why in ((0, None), (6, None), (6.9, "bounced")):
        world.now = NOON + timedelta(days=days)
        world.came_back(world.a_delivery(), "soft")
        assert world.why() == why
    assert world.why("grace@example.org") is None


def test_three_soft_bounces_in_over_seven_days_and_one_delivery_told_thrice_are_not_enough(world: World) -> None:
    for days in (0, 4, 7.01):
        world.now = NOON + timedelta(days=days)
        world.came_back(world.a_delivery(), "soft")
    once = world.a_delivery("grace@example.org")
    for _ in range(3):
        world.came_back(once, "soft")
    assert world.why() is None
    assert world.why("grace@example.org") is None


def test_a_mail_that_is_told_twice_makes_no_third_of_two(world: World) -> None:
    world.came_back(world.a_delivery(), "soft")
    twice = world.a_delivery()
    world.came_back(twice, "soft")
    world.came_back(twice, "soft", via="ses")
    assert world.why() is None
    world.came_back(world.a_delivery(), "soft")
    assert world.why() == "bounced"


def test_soft_bounces_that_a_provider_tells_of_no_mail_of_ours_count_as_well(world: World) -> None:
    for why in (None, None, "bounced"):
        world.came_back(None, "soft", via="ses", address_hash=KEY.of(ADA))
        assert world.why() == why


def test_whoever_has_a_token_fills_no_table_with_it(world: World) -> None:
    mail, other = world.a_delivery(), world.a_delivery("bob@example.org")
    for number in range(TOLD_MOST + 5):
        world.came_back(mail, "soft", said=f"{number} is another report")
    world.came_back(other, "soft")
    with world.engine.connect() as connection:
        kept = [row.mail_id for row in connection.execute(select(mail_bounces))]
    assert (kept.count(mail), kept.count(other)) == (TOLD_MOST, 1)
    assert world.counted[-2:] == [("known", "mailbox"), ("soft", "mailbox")]


def test_who_was_taken_back_begins_anew(world: World) -> None:
    for _ in range(3):
        world.came_back(world.a_delivery(), "soft")
    assert world.suppression.table.remove(KEY.of(ADA), "", "all") == 1
    for _ in range(2):
        world.came_back(world.a_delivery(), "soft")
    assert world.why() is None
    world.came_back(world.a_delivery(), "soft")
    assert world.why() == "bounced"


def test_a_complaint_is_about_a_mail_that_arrived(world: World) -> None:
    delivery = world.a_delivery()
    world.came_back(delivery, "complaint", said="abuse")
    row = world.row(delivery)
    assert row.state == "sent"
    [shown] = History(world.engine).of_submission(row.submission_id)
    assert [one["outcome"] for one in shown["tries"]] == ["complained"]
    assert world.why() == "complained"


def test_what_is_of_no_mail_that_is_known_is_dropped(world: World) -> None:
    delivery = world.a_delivery()
    submission = world.row(delivery).submission_id
    ErasureTable(world.engine).erase({submission: NOON}, NOON)
    world.came_back(delivery, address_hash=KEY.of(ADA))
    world.came_back(uuid4(), address_hash=KEY.of(ADA))
    assert world.counted == [("dropped", "mailbox")] * 2
    assert world.why() is None


def test_an_erased_submission_takes_its_bounces_along(world: World) -> None:
    delivery = world.a_delivery()
    world.came_back(delivery)
    ErasureTable(world.engine).erase({world.row(delivery).submission_id: NOON}, NOON)
    with world.engine.connect() as connection:
        assert connection.execute(select(mail_bounces)).all() == []
        assert connection.execute(select(delivery_attempts)).all() == []
    assert world.why() == "bounced"  # this stays, and says so


def test_a_bounce_that_comes_before_its_mail_is_recorded_waits_for_it(world: World) -> None:
    delivery = world.a_delivery(state="sending")
    with pytest.raises(RetryLater):
        world.came_back(delivery)
    world.came_back(delivery, attempt=WAITS_MOST)
    assert world.row(delivery).state == "bounced"


@pytest.mark.parametrize("state", ["held", "cancelled", "suppressed"])
def test_what_was_never_sent_stays_as_it_is(world: World, state: str) -> None:
    delivery = world.a_delivery(state=state)
    world.came_back(delivery)
    assert world.row(delivery).state == state


def test_a_provider_vouches_for_an_address_without_a_delivery(world: World) -> None:
    world.came_back(None, via="postmark", address_hash=KEY.of(ADA), shown="a…@example.org")
    assert world.why() == "bounced"
    [one] = world.suppression.table.of_address(KEY.of(ADA))
    assert (one.by, one.shown) == ("postmark", "a…@example.org")


def test_the_address_of_the_delivery_goes_before_what_is_told(world: World) -> None:
    world.came_back(world.a_delivery(), address_hash=KEY.of("forwarded@example.net"))
    assert world.why() == "bounced"
    assert world.why("forwarded@example.net") is None


def test_who_makes_up_an_address_with_a_plus_stops_that_one_alone(world: World) -> None:
    made_up = "ada+made-up@example.org"
    world.came_back(world.a_delivery(made_up))
    world.came_back(None, via="postmark", address_hash=KEY.exactly("ada+other@example.org"))
    assert [world.why(one) for one in (made_up, "Ada+Other@example.org")] == ["bounced", "bounced"]
    assert [world.why(one) for one in (ADA, "ada+news@example.org")] == [None, None]
    for number in range(3):
        world.came_back(world.a_delivery(f"ada+{number}@example.org"), "soft")
    assert world.why() is None


def test_a_complaint_stops_the_mailbox(world: World) -> None:
    mail = world.a_delivery("ada+news@example.org")
    world.came_back(mail, "complaint", via="ses", address_hash=KEY.of("ada+news@example.org"))
    assert [world.why(one) for one in (ADA, "ada+news@example.org", "ada+x@example.org")] == ["complained"] * 3


def test_at_gmail_a_plus_makes_no_difference(world: World) -> None:
    world.came_back(world.a_delivery("ada.l+made-up@gmail.com"))
    assert world.why("adal@googlemail.com") == "bounced"


def test_what_strangers_write_makes_no_owner_deaf(world: World) -> None:
    for number in range(5):
        mail = world.a_delivery(channel="owner")
        world.came_back(mail, "soft", code="5.7.1", said="554 5.7.1 this looks like spam")
        assert world.row(mail).state == "bounced"
        final = world.a_delivery(channel="owner")
        world.came_back(
            final, "hard", code="5.7.1", said=f"550 5.7.1 virus {number}", via="ses", address_hash=KEY.of(ADA)
        )
        assert world.row(final).last_error == "bounced: soft 5.7.1"
    assert world.why() is None
    world.came_back(world.a_delivery(), "soft")
    world.came_back(world.a_delivery(), "soft")
    assert world.why() is None, "an owner's count against nobody"


@pytest.mark.parametrize(("code", "said"), [("5.7.1", "554 refused"), ("", "550 spam"), ("5.3.4", ""), ("4.7.1", "")])
def test_what_a_mail_says_counts_against_nobody_whose_address_a_stranger_types(
    world: World, code: str, said: str
) -> None:
    for _ in range(4):
        world.came_back(world.a_delivery(), "soft", code=code, said=said)
    assert world.why() is None
    for _ in range(3):
        world.came_back(world.a_delivery(), "soft", code="4.4.1", said="timed out")
    assert world.why() == "bounced"


def test_an_owner_who_is_not_there_any_more_is_sent_no_more_and_that_is_a_warning(world: World) -> None:
    mail = world.a_delivery(channel="owner")
    with capture_logs() as logs:
        world.came_back(mail)
    assert world.why() == "bounced"
    [warning] = [one for one in logs if one["log_level"] == "warning"]
    assert (warning["because"], warning["code"], warning["delivery"]) == ("bounced", "5.1.1", str(mail))
    assert ADA not in str(logs)


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        ("5.7.1", "550 5.7.1 rejected", "soft"),
        ("5.6.0", "", "soft"),
        ("5.3.4", "552 5.3.4 message too big", "soft"),
        ("", "550 This message contains a virus", "soft"),
        ("", "554 rejected due to its content", "soft"),
        ("5.1.1", "550 5.1.1 blocked: user unknown", "hard"),
        ("", "550 no such user here: policy", "hard"),
        ("", "", "hard"),
    ],
)
def test_what_a_provider_calls_final_is_soft_where_it_speaks_of_the_mail(
    world: World, code: str, said: str, kind: str
) -> None:
    mail = world.a_delivery()
    world.came_back(mail, "hard", code=code, said=said, via="mailgun")
    assert world.row(mail).last_error == f"bounced: {kind} {code}".rstrip()
    assert world.why() == ("bounced" if kind == "hard" else None)


def test_a_mail_with_a_link_that_comes_back_has_its_address_sent_no_more(world: World) -> None:
    claims, mail = MailClaims(world.engine), uuid4()
    claims.claim(mail, NOON + timedelta(days=1), now=NOON, until=NOON + timedelta(minutes=1))
    claims.record_sent(mail, NOON, KEY.of(ADA), "a…@example.org")
    world.came_back(mail)
    assert world.why() == "bounced"


def test_old_bounces_are_forgotten(world: World) -> None:
    world.came_back(world.a_delivery(), "soft")
    world.table.forget_old(NOON + timedelta(days=29))
    with world.engine.connect() as connection:
        assert len(connection.execute(select(mail_bounces)).all()) == 1
    world.table.forget_old(NOON + timedelta(days=31))
    with world.engine.connect() as connection:
        assert connection.execute(select(mail_bounces)).all() == []


def test_who_dies_between_suppressing_and_keeping_does_both_once_more(world: World) -> None:
    delivery = world.a_delivery()
    event = MailBounced(uuid4(), delivery, None, "hard", "5.1.1", "no", NOON, "ses")

    def die(_: str) -> None:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        replace(world.take, reach=die)([Delivery(event)])
    assert (world.why(), world.row(delivery).state) == ("bounced", "sent")
    world.told(event)
    assert (world.why(), world.row(delivery).state) == ("bounced", "bounced")
