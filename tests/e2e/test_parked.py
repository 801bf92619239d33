"""Dead letters for people: what could not be worked on is listed, replayed after a fix or discarded, by an operator.

Each time it is replayed three times: rows and mails are those of once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from dev.broker import Broker
from dev.mail_sink import MailSink
from shared import database
from shared.contracts import DeliveryDue
from shared.messaging.message import FAILURES_HEADER
from shared.messaging.topology import NOTIFY_SMTP, NOTIFY_SUBMISSIONS
from support.installation import Installation
from support.parked_rows import parked_rows
from support.poison import POISONS, put_poison
from support.polling import eventually
from support.visitor import Visitor

REFUSAL = """
CREATE TRIGGER too_tight BEFORE INSERT ON submissions
WHEN NEW.fields LIKE '%{address}%' BEGIN SELECT RAISE(ABORT, 'a constraint that is too tight'); END
"""


@pytest.fixture(scope="module")
def sink(server_directory: Path) -> Iterator[MailSink]:
    with MailSink(server_directory / "parked-mail") as sink:
        yield sink


@pytest.fixture(scope="module")
def installation(server_directory: Path, rabbitmq: Broker, sink: MailSink) -> Iterator[Installation]:
    place = server_directory / "parked"
    with Installation(place, consoles=1, broker_url=rabbitmq.fresh_vhost(), smtp_url=sink.url) as running:
        yield running


@pytest.fixture
def operator(installation: Installation) -> Operator:
    return Operator(installation)


class Operator:
    """Who deals with parked messages over the API."""

    def __init__(self, installation: Installation) -> None:
        self._url = f"{installation.gateway_url}/v1/parked"
        self._headers = {"Authorization": f"Bearer {installation.operator_key}"}

    def listed(self, **filters: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._read(requests.get(self._url, filters, headers=self._headers, timeout=10))[
            "parked"
        ]
        return found

    def shown(self, entry: dict[str, Any]) -> dict[str, Any]:
        return self._read(requests.get(self._place(entry), headers=self._headers, timeout=10))

    def act(self, entry: dict[str, Any], action: str, **body: str) -> requests.Response:
        return requests.post(f"{self._place(entry)}/{action}", json=body or None, headers=self._headers, timeout=15)

    def _place(self, entry: dict[str, Any]) -> str:
        return f"{self._url}/{entry['service']}/{entry['id']}"

    @staticmethod
    def _read(answer: requests.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def execute(url: str, statement: str) -> None:
    engine = database.create(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_what_the_database_refused_is_stored_once_after_the_fix(
    installation: Installation, sink: MailSink, operator: Operator
) -> None:
    visitor = Visitor(installation, sink, "refused@example.org")
    storage = installation.database_urls["storage"]
    execute(storage, REFUSAL.format(address=visitor.address))
    accepted = visitor.submit()
    [entry] = eventually(lambda: operator.listed(service="storage"), 30, "it is parked, and listed")
    assert (entry["message_id"], entry["kind"], entry["state"]) == (accepted["id"], "refused", "waiting")
    assert "SQLITE_CONSTRAINT" in entry["reason"]
    assert operator.shown(entry)["content"]["fields"] == visitor.fields
    assert entry["id"] in installation.command("storage", "list")
    assert visitor.address in installation.command("storage", "show", entry["id"])
    assert visitor.listed() == []
    eventually(visitor.mails, 30, "it is confirmed: notify knows nothing of storage's trouble")
    execute(storage, "DROP TRIGGER too_tight")
    for _ in range(3):
        assert operator.act(entry, "replay").json()["state"] == "replayed"
        eventually(lambda: len(visitor.listed()) == 1, 30, "it is stored")
    assert visitor.await_confirmed(accepted["receipt_url"])
    installation_is_idle(installation)
    [stored] = visitor.listed()
    assert (stored["id"], stored["conflict_count"]) == (accepted["id"], 0)
    assert len(visitor.mails()) == 1
    trail = operator.shown(entry)["actions"]
    assert [one["action"] for one in trail] == ["parked", *["replayed"] * 3]
    assert all(one["by"].startswith("key ") for one in trail[1:])
    assert operator.act(entry, "discard", reason="too late").status_code == 409


def test_what_a_bug_kept_from_being_mailed_has_failed_and_is_mailed_once_after_the_fix(
    installation: Installation, sink: MailSink, operator: Operator
) -> None:
    visitor = Visitor(installation, sink, "bug@example.org")
    notify = installation.notify[0]
    notify.stop()
    accepted = visitor.submit()
    notify.start(COUNTERFOIL_FAILPOINT="before-send:raise")
    spend_retries(installation)
    [entry] = eventually(lambda: operator.listed(service="notify"), 30, "its delivery is parked")
    assert (operator.shown(entry)["content"]["submission"]["id"], entry["kind"]) == (accepted["id"], "bug")
    receipt = installation.receipt(accepted["receipt_url"])
    assert (receipt["state"], receipt["final"]) == ("failed", True)
    notify.restart()
    installation.await_ready()
    for number in range(3):
        said = installation.command(
            "notify", "replay", *([entry["id"]] if number else ["--all"]), "--as", "Ada Lovelace"
        )
        assert said == "1 replayed\n"
        visitor.await_confirmed(accepted["receipt_url"])
    installation_is_idle(installation)
    assert len(visitor.mails()) == 1
    [listed] = [
        json.loads(line) for line in installation.command("notify", "list", "--state", "all", "--json").splitlines()
    ]
    assert (listed["state"], listed["changed_by"]) == ("replayed", "Ada Lovelace")
    assert installation.command("notify", "list") == "nothing is parked\n"


def test_poison_is_discarded_with_a_reason_and_kept(installation: Installation, operator: Operator) -> None:
    poison = POISONS[0]
    put_poison(installation.queues, poison)
    both = eventually(lambda: two(operator.listed(reason="UTF-8")), 30, "both services have parked it")
    by_api, by_command = sorted(both, key=lambda one: one["service"], reverse=True)
    for _ in range(2):
        answer = operator.act(by_api, "discard", reason="nobody sent it").json()
        assert (answer["state"], answer["note"], answer["encoding"]) == ("discarded", "nobody sent it", "base64")
    because = ("--because", "nobody sent it", "--as", "ada")
    assert installation.command("notify", "discard", by_command["id"], *because) == "1 discarded\n"
    assert operator.listed(reason="UTF-8") == []
    for entry in (by_api, by_command):
        trail = operator.shown(entry)["actions"]
        assert [(one["action"], one["note"]) for one in trail[1:]] == [("discarded", "nobody sent it")]
    # replayed all the same, it is parked again, and waits again
    assert operator.act(by_api, "replay").status_code == 200
    [again] = eventually(lambda: operator.listed(service="storage", reason="UTF-8"), 30, "it is parked again")
    assert (again["id"], again["parkings"]) == (by_api["id"], 2)
    assert installation.command("storage", "show", "0" * 32, exit_code=1) == ""


def two(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return entries if len(entries) == 2 else []


def spend_retries(installation: Installation) -> None:
    """Put the one delivery that waits for a retry back, as if it had failed so often that this is the last try."""
    level = NOTIFY_SMTP.level_queue("30s")
    body, properties = eventually(lambda: installation.queues.take(level), 20, "its delivery waits")
    properties.headers = {**(properties.headers or {}), FAILURES_HEADER: 3}
    properties.expiration = None
    assert properties.type == DeliveryDue.TYPE
    installation.queues.publish("", NOTIFY_SMTP.name, body, properties)


def installation_is_idle(installation: Installation) -> None:
    """Wait until nothing is on its way, and see that nothing was parked."""
    names = ("storage.submissions.v1", NOTIFY_SUBMISSIONS.name, NOTIFY_SMTP.name)
    eventually(lambda: not any(map(installation.queues.depth, names)), 30, "the work queues are empty")
    for service, url in installation.database_urls.items():
        assert parked_rows(url, service) == []
