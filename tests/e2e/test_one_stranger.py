# ruff: noqa: RUF001 - what looks like a letter is meant
"""A script: one stranger posts as wildly as the API permits, and makes us write to others no more than is documented.

docs/deliveries.md and docs/operations.md say how much: twenty mails an hour, five of them to one mailbox, no link that
is not ours, 80 characters of what was typed in a subject and 500 in a text, all placeholders together.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.composed import bodies
from support.installation import Installation
from support.links import Shown, links_in
from support.polling import eventually

FORMS = """
[forms.plain]

[forms.repeating]
title = "A contact"
confirmation.subject = "We have it, {name} {topic} {note}"
confirmation.text = '''
Dear {name}{topic},

{message} {note}{note}
{a}.{b} https://www.example.org/{code} www.{a} {a}@{b}

Yours'''

[forms.paged]
confirmation.subject_from_page = true
confirmation.text = "{message}"
"""
OURS = "https://www.example.org/"
AN_HOUR, ONE_MAILBOX, IN_SUBJECT, IN_TEXT = 20, 5, 80, 500
POSTS = 160
STRANGER = {"X-Forwarded-For": "198.51.100.66"}

LETTERS = "абвгдежзиклмнопрстуфхцчшщыэюя"
"""Nothing of ours has them: however many there are in a mail, so many were typed."""

LINKS = (
    *(
        "http://evil.example/x",
        "www.evil.example",
        "evil.example",
        "//evil.example",
        "ada@evil.example",
        "evil。example",
    ),
    *(
        "ｈｔｔｐ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ",
        "evil\u200b.example",
        "<a href='https://evil.example'>x</a>",
        "[x](//evil.example)",
    ),
    *("{{7*7}}", "{% for x in range(9) %}", "=?utf-8?q?evil.example?=", "&#46;", "\u202eelpmaxe.live"),
)
NAMES = ("name", "topic", "note", "message", "a", "b", "code", "other")


@pytest.fixture(scope="module")
def sink(server_directory: Path) -> Iterator[MailSink]:
    with MailSink(server_directory / "stranger-mail") as made:
        yield made


@pytest.fixture(scope="module")
def whole(server_directory: Path, rabbitmq: Broker, sink: MailSink) -> Iterator[Installation]:
    """An installation behind one proxy with the limits on mails that it has unless somebody sets others."""
    place = server_directory / "stranger"
    place.mkdir()
    forms = place / "forms.toml"
    forms.write_text(FORMS)
    default = {"RECIPIENT": "20/day", "SOURCE": "20/hour", "FORM": "1000/hour"}
    limits = {f"COUNTERFOIL_CONFIRMATIONS_PER_{name}": cap for name, cap in default.items()}
    with Installation(
        place,
        consoles=1,
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=sink.url,
        forms=forms,
        settings={"COUNTERFOIL_TRUSTED_HOPS": "1", **limits},
    ) as installation:
        yield installation


class Stranger:
    """Posts anything to anybody, in every way there is; the same each time."""

    def __init__(self, gateway_url: str) -> None:
        self._gateway_url = gateway_url
        self._chance = random.Random(24)  # noqa: S311 - no secret

    def post(self, number: int) -> requests.Response:
        form = ("plain", "repeating", "paged")[number % 3]
        fields: dict[str, Any] = {name: self._value() for name in NAMES}
        fields |= {"_subject": self._line(), "_language": self._chance.choice(["de", "xx;q=9", self._line()])}
        fields[self._chance.choice(["email", "Email", "_replyto"])] = self._victim(number)
        url, headers = f"{self._gateway_url}/f/{form}", STRANGER | {"Accept": "application/json"}
        if self._chance.random() < 0.5:
            return requests.post(url, json=fields, headers=headers, timeout=30)
        return requests.post(
            url, data={name: str(value) for name, value in fields.items()}, headers=headers, timeout=30
        )

    def _victim(self, number: int) -> str:
        if number % 4 == 0:  # one person, by ever other addresses
            return self._chance.choice([f"victim+{number}@gmail.com", f"v.i.c.tim+{number}@googlemail.com"])
        return f"stranger{number}@mail{number}.example"

    def _value(self) -> Any:
        """Return anything; often nothing but letters, of which as many are repeated as ever may be."""
        if self._chance.random() < 0.6:
            return "".join(self._chance.choices(LETTERS, k=2000))
        text = self._line() * self._chance.choice([1, 1, 3, 20])
        return self._chance.choice([text, text, text, [text, text], {"deep": [text]}, text.replace(" ", "\n")])

    def _line(self) -> str:
        words = ["".join(self._chance.choices(LETTERS, k=self._chance.randint(1, 30))) for _ in range(8)]
        return " ".join(self._chance.sample([*words, *LINKS], 12))[:290]


def typed(text: str) -> int:
    return sum(letter in LETTERS for letter in text)


def settled(whole: Installation, ids: list[str]) -> Counter[str]:
    found = Counter[str]()
    for submission in ids:
        bearer = {"Authorization": f"Bearer {whole.api_key}"}
        answer = requests.get(f"{whole.gateway_url}/v1/submissions/{submission}", headers=bearer, timeout=10)
        found.update(one["state"] for one in answer.json().get("confirmations", [{"state": "unknown"}]))
    return found


def test_one_stranger(whole: Installation, sink: MailSink) -> None:
    stranger = Stranger(whole.gateway_url)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(stranger.post, range(POSTS)))
    accepted = [answer.json()["id"] for answer in answers if answer.status_code == 202]
    assert len(accepted) > POSTS // 2, Counter(answer.status_code for answer in answers)
    ended = {"sent": AN_HOUR, "held": len(accepted) - AN_HOUR}
    eventually(lambda: settled(whole, accepted) == ended, 90, f"an hour's are sent, and the others held: {ended}")
    mails = sink.messages()
    assert len(mails) == AN_HOUR
    to_the_victim = [mail for mail in mails if "victim" in str(mail["X-Envelope-To"]).replace(".", "")]
    assert 0 < len(to_the_victim) <= ONE_MAILBOX
    for mail in mails:
        assert_says_little(mail, whole.gateway_url)
    assert max(typed(str(mail["Subject"])) for mail in mails) == IN_SUBJECT, "as much was repeated as may be"
    assert max(typed(bodies(mail)[0]) for mail in mails) == IN_TEXT


def test_others_meanwhile_have_their_mails_in_their_language(whole: Installation, sink: MailSink) -> None:
    for address, asked in {"ada@example.org": "de-DE,de;q=0.9,en;q=0.8", "bob@example.org": "fr, en;q=0.1"}.items():
        headers = {"X-Forwarded-For": "198.51.100.7", "Accept": "application/json", "Accept-Language": asked}
        url = f"{whole.gateway_url}/f/plain"
        assert requests.post(url, json={"email": address}, headers=headers, timeout=10).status_code == 202
    chosen = {"email": "eve@example.org", "_language": "de"}
    assert requests.post(url, json=chosen, headers=headers, timeout=10).status_code == 202

    def languages() -> dict[str, str]:
        return {str(mail["To"]): str(mail["Content-Language"]) for mail in sink.messages() if "evil" not in str(mail)}

    expected = {"ada@example.org": "de", "bob@example.org": "en", "eve@example.org": "de"}
    eventually(lambda: expected.items() <= languages().items(), 30, "each has a mail")


def assert_says_little(mail: EmailMessage, gateway_url: str) -> None:
    assert mail["Auto-Submitted"] == "auto-replied"
    assert not {"Reply-To", "Cc", "Bcc"} & set(mail.keys())
    assert len(mail.as_bytes()) <= 256 * 1024
    subject, (plain, html) = str(mail["Subject"]), bodies(mail)
    shown = Shown(html)
    assert typed(subject) <= IN_SUBJECT
    assert typed(plain) <= IN_TEXT
    assert typed(shown.text) <= IN_TEXT + IN_SUBJECT, "the page's title is the subject"
    for text in (subject, plain, shown.text):
        assert not [link for link in links_in(text) if not link.startswith((gateway_url, OURS))]
        assert OURS + "e" not in text
    assert not [link for link in shown.leads_to if not link.startswith(gateway_url)]
