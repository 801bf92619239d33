"""The table of addresses that are sent no mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from notify_service.deliveries.states import SUPPRESSED, Claim, Settled
from notify_service.deliveries.table import DeliveryTable
from notify_service.history.selecting import Which, selected
from notify_service.history.told import TellStorage
from notify_service.suppression.gauge import SuppressedGauge
from notify_service.suppression.questions import methods
from notify_service.suppression.reasons import Reason
from notify_service.suppression.suppression import Suppression
from notify_service.suppression.table import SuppressionTable
from notify_service.tables import MIGRATIONS, OUTBOX
from shared import database
from shared.contracts import DeliverySettled
from shared.database import Outbox, iso
from shared.links.addresses import AddressKey
from shared.messaging.failures import DependencyUnavailable
from support.confirmations import a_key, planned
from support.migrating import migrate

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRET = "a secret of the tests"
ADA = "ada@example.org"


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def suppression(engine: Engine) -> Suppression:
    return Suppression(AddressKey(SECRET), SuppressionTable(engine))


def test_an_address_is_stopped_for_every_form_and_however_it_is_written(suppression: Suppression) -> None:
    assert suppression.suppress_address(ADA, "by-hand", NOW, by="ada", said="asked on the phone")
    asked = ["Ada+news@Example.ORG", "bob@example.org"]
    assert suppression.among(asked, "contact") == {"Ada+news@Example.ORG": "by-hand"}
    assert suppression.among(asked, "other") == {"Ada+news@Example.ORG": "by-hand"}


def test_addresses_are_counted_by_reason_once_a_minute(suppression: Suppression) -> None:
    now_s = 0.0
    gauge = SuppressedGauge(suppression.table.counted, lambda: now_s)

    def shown() -> dict[str, float]:
        [family] = gauge.collect()
        return {one.labels["reason"]: one.value for one in family.samples}

    assert shown() == {"bounced": 0, "complained": 0, "unsubscribed": 0, "by-hand": 0}
    for form in ("", "contact"):
        suppression.suppress_address(ADA, "by-hand", NOW, form=form, by="ada", said=None)
    suppression.suppress(suppression.hash_of("bob@example.org"), "bounced", NOW, shown="b…@example.org")
    assert shown()["bounced"] == 0, "it is counted once a minute"
    now_s = 60.0
    assert shown() == {"bounced": 1, "complained": 0, "unsubscribed": 0, "by-hand": 1}


def test_while_the_database_is_away_no_figure_is_shown() -> None:
    def away() -> Mapping[Reason, int]:
        raise DependencyUnavailable("away")

    assert list(SuppressedGauge(away).collect()) == []


def test_of_one_form_it_is_stopped_there_alone(suppression: Suppression) -> None:
    suppression.suppress_address(ADA, "by-hand", NOW, form="contact", by="ada", said=None)
    assert suppression.pairs([(ADA, "contact"), (ADA, "other")]) == {(ADA, "contact"): "by-hand"}


def test_whoever_wants_no_digests_has_all_else(suppression: Suppression) -> None:
    hashed = suppression.hash_of(ADA)
    suppression.suppress(hashed, "unsubscribed", NOW, shown="a…@example.org", form="contact", stops="digests")
    assert suppression.among([ADA], "contact") == {}
    assert suppression.among([ADA], "contact", "digests") == {ADA: "unsubscribed"}
    assert suppression.among([ADA], "other", "digests") == {}
    suppression.suppress(hashed, "bounced", NOW, shown="a…@example.org", said="550 no such user")
    assert suppression.among([ADA], "other", "digests") == {ADA: "bounced"}, "what stops all stops digests"


def test_the_first_reason_stays_and_no_whole_address_is_kept(suppression: Suppression) -> None:
    suppression.suppress_address(ADA, "complained", NOW, by=None, said=None)
    assert not suppression.suppress_address(ADA, "bounced", NOW + timedelta(days=1), by=None, said="x")
    [known] = suppression.table.of_address(suppression.hash_of(ADA))
    assert (known.reason, known.at, known.shown, known.form) == ("complained", NOW, "a…@example.org", "")
    assert known.address_hash == AddressKey(SECRET).of(ADA) != AddressKey("another").of(ADA)


def test_what_is_taken_back_is_sent_mail_again(suppression: Suppression) -> None:
    suppression.suppress_address(ADA, "bounced", NOW, by=None, said=None)
    suppression.suppress_address(ADA, "by-hand", NOW, form="contact", by="ada", said=None)
    hashed = suppression.hash_of(ADA)
    assert suppression.table.remove(hashed, "contact", "all")
    assert not suppression.table.remove(hashed, "contact", "all")
    assert suppression.among([ADA], "contact") == {ADA: "bounced"}
    assert suppression.table.remove(hashed, "", "all")
    assert suppression.among([ADA], "contact") == {}


def test_the_console_is_shown_pages_of_them_the_newest_first(suppression: Suppression) -> None:
    ask = methods(suppression, lambda: NOW)
    added = [
        ask["suppressions.add"]({"address": f"{n}@example.org", "form": form, "by": "ada", "note": f"note {n}"})
        for n, form in enumerate(["", "contact", "", "contact", ""])
    ]
    assert all(one["added"] for one in added)
    shown, cursor, pages = [], None, 0
    while cursor is not None or not pages:
        page = ask["suppressions.list"]({"limit": 2, "cursor": cursor})
        shown += page["suppressions"]
        cursor, pages = page["next_cursor"], pages + 1
    assert pages == 3
    assert sorted(one["id"] for one in shown) == sorted(one["suppression"]["id"] for one in added)
    assert len({one["id"] for one in shown}) == 5
    assert "0@example.org" not in str(shown)


def test_the_console_finds_adds_and_takes_back(suppression: Suppression) -> None:
    ask = methods(suppression, lambda: NOW)
    add = {"address": ADA, "form": "", "by": "owner@example.org", "note": "asked on the phone"}
    first = ask["suppressions.add"](add)
    assert ask["suppressions.add"]({**add, "note": "again"}) == {**first, "added": False}
    found = ask["suppressions.find"]({"address": "ADA+x@example.org"})
    assert found["suppressions"] == [first["suppression"]]
    assert first["suppression"] == {
        "id": f"{found['address']}.all",
        "address": "a…@example.org",
        "form": None,
        "stops": "all",
        "reason": "by-hand",
        "at": iso(NOW),
        "by": "owner@example.org",
        "said": "asked on the phone",
    }
    assert ask["suppressions.remove"]({"id": first["suppression"]["id"]}) == {"removed": True}
    assert ask["suppressions.remove"]({"id": first["suppression"]["id"]}) == {"removed": False}
    assert ask["suppressions.find"]({"address": ADA})["suppressions"] == []


@pytest.mark.parametrize("told", ["x", "", "ab" * 32, f"{'ab' * 32}.some", "ab.all.contact"])
def test_an_id_or_a_cursor_of_somebody_else_is_nothing(suppression: Suppression, told: str) -> None:
    ask = methods(suppression, lambda: NOW)
    assert ask["suppressions.remove"]({"id": told}) == {"removed": False}
    assert ask["suppressions.list"]({"limit": 2, "cursor": told or "y"}) == {"error": "cursor"}


def test_without_a_secret_it_is_off(engine: Engine) -> None:
    off = Suppression(None, SuppressionTable(engine))
    for name, ask in methods(off, lambda: NOW).items():
        assert ask({"address": ADA, "id": "x", "limit": 1, "by": "ada"}) == {"error": "off"}, name
    assert off.among([ADA], "contact") == {}
    with pytest.raises(ValueError, match="COUNTERFOIL_SECRET"):
        off.suppress_address(ADA, "by-hand", NOW, by="ada", said=None)


def test_a_delivery_is_recorded_and_told_to_storage_as_suppressed(engine: Engine) -> None:
    table, key = DeliveryTable(engine), a_key()
    claimed = table.claim([planned(key)], lease_holder=uuid4(), now=NOW, lease_until=NOW + timedelta(minutes=1))[key]
    assert isinstance(claimed, Claim)
    shown = table.record(claimed, "suppressed", now=NOW, error=f"{SUPPRESSED}bounced")
    assert shown is not None
    assert (shown.state, shown.attempts) == ("failed", 1), "an earlier gateway knows no other state"
    again = table.claim([planned(key)], lease_holder=uuid4(), now=NOW, lease_until=NOW + timedelta(minutes=1))
    assert again == {key: Settled()}
    outbox = Outbox(OUTBOX)
    assert TellStorage(engine, outbox)() == 1
    with engine.connect() as connection:
        [told] = [DeliverySettled.decode(row.body) for row in connection.execute(OUTBOX.select())]
    [state] = told.deliveries
    assert (state.state, state.reason) == ("suppressed", f"{SUPPRESSED}bounced")
    assert state.words is not None
    assert "came back" in state.words
    assert [row.state for row in selected(engine, Which("suppressed"), 10)] == ["suppressed"]
