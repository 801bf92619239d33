"""One form whose owner is told in every chat at once, by processes over HTTP, to what checks as the real ones do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from notify_service.__main__ import main
from support.chats import telegram
from support.chats.discord import DiscordStandIn
from support.chats.posting import HOSTILE
from support.chats.pushes import TOPIC, GotifyStandIn, NtfyStandIn
from support.chats.slack import SlackStandIn
from support.chats.stand_in import StandIn
from support.chats.teams import TeamsStandIn
from support.chats.telegram import TelegramStandIn
from support.installation import Installation
from support.polling import eventually

GRACE = "grace@example.org"
NAMES = ("slack", "discord", "teams", "telegram", "apprise")

FORMS = """
[forms.contact]
title = "Contact"
slack.url_file = "slack"
discord.url_file = "discord"
teams.url_file = "teams"
telegram = {{token_file = "telegram", chat = {chat}, url = "{bots}"}}
apprise.url_file = "apprise"
[forms.contact.fields]
name = {{type = "text", required = true}}
email = {{type = "email"}}
text = {{type = "text", label = "What is it?"}}

[forms.push]
apprise.url_file = "gotify"
"""


@pytest.fixture(scope="module")
def chats() -> Iterator[dict[str, StandIn]]:
    made: dict[str, StandIn] = {
        "slack": SlackStandIn(),
        "discord": DiscordStandIn(),
        "teams": TeamsStandIn(),
        "telegram": TelegramStandIn(),
        "apprise": NtfyStandIn(),
        "gotify": GotifyStandIn(),
    }
    with ExitStack() as running:
        for one in made.values():
            running.enter_context(one)
        yield made


@pytest.fixture(scope="module")
def sink(server_directory: Path) -> Iterator[MailSink]:
    with MailSink(server_directory / "chats-mail") as running:
        yield running


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, chats: dict[str, StandIn]) -> dict[str, str]:
    """The forms, the folder of their secrets, and leave to call loopback."""
    folder = tmp_path_factory.mktemp("chats")
    secrets = folder / "secrets"
    secrets.mkdir()
    for name, one in chats.items():
        secret = telegram.TOKEN if name == "telegram" else one.url  # type: ignore[attr-defined]
        (secrets / name).write_text(f"{secret}\n")
    (folder / "forms.toml").write_text(FORMS.format(chat=telegram.CHAT, bots=chats["telegram"].base()))
    return {
        "COUNTERFOIL_FORMS": str(folder / "forms.toml"),
        "COUNTERFOIL_FORM_SECRETS": str(secrets),
        "COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.1",
        "COUNTERFOIL_LOG_LEVEL": "debug",
    }


@pytest.fixture(scope="module")
def installation(
    settings: dict[str, str], server_directory: Path, rabbitmq: Broker, sink: MailSink
) -> Iterator[Installation]:
    forms = Path(settings["COUNTERFOIL_FORMS"])
    with Installation(
        server_directory / "chats",
        consoles=1,
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=sink.url,
        forms=forms,
        settings=settings,
    ) as running:
        yield running


def submitted(installation: Installation, form: str, **fields: str) -> str:
    answer = requests.post(f"{installation.gateway_url}/f/{form}", json=fields, timeout=10)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def told(installation: Installation, submission_id: str) -> dict[str, str]:
    """Return the state of all that told the owner, as the API shows it."""
    headers = {"Authorization": f"Bearer {installation.api_key}"}
    answer = requests.get(f"{installation.gateway_url}/v1/submissions/{submission_id}", headers=headers, timeout=10)
    document: dict[str, Any] = answer.json() if answer.ok else {}
    return {one["channel"]: one["state"] for one in document.get("webhooks", [])}


def said_of(chats: dict[str, StandIn], submission_id: str) -> dict[str, int]:
    return {name: sum(submission_id in said for said in chats[name].said) for name in NAMES}


def test_each_chat_is_told_once_and_the_owner_sees_that(installation: Installation, chats: dict[str, StandIn]) -> None:
    hostile = HOSTILE["mentions"] + " " + HOSTILE["links"]
    one = submitted(installation, "contact", name="Ada Lovelace", text=hostile, email="ada@example.org")
    notify = installation.notify[0]
    every = dict.fromkeys(NAMES, "sent")
    eventually(lambda: told(installation, one) == every, 30, f"each is told\n{notify.tail()}")
    assert said_of(chats, one) == dict.fromkeys(NAMES, 1)
    for name in NAMES:
        [said] = [said for said in chats[name].said if one in said]
        assert "Contact" in said
        assert "Ada Lovelace" in said
        assert "What is it?" in said
        assert "@everyone" in said
        assert chats[name].complaints == []


def test_another_push_is_told_by_the_same_channel(installation: Installation, chats: dict[str, StandIn]) -> None:
    one = submitted(installation, "push", anything="Something")
    eventually(lambda: told(installation, one) == {"apprise": "sent"}, 30, "it is told")
    assert "Anything: Something" in chats["gotify"].said[0]


def test_while_there_is_no_mail_server_every_chat_is_told_and_the_mail_follows(
    installation: Installation, chats: dict[str, StandIn], sink: MailSink
) -> None:
    sink.stop()
    one = submitted(installation, "contact", name="Grace Hopper", email=GRACE)
    eventually(lambda: said_of(chats, one) == dict.fromkeys(NAMES, 1), 30, "each is told meanwhile")
    eventually(lambda: told(installation, one) == dict.fromkeys(NAMES, "sent"), 20, "and that is recorded")
    assert mails_to(sink, GRACE) == 0, "vacuous: there was a mail server"
    sink.start()
    eventually(lambda: mails_to(sink, GRACE) == 1, 90, "the mail follows by itself")


def mails_to(sink: MailSink, address: str) -> int:
    """Count the mails to an address: those of the tests before may come late."""
    return sum(mail["X-Envelope-To"] == address for mail in sink.messages())


def test_a_secret_is_in_no_log_and_no_table(installation: Installation, settings: dict[str, str]) -> None:
    secrets = [path.read_text().strip() for path in Path(settings["COUNTERFOIL_FORM_SECRETS"]).iterdir()]
    ends = {secret.rpartition("/")[2].rpartition("sig=")[2] for secret in secrets} - {TOPIC}
    assert len(ends) == len(secrets) - 1
    for path in installation.directory.iterdir():
        if path.is_file():
            content = path.read_bytes()
            assert [end for end in ends if end.encode() in content] == [], path.name
    assert "Ada Lovelace" not in installation.notify[0].tail(10_000), "nor what was typed in a log"


def test_a_missing_secret_is_told_to_the_alert_and_the_delivery_says_so(
    installation: Installation, settings: dict[str, str]
) -> None:
    secret = Path(settings["COUNTERFOIL_FORM_SECRETS"]) / "gotify"
    kept = secret.read_text()
    secret.unlink()
    one = submitted(installation, "push", anything="Something")
    eventually(lambda: told(installation, one) == {"apprise": "retrying"}, 30, "it waits")
    metrics = requests.get(f"{installation.metrics_urls['notify-0']}/metrics", timeout=5).text
    assert 'counterfoil_form_secrets_missing{table="apprise"} 1.0' in metrics
    assert 'counterfoil_form_secrets_missing{table="slack"} 0.0' in metrics
    assert 'counterfoil_breakers_open{channel="telegram"} 0.0' in metrics
    secret.write_text(kept)


@pytest.mark.parametrize("name", NAMES)
def test_a_channel_can_be_tried_by_itself(
    installation: Installation,
    settings: dict[str, str],
    chats: dict[str, StandIn],
    name: str,
    sink: MailSink,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = len(chats[name].said)
    for setting, value in {**settings, "COUNTERFOIL_SMTP_URL": sink.url}.items():
        monkeypatch.setenv(setting, value)
    assert main(["test", name, "--form", "contact"]) == 0
    printed = "".join(capsys.readouterr())
    assert "sent: status 20" in printed
    assert "TEST: Contact" in chats[name].said[before]
    assert telegram.TOKEN not in printed
