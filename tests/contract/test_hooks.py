"""What is told of hooks: read strictly, by a queue that parks nothing, and never repeated in an error."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.contracts import HookChanged, HookGone, InvalidEvent, decode, encode
from shared.contracts.event import Event
from shared.messaging.routes import ROUTES
from shared.messaging.topology import NOTIFY_HOOKS, PARKED, STORAGE_DELIVERIES
from shared.webhook_bodies import HOOK_EVENTS
from support.events import WRITTEN_AT
from support.hooks import CATCH, a_told_hook
from support.webhooks import SECRET

HOOK = a_told_hook(events=HOOK_EVENTS, expires_at=WRITTEN_AT + timedelta(days=90))
GONE = HookGone(HOOK.id, 3, WRITTEN_AT)


@pytest.mark.parametrize(
    "told",
    [HOOK, a_told_hook(forms=None), a_told_hook(7, is_ended=True), GONE],
    ids=["whole", "all forms", "ended", "gone"],
)
def test_it_is_read_as_it_was_written(told: Event) -> None:
    assert decode(encode(told), type=told.TYPE, types=(type(told),)) == told


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": "x"}, "id: no UUID"),
        ({"version": 0}, "version: expected a number from 1"),
        ({"url": None}, "url: expected str"),
        ({"url": ""}, "url, secret: expected both"),
        ({"url": "https://" + "x" * 2000}, "url: 2008 characters, 2000 at most"),
        ({"secret": ""}, "url, secret: expected both"),
        ({"secret": "x" * 201}, "secret: 201 characters"),
        ({"events": "submission.accepted"}, "events: expected list"),
        ({"events": ["x"] * 17}, "events: expected 16 names at most"),
        ({"events": [""]}, "events: expected 16 names"),
        ({"events": [7]}, "events: expected 16 names"),
        ({"forms": {}}, "forms: expected list"),
        ({"forms": ["x"] * 101}, "forms: expected 100 names at most"),
        ({"expires_at": "2026-11-22T17:03:44"}, "expires_at: names no time zone"),
        ({"is_ended": 1}, "is_ended: expected bool"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_and_not_repeated(change: dict[str, object], place: str) -> None:
    document = json.loads(encode(HOOK)) | change
    with pytest.raises(InvalidEvent, match=f"^{place}") as caught:
        HookChanged.decode(json.dumps(document).encode())
    assert SECRET not in str(caught.value)
    assert CATCH not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "place"), [({"id": 7}, "id: expected str"), ({"version": True}, "version"), ({"gone_at": 7}, "gone_at")]
)
def test_a_hook_that_is_gone_is_read_strictly(change: dict[str, object], place: str) -> None:
    with pytest.raises(InvalidEvent, match=f"^{place}"):
        HookGone.decode(json.dumps(json.loads(encode(GONE)) | change).encode())


def test_an_event_of_a_later_version_is_kept() -> None:
    """Whoever knows it may be about to come."""
    told = a_told_hook(events=("submission.opted_in",))
    assert HookChanged.decode(told.encode()) == told


def test_what_is_printed_of_it_leads_nowhere() -> None:
    assert SECRET not in repr(HOOK)
    assert CATCH not in repr(HOOK)


def test_its_queue_parks_no_secret() -> None:
    assert ROUTES[HookChanged.TYPE].queues == (NOTIFY_HOOKS.name,)
    assert ROUTES[HookGone.TYPE].queues == (STORAGE_DELIVERIES.name,)
    work = next(queue for queue in NOTIFY_HOOKS.queues() if queue.name == NOTIFY_HOOKS.name)
    assert PARKED not in work.arguments.values()
    assert work.arguments["x-message-ttl"] == 72 * 3600 * 1000
