"""Gateway, storage and notify of one installation are killed at each step of double opt-in: it counts once, nothing
goes before the button, and what was held goes after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from dev.mail_sink import MailSink
from shared import database
from shared.messaging.topology import NOTIFY_REQUESTS, NOTIFY_SUBMISSIONS, STORAGE, STORAGE_OPT_INS
from storage_service.tables import submission_trail, submissions
from support.digested import plain
from support.installation import Installation
from support.polling import eventually
from support.service import Service

VISITOR, OWNER = "ada@example.org", "office@example.org"
FORMS = f'[forms.signup]\nowner = {{to = ["{OWNER}"]}}\nconfirmation.opt_in = true\n'
SHORT_LEASE = {"notify": {"COUNTERFOIL_SMTP_TIMEOUT_S": "1"}}
LINK = re.compile(r"https?://\S+/opt-in/\S+")
KILLED = 137
JSON = {"Accept": "application/json"}


@pytest.fixture
def installation(broker_url: str, mail_sink: MailSink, tmp_path: Path) -> Iterator[Installation]:
    """Prepared; the test starts its services, each to die at a step."""
    forms = tmp_path / "forms.toml"
    forms.write_text(FORMS)
    place, smtp_url = tmp_path / "installation", mail_sink.url
    made = Installation(
        place, broker_url=broker_url, smtp_url=smtp_url, forms=forms, special=SHORT_LEASE, is_fresh=False
    )
    made.prepare()
    yield made
    made.stop()


class Trial:
    """One sign-up, and what is seen of it."""

    def __init__(self, installation: Installation, sink: MailSink) -> None:
        self.gateway, self.storage, self.notify = (
            installation.gateway, installation.storage[0], installation.notify[0]
        )  # fmt: skip
        self._installation = installation
        self._sink = sink

    def post_twice(self, path: str, **form: str) -> requests.Response:
        """Post to a gateway that dies once the broker has it, and again, as people do, to the next; return the answer
        to that."""
        url, headers = self._installation.gateway_url + path, {**JSON, "Idempotency-Key": "of-the-sign-up"}
        self.gateway.restart(COUNTERFOIL_FAILPOINT="after-confirm")
        self._installation.await_ready()
        with pytest.raises(requests.ConnectionError):
            requests.post(url, data=form, headers=headers, timeout=30)
        self.gateway.restart()
        self._installation.await_ready()
        return requests.post(url, data=form, headers=headers, timeout=30)

    def die(self, **points: str) -> None:
        """Let services that do not run begin, and die, each at its point."""
        services: dict[str, Service] = {"storage": self.storage, "notify": self.notify}
        for name, point in points.items():
            services[name].start(COUNTERFOIL_FAILPOINT=point)
        for name, point in points.items():
            service = services[name]
            assert service.wait(timeout_s=120) == KILLED, f"vacuous: it did not die {point}\n{service.tail()}"

    def mails(self, to: str) -> list[str]:
        """Return the Message-IDs of the mails to an address."""
        return [mail["Message-ID"] for mail in self._sink.messages() if mail["X-Envelope-To"] == to]

    def link(self) -> str:
        """Return the path of the link in the mail with the button."""
        found = [plain(mail) for mail in self._sink.messages() if mail["X-Envelope-To"] == VISITOR]
        link = LINK.search(found[0])
        assert link
        return link[0].removeprefix(self._installation.gateway_url)

    def confirmed(self) -> tuple[int, datetime | None, int]:
        """Return the version of the submission in storage, when it was confirmed, and the steps of its trail."""
        engine = database.create(self._installation.database_urls["storage"])
        with engine.connect() as connection:
            row = connection.execute(select(submissions.c.version, submissions.c.opted_in_at)).one()
            steps = connection.execute(select(submission_trail)).all()
        engine.dispose()
        return row.version, row.opted_in_at, len(steps)

    def waiting(self) -> int:
        """Return how many messages wait."""
        queues = (STORAGE, STORAGE_OPT_INS, NOTIFY_SUBMISSIONS, NOTIFY_REQUESTS)
        return sum(self._installation.queues.depth(one.name) for one in queues)


def test_it_counts_once_whoever_is_killed_at_whichever_step(installation: Installation, mail_sink: MailSink) -> None:
    trial = Trial(installation, mail_sink)

    signed_up = trial.post_twice("/f/signup", name="Ada", email=VISITOR)
    assert signed_up.status_code == 202, signed_up.text
    trial.die(storage="before-commit", notify="after-plan")
    trial.die(storage="after-commit", notify="after-plan-publish")
    assert trial.mails(VISITOR) == [], "vacuous: its mail was sent before"
    trial.die(notify="after-send")
    assert (len(trial.mails(VISITOR)), trial.mails(OWNER)) == (1, []), "sent, and nothing but that"
    assert trial.confirmed() == (1, None, 0)

    trial.notify.start()
    pressed = trial.post_twice(trial.link())
    assert pressed.status_code == 202, pressed.text
    trial.die(storage="opt-in-before-commit")
    assert trial.confirmed() == (1, None, 0)
    trial.die(storage="opt-in-after-commit")
    first = trial.confirmed()
    assert (first[0], first[2]) == (2, 1)
    trial.notify.kill()
    assert trial.mails(OWNER) == [], "nothing goes before storage has told that it counts"
    trial.die(storage="outbox-after-publish", notify="after-release")
    trial.die(notify="after-release-publish")
    assert trial.mails(OWNER) == [], "vacuous: it was told before notify could have"
    while not trial.mails(OWNER):  # the mail to who signed up goes again, too: whoever sent it died before its record
        trial.die(notify="after-send")

    trial.storage.start()
    trial.notify.start()
    installation.await_ready()
    receipt = signed_up.json()["receipt_url"]
    eventually(lambda: installation.receipt(receipt)["state"] == "confirmed", 120, f"{trial.notify.tail()}")
    eventually(lambda: trial.waiting() == 0, 60, "all is taken")
    assert trial.confirmed() == first, "the first press counts, once"
    for address in (VISITOR, OWNER):
        assert len(set(trial.mails(address))) == 1, "one Message-ID, however often it comes"
