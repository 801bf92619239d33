"""What waits for a digest is shown as that, and as nothing that anybody has to mend."""

from __future__ import annotations

from typing import Any

import pytest

from notify_service.channels.owner import OwnerChannel
from notify_service.history.words import in_words
from notify_service.planning.explaining import explained
from shared.forms import Form, Owner
from shared.forms.digest import parse_digest
from storage_service.console.pages.submission.delivery import deliveries_shown
from support.events import an_event
from support.owner_mails import OWNER, an_owner_channel
from support.planned_world import PlannedWorld


def told(error: str) -> dict[str, Any]:
    moment = "2026-11-30T08:00:00.000000Z"
    return {"channel": "owner", "state": "held", "error": error, "changed_at": moment, "next_attempt_at": moment}


@pytest.mark.parametrize(
    ("error", "words"), [("digest", "waits for the digest"), ("many", "goes in one mail with others")]
)
def test_the_page_of_a_submission_says_when_it_goes_and_not_that_it_is_stuck(error: str, words: str) -> None:
    [shown] = deliveries_shown([told(error)])
    assert (shown.words, shown.state, shown.is_to_go_again) == (words, "pending", False)
    assert shown.next_at is not None


def test_what_a_cap_holds_is_shown_as_before() -> None:
    [shown] = deliveries_shown([told("limit source")])
    assert (shown.words, shown.state, shown.is_to_go_again) == ("is held", "held", True)


def test_it_has_words_of_its_own() -> None:
    assert "next digest" in in_words("held", "digest")
    assert "in one mail with the others" in in_words("held", "many")


def test_who_asks_for_the_plan_of_a_form_is_told_of_its_digest() -> None:
    world = PlannedWorld()
    channel: OwnerChannel = an_owner_channel()
    owner = Owner(to=(OWNER,), digest=parse_digest("daily 08:00"), timezone="Europe/Berlin")
    form = Form("signup", "Sign up", owner=owner)
    plan = explained(an_event(), form, {**world.channels, "owner": channel})
    [line] = [one for one in plan.told if one.channel == "owner"]
    assert line.because.endswith("; it waits for the digest, daily 08:00 Europe/Berlin")
