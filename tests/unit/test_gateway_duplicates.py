"""Double clicks: the same fields within a form's window are one submission."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.duplicates import Duplicates
from gateway.intake.submissions import id_for_key
from shared.forms import Form, FormsError, load
from shared.messaging.broker import Answer, Params
from shared.messaging.topology import STORAGE_QUERIES
from support.gateway_app import GOOD, Gateway, a_gateway, document_of

BEGIN = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=10)
FORM = Form("signup", "Sign up", deduplicate=WINDOW)
FORMS = """
[forms.signup]
deduplicate = "1d"
[forms.usual]
"""


class Storage:
    """When each id was accepted first, known as soon as it is accepted."""

    def __init__(self, *, answers: bool = True) -> None:
        self.first: dict[UUID, datetime] = {}
        self.duplicates = Duplicates(self.first.get if answers else lambda _: None)

    def take(self, now: datetime, fields: dict[str, str], *, spam: bool = False) -> UUID:
        key = self.duplicates.key_for(FORM, dict(fields), now, spam=spam)
        assert key is not None
        made = id_for_key(FORM.name, key, spam=spam)
        self.first.setdefault(made, now)
        return made


MOMENTS = st.lists(st.integers(0, 4 * 600_000_000), min_size=1, max_size=12).map(
    lambda offsets: [BEGIN + timedelta(microseconds=offset) for offset in sorted(offsets)]
)


@given(MOMENTS)
def test_within_the_window_of_the_first_it_is_the_same_and_after_it_another(moments: list[datetime]) -> None:
    storage = Storage()
    ids = [storage.take(now, GOOD) for now in moments]
    expected: list[tuple[UUID, datetime]] = []
    for now, made in zip(moments, ids, strict=True):
        last = expected[-1] if expected else None
        if last is None or now - last[1] >= WINDOW:
            assert made not in [one for one, _ in expected]
            expected.append((made, now))
        else:
            assert made == last[0]


@given(MOMENTS)
def test_without_storage_it_is_the_same_within_a_piece_of_time_and_never_after_the_window(
    moments: list[datetime],
) -> None:
    storage = Storage(answers=False)
    ids = {now: storage.take(now, GOOD) for now in moments}
    for one, first in ids.items():
        for other, second in ids.items():
            same_piece = (one - BEGIN) // WINDOW == (other - BEGIN) // WINDOW  # BEGIN is where a piece begins
            assert (first == second) is same_piece


def test_other_fields_and_spam_are_others() -> None:
    storage = Storage()
    ids = [storage.take(BEGIN, GOOD), storage.take(BEGIN, {"name": "Grace"}), storage.take(BEGIN, GOOD, spam=True)]
    assert len(set(ids)) == 3


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS)


PAGE = {"Accept": "text/html"}


def test_a_double_click_is_one_submission_in_any_style(gateway: Gateway) -> None:
    gateway.submitted("signup", GOOD)
    gateway.client.post("/f/signup", data=GOOD, headers=PAGE)
    gateway.client.post("/f/signup", data={**GOOD, "_subject": "again"}, headers={"HX-Request": "true"})
    assert len({event.id for event in gateway.published()}) == 1


def test_a_form_that_does_not_say_so_takes_two(gateway: Gateway) -> None:
    assert gateway.submitted("usual", GOOD)["id"] != gateway.submitted("usual", GOOD)["id"]


def test_a_key_wins(gateway: Gateway) -> None:
    ids = {gateway.submitted("signup", GOOD, {"Idempotency-Key": key})["id"] for key in ("a", "a", "b")}
    ids |= {gateway.submitted("signup", GOOD)["id"]}
    assert len(ids) == 3


def test_what_storage_holds_from_the_piece_of_time_before_is_asked_for(gateway: Gateway) -> None:
    asked: list[str] = []

    def receipt(params: Params) -> Answer:
        asked.append(params["id"])
        now = datetime.now(UTC).isoformat()
        return {"stored_at": now, "accepted_at": now, "fingerprint": "0" * 64}

    gateway.broker.serve(STORAGE_QUERIES, {"receipt": receipt})
    assert [gateway.submitted("signup", GOOD)["id"]] == asked


def test_after_a_503_the_page_offers_what_will_have_the_same_id(gateway: Gateway) -> None:
    gateway.broker.refusal = "blocked"
    refused = gateway.client.post("/f/signup", data=GOOD, headers=PAGE)
    assert refused.status_code == 503
    gateway.broker.refusal = None
    key = refused.text.partition('name="_idempotency_key" value="')[2].partition('"')[0]
    again = gateway.submitted("signup", {**GOOD, "_idempotency_key": key})
    assert again["id"] == document_of(gateway.client.post("/f/signup", json=GOOD))["id"]


@pytest.mark.parametrize("text", ["", "10", "m", "0m", "-1m", "1w", "25h", "2d", "1.5h", "10 m", "10M"])
def test_what_no_window_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(f'[forms.a]\ndeduplicate = "{text}"\n')
    with pytest.raises(FormsError, match=r"toml:2: forms\.a\.deduplicate: expected a number and s, m, h or d"):
        load(path)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("10m", 600), ("24h", 86400), ("1d", 86400)])
def test_what_a_window_is(tmp_path: Path, text: str, seconds: int) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(f'[forms.a]\ndeduplicate = "{text}"\n')
    assert load(path)["a"].deduplicate == timedelta(seconds=seconds)
