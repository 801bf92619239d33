"""The command `test` sends one delivery over a real connection, and shows each step and no secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from notify_service.__main__ import main
from notify_service.suppression.suppression import Suppression
from notify_service.suppression.table import SuppressionTable
from notify_service.tables import MIGRATIONS
from shared import database
from shared.links.addresses import AddressKey
from support.chats.posting import SUBJECTS
from support.mail_providers import LOGIN, a_provider
from support.smtp import CERTIFICATE, ScriptedSmtp
from support.webhook_receiver import Receiver
from support.webhooks import SECRET

USER = ":".join(quote(part, safe="") for part in LOGIN)
FORM = """
[forms.contact]
title = "Contact"
[forms.contact.fields]
name = {{type = "text"}}
email = {{type = "email"}}
topic = {{type = "choice", choices = ["A fault", "A question"]}}
count = {{type = "integer", min = 3}}
[forms.contact.owner]
to = ["owner@example.org", "other@example.org"]
[forms.contact.webhook]
url = "{first}"
secret = "{secret}"
[[forms.contact.webhooks]]
name = "crm"
url = "{second}"
secret = "{secret}"
headers = {{Authorization = {{file = "token"}}}}
[forms.plain]
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "token").write_text("Bearer hunter2")
    (tmp_path / "forms.toml").write_text(
        FORM.format(first=receiver.url("/first?key=hunter3"), second=receiver.url("/second"), secret=SECRET)
    )
    for name, value in {
        "COUNTERFOIL_MAIL_FROM": "Forms <forms@example.org>",
        "COUNTERFOIL_SMTP_URL": "smtp://127.0.0.1:1",
        "COUNTERFOIL_FORMS": str(tmp_path / "forms.toml"),
        "COUNTERFOIL_FORM_SECRETS": str(tmp_path),
        "COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.1",
        "COUNTERFOIL_DATABASE_URL": "sqlite:////nowhere/at/all.db",
        "SSL_CERT_FILE": str(CERTIFICATE),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)


def run(*arguments: str) -> int:
    return main(["test", *arguments])


def test_a_confirmation_is_sent_and_each_step_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_provider("exchange online") as server:
        monkeypatch.setenv("COUNTERFOIL_SMTP_URL", f"smtp://{USER}@localhost:{server.port}")
        assert run("confirmation", "--form", "contact", "--to", "ada@example.org") == 0
        [mail] = server.received
    read = message_from_bytes(mail.content, policy=policy.default)
    assert read["To"] == "ada@example.org"
    assert read["Subject"].startswith("TEST: ")
    shown = capsys.readouterr().out
    steps = [line[11:] for line in shown.splitlines() if " s  " in line[:12]]
    for step in (
        *(
            f"connect to localhost:{server.port}",
            "> STARTTLS",
            "> AUTH LOGIN …",
            "< 334 …",
            "< 235 2.7.0 Authentication",
        ),
        *("> MAIL FROM:<forms@example.org>", "> RCPT TO:<ada@example.org>", "> DATA", "> (the mail, ", "> quit"),
    ):
        assert any(line.startswith(step) for line in steps), (step, shown)
    for secret in (LOGIN[1], *(base64.b64encode(part.encode()).decode() for part in LOGIN)):
        assert secret not in shown
    assert shown.splitlines()[-1].startswith("sent: 250 ")


