"""Mattermost, the channel that `docs/how-to-add.md` adds, is planned, sent and shown by its steps alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from notify_service.channels.mail.composer import MailFrom
from notify_service.channels.mail.templates import Templates
from notify_service.channels.registry import ChannelNeeds, channels
from notify_service.instruments import NotifyInstruments
from notify_service.planning.planner import plan
from notify_service.queries import methods
from shared import forms
from shared.contracts import SubmissionAccepted
from shared.forms import FormSecrets, FormsError
from support.events import an_event
from support.planned_world import PlannedWorld
from support.polling import eventually

ROOM = "https://mattermost.example.org/hooks/x7"
FORM = f"""
[forms.signup]
title = "Sign up"
owner.enabled = false
mattermost.url = "{ROOM}"
"""


class Nothing:
    """Nothing is parked."""

    def parked_since(self, *_message_ids: str) -> Mapping[str, object]:
        return {}


@pytest.fixture
def world(tmp_path: Path) -> PlannedWorld:
    world, path = PlannedWorld(), tmp_path / "forms.toml"
    path.write_text(FORM)
    world.forms |= forms.load(path)
    needs = ChannelNeeds(MailFrom("Counterfoil", "forms@example.org"), FormSecrets(tmp_path), world.clock, Templates())
    world.channels |= channels(needs)
    return world


def told(world: PlannedWorld, event: SubmissionAccepted, method: str) -> dict[str, list[str]]:
    answer = methods(world.mail.deliveries, Nothing())[method]({"id": str(event.id)})  # type: ignore[arg-type]
    return {
        name: [f"{one['channel']} {one['state']}" for one in answer[name]] for name in ("confirmations", "webhooks")
    }


def test_a_submission_is_told_to_the_room_and_to_the_submitter(world: PlannedWorld) -> None:
    event = an_event()
    world.submit(event)
    with world.at_work():
        both = {"confirmations": ["email sent"], "webhooks": ["mattermost sent"]}
        eventually(lambda: told(world, event, "deliveries") == both, timeout_s=10, message="not told")
    [posted] = world.web.caller.posted
    assert posted.url == ROOM
    assert json.loads(posted.body) == {"text": f"Sign up: submission {event.id}"}


def test_a_room_that_is_away_is_asked_again_and_keeps_no_mail_waiting(world: PlannedWorld) -> None:
    event = an_event()
    world.web.caller.answers[ROOM] = 503
    world.submit(event)
    with world.at_work():
        both = {"confirmations": ["email sent"], "webhooks": ["mattermost retrying"]}
        eventually(lambda: told(world, event, "deliveries") == both, timeout_s=10, message="not told")


def test_a_form_without_the_table_has_no_room(world: PlannedWorld, tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text("[forms.signup]\nowner.enabled = false")
    world.forms |= forms.load(path)
    assert not world.forms["signup"].tells_owner
    assert world.channels["mattermost"].plan(an_event(), world.forms["signup"]) == []


def test_a_route_may_name_it(world: PlannedWorld, tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(
        f"""[forms.signup]
        owner.enabled = false
        mattermost.url = "{ROOM}"
        [[forms.signup.route]]
        when = "ada"
        channels = ["mattermost"]
        """
    )
    [form] = forms.load(path).values()
    told = [[one.key.channel for one in plan(an_event(name=name), form, world.channels)] for name in ("Ada", "Grace")]
    assert told == [["mattermost"], []]


def test_an_owner_who_is_told_is_told_so(world: PlannedWorld) -> None:
    assert world.forms["signup"].tells_owner


@pytest.mark.parametrize(
    ("line", "error"), [("mattermost = {}", "mattermost"), ('mattermost.room = "x"', "no such key; there are: url")]
)
def test_errors_of_its_table_are_named(tmp_path: Path, line: str, error: str) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(f"[forms.signup]\n{line}")
    with pytest.raises(FormsError, match=error):
        forms.load(path)


def test_it_is_measured_from_the_start() -> None:
    registry = CollectorRegistry()
    NotifyInstruments(registry)
    assert 'counterfoil_deliveries_total{channel="mattermost",outcome="sent"} 0.0' in generate_latest(registry).decode()
