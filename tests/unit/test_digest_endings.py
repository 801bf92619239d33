"""Who wants no digests of a form has none, and every digest has a link that says so."""

from __future__ import annotations

from typing import cast

from notify_service.digests.endings import Endings
from notify_service.suppression.reasons import Reason
from notify_service.suppression.suppression import Suppression
from notify_service.suppression.table import SuppressionTable
from shared.links.addresses import AddressKey
from shared.links.unsubscribe import UnsubscribeLinks

SECRET, ADA = "s" * 32, "ada@example.org"
KEY, LINKS = AddressKey(SECRET), UnsubscribeLinks(SECRET)
ORIGIN = "https://forms.example.org"


class Table:
    def among(self, asked: set[tuple[str, str]], stops: str) -> dict[tuple[str, str], Reason]:
        return {pair: "unsubscribed" for pair in asked if pair == (KEY.of(ADA), "signup") and stops == "digests"}


def suppression(key: AddressKey | None = KEY) -> Suppression:
    return Suppression(key, cast("SuppressionTable", Table()))


def test_it_is_asked_about_digests_of_that_form() -> None:
    endings = Endings(suppression(), LINKS)
    assert endings.reason(ADA, "signup") == "unsubscribed"
    assert endings.reason(ADA, "other") is None
    assert Endings(suppression(None), None).reason(ADA, "signup") is None


def test_the_link_says_whose_digests_of_which_form_and_leads_to_the_gateway() -> None:
    url = Endings(suppression(), LINKS).url(ADA, "signup", ORIGIN)
    assert url is not None
    link = LINKS.read(url.removeprefix(f"{ORIGIN}/unsubscribe/"))
    assert link is not None
    assert (link.address_hash, link.form, link.stops, link.shown) == (
        KEY.of(ADA),
        "signup",
        "digests",
        "a…@example.org",
    )


def test_without_a_secret_or_a_place_there_is_none() -> None:
    assert Endings(suppression(), LINKS).url(ADA, "signup", None) is None
    assert Endings(suppression(None), None).url(ADA, "signup", ORIGIN) is None