def test_what_is_stored_nowhere_links_to_no_page(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setenv("COUNTERFOIL_PUBLIC_URL", "https://forms.example.org")
    assert run("webhook", "--form", "contact") == 0
    assert receiver.received
    assert not [call for call in receiver.received if b"/console/" in call.body]


@pytest.mark.parametrize("methods", [("PLAIN",), ("CRAM-MD5",)])
def test_no_way_to_log_in_shows_the_password(
    methods: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedSmtp(login=LOGIN, methods=methods, starttls=True) as server:
        monkeypatch.setenv("COUNTERFOIL_SMTP_URL", f"smtp://{USER}@localhost:{server.port}")
        assert run("confirmation", "--form", "contact", "--to", "ada@example.org") == 0
    shown = capsys.readouterr().out
    assert f"> AUTH {methods[0]} …" in shown
    assert "\0".join(["", *LOGIN]) not in shown
    assert base64.b64encode("\0".join(["", *LOGIN]).encode()).decode() not in shown
    assert base64.b64encode(LOGIN[0].encode()).decode()[:12] not in shown


@pytest.mark.parametrize(
    ("answers", "reason", "mend"),
    [
        ({"login": "534 5.7.9 Application-specific password required"}, "login 534", "app password"),
        ({"data": "554 Message rejected: Email address is not verified. x"}, "data 554", "Amazon SES knows"),
        ({"rcpt": "550 5.1.1 no such user"}, "rcpt 550", ""),
    ],
)
def test_a_refusal_is_the_exit_code_and_says_what_to_do(
    answers: dict[str, str],
    reason: str,
    mend: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with a_provider("gmail", answers=answers, locked="login" in answers) as server:
        monkeypatch.setenv("COUNTERFOIL_SMTP_URL", f"smtp://{USER}@localhost:{server.port}")
        assert run("confirmation", "--form", "contact", "--to", "ada@example.org") == 1
        assert server.received == []
    shown = capsys.readouterr()
    assert f"not sent: {reason}" in shown.err
    assert mend in shown.err
    assert f"< {next(iter(answers.values()))}" in shown.out


def test_the_mail_to_each_owner_is_sent_or_that_to_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedSmtp() as server:
        monkeypatch.setenv("COUNTERFOIL_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        assert run("owner-mail", "--form", "contact") == 0
        assert [one.recipients for one in server.received] == [("owner@example.org",), ("other@example.org",)]
        assert run("owner", "--form", "contact", "--to", "ada@example.org") == 0
        monkeypatch.setenv("COUNTERFOIL_OWNER_MAIL", "all@example.org")
        assert run("owner-mail", "--form", "plain") == 0
    assert [one.recipients for one in server.received[2:]] == [("ada@example.org",), ("all@example.org",)]
    for one in server.received:
        mail = message_from_bytes(one.content, policy=policy.default)
        assert mail["Subject"].startswith("TEST: ")
        body = mail.get_body(("plain",))
        assert body is not None
        assert "This is a TEST" in body.get_content()


@pytest.mark.parametrize(("name", "key"), [("slack", "url_file"), ("discord", "url_file"), ("teams", "url_file")])
def test_a_chat_is_told_and_its_address_is_not_shown(
    name: str, key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subject = SUBJECTS[name]
    with subject.stand_in() as place:
        secret = subject.secret(place)
        (tmp_path / "room").write_text(secret)
        with (tmp_path / "forms.toml").open("a") as file:
            file.write(f'[forms.chatty.{name}]\n{key} = "room"\n')
        assert run(name, "--form", "chatty") == 0, capsys.readouterr()
        [said] = place.said
    assert "This is a TEST" in said
    shown = capsys.readouterr().out
    assert urlsplit(secret).path not in shown
    assert "/… HTTP/1.1" in shown


def test_every_webhook_is_called_and_the_parts_that_may_be_secret_are_not_shown(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("webhook", "--form", "contact") == 0
    assert [one.path for one in receiver.received] == ["/first?key=hunter3", "/second"]
    body = json.loads(receiver.received[0].body)
    assert (body["type"], body["data"]["form"]) == ("submission.accepted", "contact")
    fields = body["data"]["fields"]
    assert (fields["name"], fields["topic"], fields["count"]) == ("TEST name", "A fault", 3)
    assert fields["TEST"].startswith("This is a TEST")
    shown = capsys.readouterr().out
    assert f"> POST http://127.0.0.1:{receiver.port}/… HTTP/1.1" in shown
    assert "> webhook-id: accepted_" in shown
    assert "> Authorization: …" in shown
    assert shown.count("< status 204") == 2
    assert not any(
        secret in shown for secret in ("hunter2", "hunter3", SECRET, receiver.received[0].headers["webhook-signature"])
    )


def test_one_webhook_is_called_by_its_name(receiver: Receiver) -> None:
    assert run("webhook:crm", "--form", "contact") == 0
    assert [one.path for one in receiver.received] == ["/second"]
    assert receiver.received[0].headers["authorization"] == "Bearer hunter2"


@pytest.mark.parametrize(
    ("answer", "reason", "mend"),
    [
        (404, "status 404", "correct the url"),
        (401, "status 401", "same secret"),
        ("redirect", "status 307", "follows no redirect"),
        ("drop", "no answer", ""),
    ],
)
def test_a_webhook_that_is_not_taken_says_why(
    receiver: Receiver, capsys: pytest.CaptureFixture[str], answer: int | str, reason: str, mend: str
) -> None:
    receiver.answers["/second"] = answer
    assert run("webhook:crm", "--form", "contact") == 1
    said = capsys.readouterr().err
    assert f"not sent: {reason}" in said
    assert mend in said


def test_a_secret_that_is_missing_says_where_it_belongs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").unlink()
    assert run("webhook:crm", "--form", "contact") == 1
    said = capsys.readouterr().err
    assert "not sent: no secret: the file cannot be read" in said
    assert "docs/forms.md says where" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["pigeon", "--form", "contact"], "there is no channel 'pigeon'; there are: confirmation, "),
        (["webhook", "--form", "none"], "there is no form 'none' in "),
        (["webhook", "--form", "plain"], "the form plain tells nobody by webhook"),
        (["webhook:none", "--form", "contact"], "the form contact tells nobody by webhook:none"),
        (["confirmation", "--form", "contact"], "whom shall the confirmation go to? Say --to ADDRESS"),
    ],
)
def test_what_cannot_be_tried_is_told(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert run(*arguments) == 2
    assert says in capsys.readouterr().err


def test_a_mail_to_an_address_that_is_sent_none_is_not_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/notify.db"
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", url)
    monkeypatch.setenv("COUNTERFOIL_SECRET", SECRET)
    asked = ("confirmation", "--form", "contact", "--to", "Ada+x@example.org")
    assert run(*asked) == 1, "there is no mail server here"
    assert "not asked whether this address is sent no mail: there is no database here" in capsys.readouterr().out
    engine = database.create(url)
    MIGRATIONS.upgrade(engine)
    kept = Suppression(AddressKey(SECRET), SuppressionTable(engine))
    kept.suppress_address("ada@example.org", "complained", datetime.now(UTC), by=None, said=None)
    engine.dispose()
    assert run(*asked) == 1
    printed = "".join(capsys.readouterr())
    assert "called our mail spam" in printed
    assert "connect to" not in printed
