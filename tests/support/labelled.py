"""An installation whose owner labels what comes, through the console's API, and what its gateways say of the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import requests

from dev.mail_sink import MailSink
from shared import database
from shared.contracts import SubmissionAccepted
from storage_service.spam.labels import Label, label
from support.events import an_event
from support.installation import Installation
from support.junk import by_a_person, by_a_robot
from support.polling import eventually
from support.submission_databases import store
from support.visitor import JSON
from support.working import an_asker

FORMS = """
[forms.contact]
title = "Contact"
fields.email = {type = "email"}
fields.message = {type = "text", max_length = 5000}
owner.to = ["owner@example.org"]
spam.mode = "MODE"
spam.deny_words = ["forbidden fruit"]
"""

LEARNED_WITHIN_S = 60
"""Until every gateway judges by what was labelled last."""

BEFORE = range(100_000, 100_600)
"""The numbers of the people who wrote before an installation began."""

ROBOTS_BEFORE, MARKED = 170, 49
"""So many robots wrote before, and so many of them were marked: one less than a model needs."""


def labelled_before(installation: Installation) -> None:
    """Put into the tables of an installation that has not started what its owner had in the days before.

    One mark of spam is missing for a model; with those of the robots that wait there is one that may hold. Each by a
    post and a mark would take a minute more, and show nothing else.
    """
    installation.prepare()
    begun = datetime.now(UTC) - timedelta(days=9)
    events: list[SubmissionAccepted] = []
    marks: list[Label] = []
    for number in BEFORE:
        for is_spam in (False, True)[: 1 + (number - BEFORE.start < ROBOTS_BEFORE)]:
            message = by_a_robot(number) if is_spam else by_a_person(number)
            event = an_event(form="contact", email=f"before-{len(events)}@example.org", message=message)
            events.append(replace(event, accepted_at=begun + timedelta(minutes=len(events))))
            if not is_spam or number - BEFORE.start < MARKED:
                marks.append(Label(event.id, "contact", is_spam, "mark"))
    engine = database.create(installation.database_urls["storage"])
    store(engine, *events)
    with engine.begin() as connection:
        label(connection, marks, an_asker(name="owner@example.org"), begun)
    engine.dispose()


class Labelled:
    """Visitors at each gateway in turn, and the owner with a key."""

    def __init__(self, installation: Installation, sink: MailSink) -> None:
        self.installation = installation
        self._sink = sink
        self._headers = {"Authorization": f"Bearer {installation.key('read', 'write', 'admin')}"}
        self._numbers = count(1)

    def submit(
        self, message: str, gateway: int = 0, *, key: str | None = None, email: str | None = None
    ) -> requests.Response:
        """Post a message, and return the answer."""
        fields = {"email": email or f"visitor-{next(self._numbers)}@example.org", "message": message}
        headers = JSON | ({"Idempotency-Key": key} if key else {})
        url = f"{self.installation.gateway_urls[gateway]}/f/contact"
        return requests.post(url, json=fields, headers=headers, timeout=20)

    def submitted(self, messages: Sequence[str]) -> list[str]:
        """Post messages, half of them at each gateway, and return their ids once all are stored."""
        with ThreadPoolExecutor(4) as threads:
            gateways = [number % len(self.installation.gateways) for number in range(len(messages))]
            answers = list(threads.map(self.submit, messages, gateways))
        assert {one.status_code for one in answers} == {202}
        ids = [str(one.json()["id"]) for one in answers]
        eventually(lambda: self.is_stored(ids[-1]) and all(map(self.is_stored, ids)), 60, "all are stored")
        return ids

    def ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Ask the console, through the first gateway."""
        url = f"{self.installation.gateway_url}/v1/{path}"
        return requests.request(method, url, headers=self._headers, timeout=30, **arguments)

    def shown(self, key: str) -> dict[str, Any]:
        """Return a submission as its owner sees it."""
        answer = self.ask("GET", f"submissions/{key}")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def is_stored(self, key: str) -> bool:
        return self.ask("GET", f"submissions/{key}").status_code == 200

    def label(self, key: str, *, is_spam: bool) -> None:
        """Mark one as spam, or close it: who does that calls it good."""
        if is_spam:
            answer = self.ask("POST", f"submissions/{key}/spam")
        else:
            answer = self.ask("PATCH", f"submissions/{key}", json={"status": "done"})
        assert answer.ok, answer.text

    def learned_to_hold(self) -> None:
        """Mark the robots that wrote before it began, have a model learned, and wait until each gateway holds by it."""
        if not self._may_hold():
            self.mark_the_robots_before()
            eventually(lambda: self._begins() or self._may_hold(), LEARNED_WITHIN_S, "it learns")
            eventually(self._may_hold, LEARNED_WITHIN_S, "it has shown that it may hold")
        for gateway in range(len(self.installation.gateways)):
            numbers = count(50_000 + 1_000 * gateway)
            holds = lambda: self.judged(by_a_robot(next(numbers)), gateway)["spam"] == "score"  # noqa: B023, E731
            eventually(holds, LEARNED_WITHIN_S, f"gateway {gateway} holds")

    def mark_the_robots_before(self) -> None:
        """Mark all the robots that wrote before it began, unless that was done."""
        if self.ask("GET", "spam").json()["labels"]["spam"] < ROBOTS_BEFORE:
            self.label_many('"limited offer" is:new -is:spam', {"spam": True}, ROBOTS_BEFORE)

    def _may_hold(self) -> bool:
        model = self.ask("GET", "spam").json()["model"]
        return model is not None and bool(model["may_hold"])

    def _begins(self) -> bool:
        """Have it learn now; not where it has begun by itself, with some of the labels."""
        return bool(self.ask("POST", "spam/train", json={}).json()["begun"])

    def is_done_with_all(self) -> None:
        """Wait until what came last at each gateway is confirmed: what came before it is then done, too."""
        for gateway in range(len(self.installation.gateways)):
            email = f"last-{next(self._numbers)}@example.org"
            answer = self.submit(by_a_person(next(self._numbers)), gateway, email=email)
            assert answer.status_code == 202
            eventually(lambda: self.mails(email) == 1, 30, "it is confirmed")  # noqa: B023

    def label_many(self, query: str, action: dict[str, Any], least: int) -> None:
        """Do something with all that a query finds, once it finds so many: what it looks into follows in a moment."""
        asked = {"q": query, "action": action}
        eventually(lambda: self._counted(asked)["count"] >= least, 60, f"{least} are found")
        counted = self._counted(asked)
        confirmed = {**asked, "confirm": counted["count"], "moment": counted["moment"]}
        done = self.ask("POST", "submissions/bulk", json=confirmed)
        assert done.ok, done.text
        job = f"jobs/{done.json()['job']['id']}"
        eventually(lambda: self.ask("GET", job).json()["state"] == "done", 120, "the job is done")

    def _counted(self, asked: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask("POST", "submissions/bulk", json=asked)
        assert answer.ok, answer.text
        counted: dict[str, Any] = answer.json()
        return counted

    def judged(self, message: str, gateway: int) -> dict[str, Any]:
        """Return what becomes of a message at a gateway, once it is stored."""
        key = str(self.submit(message, gateway).json()["id"])
        eventually(lambda: self.is_stored(key), 20, "it is stored")
        return self.shown(key)

    def mails(self, to: str) -> int:
        """Return how many confirmations somebody got."""
        return Counter(str(mail["To"]) for mail in self._sink.messages())[to]
