"""The mail with a link into an account: read strictly, known by its own queue, and never repeated in an error."""

from __future__ import annotations

import json

import pytest

from shared.contracts import AccountMail, InvalidEvent, decode, encode
from shared.messaging.routes import ROUTES
from shared.messaging.topology import DELIVERY_LIMIT, NOTIFY_ACCOUNTS, PARKED
from support.account_mails import LINK, SECRET, an_account_mail


def test_it_is_read_as_it_was_written() -> None:
    for asked in (an_account_mail(), an_account_mail(purpose="reset", by=None, language="fr", to="zoë@example.org")):
        assert decode(encode(asked), type=asked.TYPE, types=(AccountMail,)) == asked


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": "x"}, "id: no UUID"),
        ({"purpose": ""}, "purpose: expected a name"),
        ({"purpose": "Invite Me"}, "purpose: expected a name"),
        ({"to": None}, "to: expected str"),
        ({"to": "x" * 321}, "to: 321 characters, 320 at most"),
        ({"link": "javascript:alert(1)"}, "link: expected an address"),
        ({"link": LINK + " x"}, "link: expected an address"),
        ({"link": "https://" + "x" * 2000}, "link: 2008 characters, 2000 at most"),
        ({"expires_at": "2026-11-22T17:03:44"}, "expires_at: names no time zone"),
        ({"by": 1}, "by: expected str"),
        ({"language": "x" * 81}, "language: 81 characters"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_and_not_repeated(change: dict[str, object], place: str) -> None:
    document = json.loads(encode(an_account_mail())) | change
    with pytest.raises(InvalidEvent, match=f"^{place}") as caught:
        AccountMail.decode(json.dumps(document).encode())
    assert SECRET not in str(caught.value)
    assert "@" not in str(caught.value)


def test_what_is_printed_of_it_names_nobody_and_opens_nothing() -> None:
    shown = repr(an_account_mail())
    assert "invitation" in shown
    assert "@" not in shown
    assert SECRET not in shown


def test_its_queue_parks_nothing_and_keeps_nothing_for_longer_than_a_link_lives() -> None:
    assert ROUTES[AccountMail.TYPE].queues == (NOTIFY_ACCOUNTS.name,)
    work = next(queue for queue in NOTIFY_ACCOUNTS.queues() if queue.name == NOTIFY_ACCOUNTS.name)
    assert PARKED not in work.arguments.values()
    assert not any(name.startswith("x-dead-letter") for name in work.arguments)
    assert work.arguments["x-message-ttl"] == 72 * 3600 * 1000
    assert work.arguments["x-delivery-limit"] == DELIVERY_LIMIT
