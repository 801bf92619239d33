"""What the services measure of a submission, and that nobody can be told from it."""

from __future__ import annotations

import requests

from dev.mail_sink import MailSink
from support.installation import Installation
from support.metrics import Scrape, scrape
from support.owner import Owner
from support.polling import eventually

CANARY = {"name": "Canary Bird", "email": "canary.bird@example.org"}


def scrapes(installation: Installation) -> dict[str, Scrape]:
    return {name: scrape(url) for name, url in installation.metrics_urls.items()}


def figures(told: dict[str, Scrape]) -> dict[str, float]:
    gateway, storage, notify = told["gateway"], told["storage-0"], told["notify-0"]
    return {
        "accepted": gateway.value("counterfoil_submissions_accepted_total", spam="false"),
        "invalid": gateway.value("counterfoil_submissions_refused_total", status="422"),
        "confirmed": gateway.value("counterfoil_publish_confirm_seconds_count"),
        "stored": storage.value("counterfoil_submissions_stored_total"),
        "repeated": storage.value("counterfoil_submissions_repeated_total"),
        "in batches": storage.value("counterfoil_storage_batch_size_sum"),
        "came to storage": storage.value("counterfoil_messages_received_total", queue="storage.submissions.v1"),
        "came to notify": notify.value("counterfoil_messages_received_total", queue="notify.submissions.v1"),
        "mailed": notify.value("counterfoil_deliveries_total", channel="email", outcome="sent"),
        "sends": notify.value("counterfoil_delivery_send_seconds_count", channel="email"),
    }


def at_rest(whole: Installation) -> dict[str, float]:
    """Return the figures once nothing of an earlier test moves them any more."""
    last = dict[str, float]()

    def are_the_same() -> bool:
        before, now = dict(last), figures(scrapes(whole))
        last.update(now)
        return before == now

    eventually(are_the_same, 20, "nothing moves")
    return last


def test_a_submission_moves_the_counters_of_all_services(whole: Installation, whole_sink: MailSink) -> None:
    before = at_rest(whole)
    url = f"{whole.gateway_url}/f/signup"
    for _ in range(2):
        answer = requests.post(url, json=CANARY, headers={"Idempotency-Key": "canary"}, timeout=10)
        assert answer.status_code == 202
    assert requests.post(url, json={"name": "Canary Bird", "email": "canary.bird"}, timeout=10).status_code == 422
    Owner(whole, whole_sink).await_mail(CANARY["email"])

    def moved() -> dict[str, float]:
        now = figures(scrapes(whole))
        return {name: now[name] - before[name] for name in now}

    expected = {
        "accepted": 2.0,
        "invalid": 1.0,
        "confirmed": 2.0,
        "stored": 1.0,
        "repeated": 1.0,
        "in batches": 2.0,
        "came to storage": 2.0,
        "came to notify": 2.0,
        "mailed": 1.0,
        "sends": 1.0,
    }
    eventually(lambda: moved() == expected, 20, "every counter moved as it should")
    for name, told in scrapes(whole).items():
        assert "anary" not in told.text, name
        assert told.value("counterfoil_build_info") == 1


def test_every_name_is_ours_and_says_its_unit(whole: Installation) -> None:
    told = {name for one in scrapes(whole).values() for name in one.names()}
    assert {name for name in told if not name.startswith(("counterfoil_", "process_"))} == set()
    assert not {name for name in told if name.endswith("_created")}
