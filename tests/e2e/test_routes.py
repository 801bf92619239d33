"""Routes: some submissions go to other owners and other webhooks, as the forms file says, and none as spam."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.installation import Installation
from support.pace import stretched_s
from support.polling import eventually
from support.service import clean_environment
from support.webhook_receiver import Receiver
from support.webhooks import SECRET

FORMS = """
[forms.contact]
fields.topic = {{type = "text"}}
fields.amount = {{type = "number"}}
[forms.contact.owner]
to = ["me@example.org"]
[forms.contact.webhook]
url = "{all}"
secret = "{secret}"
[[forms.contact.webhooks]]
name = "tickets"
url = "{tickets}"
secret = "{secret}"
[[forms.contact.route]]
when = "störung"
owner = ["support@example.org"]
channels = ["webhook:tickets", "webhook:owner"]
instead = true
[[forms.contact.route]]
when = "field.amount:>1000"
owner = ["sales@example.org"]
[[forms.contact.route]]
when = "-störung"
channels = ["webhook:owner"]
"""


class Office:
    """An installation whose owners are told by mail and by webhook."""

    def __init__(self, installation: Installation, forms: Path, sink: MailSink, receiver: Receiver) -> None:
        self.installation, self.forms, self.sink, self.receiver = installation, forms, sink, receiver

    def post(self, **fields: Any) -> str:
        answer = requests.post(f"{self.installation.gateway_url}/f/contact", json=fields, timeout=10)
        assert answer.status_code == 202, answer.text
        accepted: str = answer.json()["id"]
        return accepted

    def told(self, submission_id: str) -> set[str]:
        """Return the addresses and endpoints that know of a submission."""
        mails = {str(mail["X-Envelope-To"]) for mail in self.sink.messages() if submission_id in mail.as_string()}
        return mails | {one.path for one in self.receiver.received if submission_id in one.body.decode()}


@pytest.fixture(scope="module")
def office(server_directory: Path, rabbitmq: Broker) -> Iterator[Office]:
    directory = server_directory / "routes"
    directory.mkdir()
    forms = directory / "forms.toml"
    with (
        Receiver() as receiver,
        MailSink(directory / "mail") as sink,
    ):
        forms.write_text(FORMS.format(all=receiver.url("/all"), tickets=receiver.url("/tickets"), secret=SECRET))
        settings = {"COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.0/8"}
        with Installation(
            directory, broker_url=rabbitmq.fresh_vhost(), smtp_url=sink.url, forms=forms, settings=settings
        ) as installation:
            yield Office(installation, forms, sink, receiver)


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({"topic": "Stoerung, I mean STO\u0308RUNG!", "amount": 5}, {"support@example.org", "/tickets", "/all"}),
    ({"topic": "An order", "amount": 2000}, {"me@example.org", "sales@example.org", "/all"}),
    ({"topic": "A question"}, {"me@example.org", "/all"}),
]


def test_each_is_told_of_what_its_route_says_and_the_dry_run_says_the_same(office: Office) -> None:
    posted = [(office.post(**fields), whom) for fields, whom in CASES]
    spam = office.post(topic="Störung", _gotcha="buy")
    for submission_id, whom in posted:
        eventually(lambda one=submission_id, those=whom: office.told(one) >= those, 30, f"{whom} are told")  # type: ignore[misc]
    assert [office.told(submission_id) for submission_id, _ in posted] == [whom for _, whom in posted]
    assert office.told(spam) == set()
    for fields, whom in CASES:
        dry = {
            one["to"] if one["channel"] == "owner" else one["channel"] for one in dry_run(office.forms, fields)["told"]
        }
        assert dry == {{"/all": "webhook:owner", "/tickets": "webhook:tickets"}.get(one, one) for one in whom}
    assert dry_run(office.forms, {"topic": "Störung", "_gotcha": "buy"})["told"] == []


def dry_run(forms: Path, fields: dict[str, Any]) -> Any:
    """Return what `plan` says, in an environment that names the forms file and nothing else."""
    command = [sys.executable, "-m", "notify_service", "plan", "--form", "contact", "--json", "--fields", "-"]
    environment = clean_environment() | {"COUNTERFOIL_FORMS": str(forms)}
    done = subprocess.run(
        command,
        env=environment,
        input=json.dumps(fields),
        capture_output=True,
        text=True,
        timeout=stretched_s(60),
        check=True,
    )
    return json.loads(done.stdout)
