"""Webhooks that hang, and a notify service that dies over one. Row 21: one webhook hangs, mail does not mind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from notify_service.transports.breaker import FAILURES_TO_OPEN
from shared.messaging.topology import NOTIFY_HTTP, NOTIFY_SMTP
from support.installation import Installation
from support.polling import eventually
from support.webhook_receiver import Receiver
from support.webhooks import SECRET

CONNECTIONS = 3
OF_ONE = CONNECTIONS - 1
KILLED = 137

Start = Callable[..., Installation]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def start(tmp_path: Path, rabbitmq: Broker, mail_sink: MailSink, receiver: Receiver) -> Iterator[Start]:
    """Start an installation with a form for each of these endpoints, by the same name, and one without a webhook."""
    forms = tmp_path / "forms.toml"
    told = "".join(
        f'[forms.{name}]\nwebhook = {{url = "{receiver.url("/" + name)}", secret = "{SECRET}"}}\n'
        for name in ("hanging", "frozen", "quick")
    )
    several = "".join(
        f'[[forms.several.webhooks]]\nname = "{name}"\nurl = "{receiver.url("/" + name)}"\nsecret = "{SECRET}"\n'
        for name in ("hanging", "quick")
    )
    forms.write_text(told + "[forms.plain]\n" + several)
    with ExitStack() as running:

        def started(**settings: str) -> Installation:
            settings |= {"COUNTERFOIL_WEBHOOK_CONNECTIONS": f"{CONNECTIONS}", "COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.1"}
            place, url = tmp_path / "installation", rabbitmq.fresh_vhost()
            made = Installation(
                place, consoles=1, broker_url=url, smtp_url=mail_sink.url, forms=forms, settings=settings
            )
            return running.enter_context(made)

        yield started


def submit(installation: Installation, form: str, count: int, *, to: str = "") -> list[str]:
    """Submit so many, each with an address of its own where `to` names them, and return their ids."""
    ids = []
    for number in range(count):
        fields = {"email": f"{to}{number}@example.org"} if to else {"note": str(number)}
        answer = requests.post(f"{installation.gateway_url}/f/{form}", json=fields, timeout=10)
        assert answer.status_code == 202, answer.text
        ids.append(answer.json()["id"])
    return ids


def told_ids(receiver: Receiver, name: str) -> list[str]:
    return [one.headers["webhook-id"].removeprefix("accepted_") for one in receiver.at(f"/{name}")]


def test_while_every_connection_for_webhooks_hangs_every_mail_is_sent(
    start: Start, receiver: Receiver, mail_sink: MailSink
) -> None:
    receiver.answers["/hanging"] = receiver.answers["/frozen"] = "hang"
    installation = start(COUNTERFOIL_WEBHOOK_TIMEOUT_S="60")
    queues, notify = installation.queues, installation.notify[0]
    stuck = submit(installation, "hanging", OF_ONE)
    eventually(lambda: receiver.under_way["/hanging"] == OF_ONE, 20, f"all that it may have hang\n{notify.tail()}")
    stuck_too = submit(installation, "frozen", 1)
    eventually(lambda: receiver.under_way["/frozen"] == 1, 20, f"all hang\n{notify.tail()}")
    ids = [*submit(installation, "hanging", 40, to="a"), *submit(installation, "quick", 40, to="b")]
    submit(installation, "plain", 40, to="c")
    eventually(lambda: len(mail_sink.messages()) == 120, 30, f"every mail is sent\n{notify.tail()}")
    eventually(lambda: queues.depth(NOTIFY_SMTP.name) == 0, 10, "and acked")
    assert sum(receiver.under_way.values()) == CONNECTIONS, "vacuous: a webhook came through meanwhile"
    assert sorted(told_ids(receiver, "hanging")) == sorted(stuck), "these alone hung, from before the first mail to now"
    assert receiver.at("/quick") == []
    receiver.answers.clear()
    receiver.let_go.set()
    both = ("hanging", "quick")
    # Where those that are let go count as failures before one comes through, another waits for its half minute, too.
    eventually(lambda: {*ids} <= {one for name in both for one in told_ids(receiver, name)}, 60, "the rest is told")

    def kept() -> int:
        """Return how many wait, or have been told again meanwhile."""
        told = [*told_ids(receiver, "hanging"), *told_ids(receiver, "frozen")]
        again = sum(told.count(one) > 1 for one in (*stuck, *stuck_too))
        return again + queues.depth(NOTIFY_HTTP.level_queue("30s"))

    eventually(lambda: kept() == CONNECTIONS, 20, f"and what got no answer waits\n{notify.tail()}")


@pytest.mark.parametrize(("way", "most"), [("hang", OF_ONE), ("stall", FAILURES_TO_OPEN + OF_ONE)])
def test_an_endpoint_that_hangs_holds_up_the_others_for_a_moment_only(
    start: Start, receiver: Receiver, way: str, most: int
) -> None:
    receiver.answers["/hanging"] = way
    installation = start(COUNTERFOIL_WEBHOOK_TIMEOUT_S="3")
    hanging = submit(installation, "hanging", 30)
    quick = submit(installation, "quick", 10)
    eventually(lambda: sorted(told_ids(receiver, "quick")) == sorted(quick), 30, "the others are told")
    tried = told_ids(receiver, "hanging")
    assert 0 < len(tried) <= most, "then it was left alone"
    levels = [NOTIFY_HTTP.level_queue(name) for name in ("30s", "2m")]

    def kept() -> int:
        """Return how many wait or, where a stalled answer counts, were told: on a slow machine some come back."""
        told = len(set(told_ids(receiver, "hanging"))) if way == "stall" else 0
        return told + sum(map(installation.queues.depth, levels))

    eventually(lambda: kept() == len(hanging), 20, "nothing is lost: the rest waits")


def test_one_of_a_forms_webhooks_that_hangs_holds_up_no_other_and_no_mail(
    start: Start, receiver: Receiver, mail_sink: MailSink
) -> None:
    receiver.answers["/hanging"] = "hang"
    installation = start(COUNTERFOIL_WEBHOOK_TIMEOUT_S="3")
    ids = submit(installation, "several", 20, to="several")
    eventually(lambda: {*told_ids(receiver, "quick")} == {f"{one}_quick" for one in ids}, 30, "the other is told")
    eventually(lambda: len(mail_sink.messages()) == 20, 30, "and every mail is sent")
    assert 0 < len(receiver.at("/hanging")) <= OF_ONE, "vacuous: it did not hang, or was not left alone"


def test_what_was_told_when_notify_died_is_told_again_by_the_same_id(start: Start, receiver: Receiver) -> None:
    installation = start(COUNTERFOIL_WEBHOOK_TIMEOUT_S="1")
    notify = installation.notify[0]
    assert notify.stop() == 0
    (submitted,) = submit(installation, "quick", 1)
    notify.start(COUNTERFOIL_FAILPOINT="webhook-after-send")
    assert notify.wait(timeout_s=60) == KILLED, "vacuous: it did not die there"
    notify.start()
    eventually(lambda: told_ids(receiver, "quick") == [submitted] * 2, 60, f"it is told again\n{notify.tail()}")
    eventually(lambda: state_of(installation, submitted) == [("webhook", "sent", 2)], 20, "and its owner sees so")
    assert len({one.body for one in receiver.received}) == 1


def state_of(installation: Installation, submission: str) -> list[tuple[str, str, int]]:
    url, key = f"{installation.gateway_url}/v1/submissions/{submission}", installation.api_key
    answer = requests.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10)
    answer.raise_for_status()
    return [(one["channel"], one["state"], one["attempts"]) for one in answer.json()["webhooks"]]
