"""`preview` and `templates` show what mails look like, and what is wrong in their templates."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from notify_service.__main__ import main
from support.composed import bodies
from support.own_templates import complete, written

FORMS = """
[forms.contact]
title = "Contact"
language = "de"
fields.name = {type = "text"}
fields.email = {type = "email"}
fields.topic = {type = "choice", choices = ["A fault", "Else"]}
fields.message = {type = "text", max_length = 5000}

[forms.own]
confirmation.subject = "Welcome, {name}"
confirmation.text = "{name} {email} {topic} {message} {tel} {date} {list} {n}"
fields.name = {type = "text"}
fields.email = {type = "email"}
fields.topic = {type = "choice", choices = ["A fault", "Else"]}
fields.message = {type = "text", max_length = 5000}
fields.tel = {type = "tel"}
fields.date = {type = "date"}
fields.list = {type = "list"}
fields.n = {type = "integer"}

[forms.open]

[forms.letters]
title = "Letters"
language = "de"
confirmation.opt_in = true

[forms.silent]
confirmation.enabled = false
owner.enabled = false
"""


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "forms.toml").write_text(FORMS)
    monkeypatch.setenv("COUNTERFOIL_FORMS", str(tmp_path))
    monkeypatch.setenv("COUNTERFOIL_MAIL_FROM", "Verein <post@example.org>")
    for name in ("SMTP_URL", "BROKER_URL", "DATABASE_URL", "TEMPLATES"):
        monkeypatch.delenv(f"COUNTERFOIL_{name}", raising=False)


def previewed(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> EmailMessage:
    assert main(["preview", *arguments]) == 0
    return message_from_bytes(capfdbinary.readouterr().out, policy=policy.default)


def test_a_preview_is_the_mail_as_it_would_be_sent(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    mail = previewed(capfdbinary, "--form", "contact", "--language", "en")
    assert mail["From"] == "Verein <post@example.org>"
    assert mail["Subject"] == "Contact: we have your submission"
    assert all("Received" in body for body in bodies(mail))
    assert not mail.defects


def test_of_a_form_with_opt_in_the_mail_with_the_button_is_shown(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    mail = previewed(capfdbinary, "--form", "letters")
    assert mail["Subject"] == "Letters: Bitte bestätigen Sie Ihre Adresse"
    assert all("https://forms.example.org/opt-in/" in body for body in bodies(mail))
    assert previewed(capfdbinary, "--form", "letters", "--template", "opt_in")["Subject"] == mail["Subject"]


def test_the_owners_mail_is_shown_too(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    mail = previewed(capfdbinary, "--form", "contact", "--template", "owner")
    assert (mail["To"], mail["Content-Language"]) == ("owner@example.org", "de")
    assert mail["Subject"] == "Contact: Ada Lovelace"
    assert "Eingegangen am" in bodies(mail)[0]


def test_a_digest_is_shown_as_its_owner_gets_it(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("COUNTERFOIL_PUBLIC_URL", "https://forms.example.org")
    mail = previewed(capfdbinary, "--form", "contact", "--template", "digest", "--language", "en")
    assert (mail["To"], mail["Subject"]) == ("owner@example.org", "Contact: 5 new submissions")
    assert mail["List-Unsubscribe"].strip() == "<https://forms.example.org/unsubscribe/example>"
    for body in bodies(mail):
        assert "Ada Lovelace" in body
        assert "and 2 more" in body
        assert "https://forms.example.org/console/submissions/" in body
    assert not mail.defects


def test_the_mail_about_too_many_at_once_is_shown(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    mail = previewed(capfdbinary, "--form", "contact", "--template", "many")
    assert (mail["Content-Language"], "313" in mail["Subject"]) == ("de", True)
    assert all("Ada Lovelace" not in body for body in bodies(mail))


@pytest.mark.parametrize("template", ["confirmation", "owner", "digest", "many"])
@pytest.mark.parametrize(("language", "given"), [("en", "en"), ("de-AT", "de"), ("fr", "en")])
def test_any_mail_is_shown_in_any_language(
    template: str, language: str, given: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    mail = previewed(capfdbinary, "--form", "own", "--template", template, "--language", language)
    assert mail["Content-Language"] == given


def test_without_a_language_it_is_in_the_forms(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    mail = previewed(capfdbinary, "--form", "contact")
    assert mail["Content-Language"] == "de"
    assert mail["Subject"] == "Contact: Wir haben Ihre Angaben erhalten"


def test_placeholders_have_values_of_their_kind(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    mail = previewed(capfdbinary, "--form", "own")
    assert mail["Subject"] == "Welcome, Ada Lovelace"
    for said in ("ada @ example. org", "A fault", "+44 20 7946 0018", "2026-11-22", "What was typed as message."):
        assert said in bodies(mail)[0]
    assert previewed(capfdbinary, "--form", "open", "--template", "confirmation")["To"] == "ada@example.org"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--form", "kontact"], "there is no form 'kontact'; there are: contact, own, open, letters, silent"),
        (["--form", "silent"], "the form silent sends no such mail"),
        (["--form", "contact", "--template", "opt_in"], "the form contact sends no such mail"),
        (["--form", "silent", "--template", "digest"], "the form silent sends no such mail"),
    ],
)
def test_what_cannot_be_shown_is_said(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", *arguments]) == 2
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", f"{said}\n")


def test_ones_own_templates_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("COUNTERFOIL_TEMPLATES", str(written(tmp_path / "own", de_subject_txt="Danke!")))
    assert previewed(capfdbinary, "--form", "contact")["Subject"] == "Danke!"


def test_all_that_is_wrong_in_templates_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    own = written(tmp_path / "own", fr_body_txt="{{ nmae }}", de_body_txt="{% set x = 1 %}")
    monkeypatch.setenv("COUNTERFOIL_TEMPLATES", str(own))
    assert main(["templates"]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert [line.removeprefix(f"{own}/confirmation/").split(":")[0] for line in lines] == [
        *("fr.subject.txt", "fr.body.html", "de.body.txt", "fr.body.txt")
    ]


def test_what_is_in_english_for_want_of_templates_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path, own = tmp_path / "other.toml", complete(tmp_path / "own", "fr")
    path.write_text('[forms.contact]\n\nlanguage = "fr-CA"\n')
    assert main(["templates", str(path)]) == 0
    shown = capfd.readouterr()
    place = f"{path}:3: warning: forms.contact.language"
    assert (
        shown.err
        == f"{place}: in fr-CA there is no confirmation and no owner mail: add files for it, or it is in English\n"
    )
    assert (
        shown.out
        == "the templates of mails are fine: confirmation, opt_in, owner, digest, invitation, reset, in de, en\n"
    )
    monkeypatch.setenv("COUNTERFOIL_TEMPLATES", str(own))
    assert main(["templates", str(path)]) == 0
    assert capfd.readouterr().err.splitlines() == [
        *(
            f"{own}/{mail}: warning: there is no {mail} mail in fr: add files for it, or it is in English"
            for mail in ("opt_in", "owner", "digest", "invitation", "reset")
        ),
        f"{place}: in fr-CA there is no owner mail: add files for it, or it is in English",
    ]


def test_the_service_says_at_its_start_what_is_wrong_in_forms_and_in_templates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "forms.toml").write_text('[forms.contact]\ntitel = "Contact"\n')
    own = written(tmp_path / "own", de_body_txt="{{ nmae }}", de_subject_txt="{{ typo }}")
    for name, value in {
        "TEMPLATES": str(own),
        "BROKER_URL": "amqp://127.0.0.1/",
        "SMTP_URL": "smtp://127.0.0.1",
        "DATABASE_URL": f"sqlite:///{tmp_path}/notify.db",
    }.items():
        monkeypatch.setenv(f"COUNTERFOIL_{name}", value)
    assert main([]) == 2
    said = capfd.readouterr().err
    for place in (f"{tmp_path}/forms.toml:2: ", f"{own}/confirmation/de.body.txt:1: ", "de.subject.txt:1: "):
        assert place in said


def test_a_form_with_opt_in_needs_its_mail_in_its_language(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.toml"
    path.write_text('[forms.letters]\nlanguage = "fr"\nconfirmation.opt_in = true\n')
    assert main(["templates", str(path)]) == 0
    assert "in fr there is no confirmation and no opt_in and no owner mail" in capfd.readouterr().err


def test_of_forms_that_are_wrong_nothing_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wrong.toml").write_text("[forms")
    assert main(["templates", str(tmp_path / "wrong.toml")]) == 0
    assert capfd.readouterr().err == ""
