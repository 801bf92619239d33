"""Ids and addresses of submissions."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.fields import email as text
from gateway.intake.submissions import fresh_id, id_for_key
from shared.mail_addresses import SPECIAL_ENDS, is_plain


@settings(max_examples=500)
@given(st.emails() | st.from_regex(r"[a-z0-9._+@-]{1,70}", fullmatch=True))
def test_the_quick_look_at_an_address_finds_what_the_full_one_finds(address: str) -> None:
    assert text.is_email(address) == text._is_any_email(address, ())
    if is_plain(address):
        checked = validate_email(address, check_deliverability=False, globally_deliverable=False)
        assert f"{checked.local_part}@{checked.ascii_domain}" == address


@pytest.mark.parametrize(
    "address",
    ["a@b.test", "a@b.invalid", "a@x.local", "a@localhost", "@b.org", ".@b.org", "..@b.org", ".a@b.org", "a@b@c.org"],
)
def test_addresses_that_lead_nowhere(address: str) -> None:
    assert not text.is_email(address)


@pytest.mark.parametrize("address", ["a..b@docomo.ne.jp", "a.@ezweb.ne.jp", "a..b...c.@docomo.ne.jp"])
def test_dots_that_carriers_gave_out(address: str) -> None:
    assert text.is_email(address)


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        *(("a@intranet", True), ("a@INTRANET", True), ("a@mail.corp.local", True), ("a.@intranet", True)),
        *(("a@localhost", False), ("a@xcorp.local", False), ("a b@intranet", False), ("@intranet", False)),
        *(
            ("a@intranet.", False),
            ("a@b\r\nBcc: c@d.intranet", False),
            ("a@b@intranet", False),
            ("a@-.intranet", False),
        ),
    ],
)
def test_domains_that_the_operator_allows(address: str, is_one: bool) -> None:
    assert text.is_email(address, ("intranet", "corp.local")) == is_one


def test_the_quick_look_knows_every_name_that_leads_nowhere() -> None:
    assert frozenset(SPECIAL_USE_DOMAIN_NAMES) == SPECIAL_ENDS


def test_an_id_follows_from_form_and_key_alone() -> None:
    assert id_for_key("signup", "k") == id_for_key("signup", "k") == UUID("5ef84259-db0d-5d0e-af61-1baed697b068")
    assert len({id_for_key(form, key) for form in ("a", "b") for key in ("k", "l")}) == 4
    assert id_for_key("signup", "k").version == 5


@given(st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)), st.integers(0, 2**74 - 1))  # noqa: DTZ001
def test_a_fresh_id_is_a_uuid_of_version_7_that_sorts_by_time(moment: datetime, bits: int) -> None:
    made = fresh_id(moment.replace(tzinfo=UTC), bits)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == int(moment.replace(tzinfo=UTC).timestamp() * 1000)
