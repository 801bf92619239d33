"""What the gateway does about webhooks: it publishes two copies, whatever a form has."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE, WORK_QUEUES
from support.gateway_app import GOOD, Gateway, a_gateway
from support.webhooks import SECRET

FORMS = f"""
[forms.told]
webhook = {{url = "https://owner.example.org/", secret = "{SECRET}"}}
telegram = {{token_file = "bot", chat = 1}}
[forms.off]
webhook = {{url = "https://owner.example.org/", secret = "{SECRET}", enabled = false}}
[forms.filed]
webhook = {{url = "https://owner.example.org/", secret_file = "/nowhere/that/the/gateway/could/read"}}
[forms.signup]
[forms.untold]
owner.enabled = false
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS)


def copies(gateway: Gateway) -> dict[str, int]:
    found = {work.name: len(gateway.broker.queued(work.name)) for work in WORK_QUEUES}
    return {name: count for name, count in found.items() if count}


TWO = {STORAGE.name: 1, NOTIFY_SUBMISSIONS.name: 1}


@pytest.mark.parametrize("form", ["told", "filed", "off", "signup"])
def test_two_copies_are_published_whatever_a_form_has_switched_on(gateway: Gateway, form: str) -> None:
    gateway.submitted(form)
    assert copies(gateway) == TWO


def test_spam_is_published_twice_too_and_says_that_it_is(gateway: Gateway) -> None:
    gateway.submitted("told", GOOD | {"_gotcha": "x"})
    assert copies(gateway) == TWO
    assert gateway.published()[0].spam == "honeypot"
