from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from notify_service import settings
from notify_service.bounces.server import ImapServer
from notify_service.bounces.settings import BounceSettings
from notify_service.channels.mail.composer import MailFrom
from notify_service.deliveries.caps import NO_CAPS, Cap, Caps
from notify_service.transports.smtp.server import SmtpServer, parse_smtp_url
from shared.settings import SettingsError

GOOD = {
    "COUNTERFOIL_BROKER_URL": "amqp://user:broker-secret@broker:5672/",
    "COUNTERFOIL_SMTP_URL": "smtp://ada:smtp-secret@mail.example.org:587",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail", SmtpServer("mail", 25)),
        ("smtp://127.0.0.1:1025?starttls=never", SmtpServer("127.0.0.1", 1025, starttls="never")),
        ("smtp://u:p@mail:587", SmtpServer("mail", 587, starttls="required", user="u", password="p")),
        ("smtp://u:p@mail/?starttls=never", SmtpServer("mail", 25, starttls="never", user="u", password="p")),
        ("smtp://a%40b:p%2F%3A@mail", SmtpServer("mail", 25, starttls="required", user="a@b", password="p/:")),
        ("smtps://mail", SmtpServer("mail", 465, implicit_tls=True)),
        ("smtp://[::1]:25", SmtpServer("::1", 25)),
    ],
)
def test_an_smtp_url_says_how_to_send(url: str, expected: SmtpServer) -> None:
    assert parse_smtp_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail",
        "smtp://",
        "smtp://mail:port",
        "smtp://mail?starttls=maybe",
        "smtp://mail?tls=on",
        "smtp://mail/path",
        "smtp://u:p[x@mail",
        "smtp://u:p@mail℀",
        "smtp://u:p@mail?starttls=if-offered",
    ],
)
def test_an_smtp_url_that_says_something_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"expected smtp://|starttls is required or never"):
        parse_smtp_url(url)


@pytest.mark.usefixtures("environment")
def test_little_must_be_set() -> None:
    loaded = settings.load()
    assert loaded.mail_from == MailFrom("Counterfoil", "counterfoil@localhost")
    assert loaded.mail_from.domain == "localhost"
    assert (loaded.smtp_connections, loaded.smtp_timeout_s) == (4, 60)
    assert loaded.database_url == "sqlite:///notify.db"
    hour = timedelta(hours=1)
    assert loaded.caps == Caps(Cap(20, timedelta(days=1)), source=Cap(20, hour), form=Cap(1000, hour))
    assert (loaded.webhook_connections, loaded.webhook_timeout_s, loaded.webhook_allow) == (3, 15, ())


def test_what_sends_by_itself_needs_no_broker(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("COUNTERFOIL_BROKER_URL")
    assert settings.load(with_broker=False).smtp.host
    with pytest.raises(SettingsError, match="BROKER_URL"):
        settings.load()


def test_the_name_in_ehlo_may_be_set(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("COUNTERFOIL_SMTP_HELLO", "forms.example.org")
    assert settings.load().smtp_hello == "forms.example.org"


@pytest.mark.parametrize(
    ("own", "shared", "expected"),
    [
        ("", "", None),
        ("", "https://forms.example.org/", "https://forms.example.org"),
        ("https://console.example.org", "https://forms.example.org", "https://console.example.org"),
    ],
)
def test_the_console_is_where_its_own_setting_says_else_where_the_forms_are(
    own: str, shared: str, expected: str | None, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("COUNTERFOIL_CONSOLE_PUBLIC_URL", own)
    environment.setenv("COUNTERFOIL_PUBLIC_URL", shared)
    assert settings.load().console_url == settings.load_for_preview().console_url == expected


def test_both_addresses_are_checked_whichever_counts(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("COUNTERFOIL_CONSOLE_PUBLIC_URL", "https://console.example.org/console")
    environment.setenv("COUNTERFOIL_PUBLIC_URL", "forms.example.org")
    with pytest.raises(SettingsError) as raised:
        settings.load()
    for name in ("CONSOLE_PUBLIC_URL", "PUBLIC_URL"):
        assert f"COUNTERFOIL_{name}: expected scheme://host" in str(raised.value)


@pytest.mark.usefixtures("environment")
def test_no_secret_is_shown() -> None:
    shown = repr(settings.load())
    assert "broker-secret" not in shown
    assert "smtp-secret" not in shown


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)
    monkeypatch.setenv("COUNTERFOIL_SMTP_URL", "smtp://u:smtp-secret@mail?starttls=if-offered")
    monkeypatch.setenv("COUNTERFOIL_MAIL_FROM", "Counterfoil <no address>")
    monkeypatch.setenv("COUNTERFOIL_SMTP_CONNECTIONS", "0")
    monkeypatch.setenv("COUNTERFOIL_SMTP_TIMEOUT_S", "soon")
    monkeypatch.setenv("COUNTERFOIL_SMTP_HELLO", "my host")
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", "mysql://u:p@h/d")
    for name in ("RECIPIENT", "SOURCE", "FORM"):
        monkeypatch.setenv(f"COUNTERFOIL_CONFIRMATIONS_PER_{name}", "often")
    monkeypatch.setenv("COUNTERFOIL_WEBHOOK_TIMEOUT_S", "61")
    monkeypatch.setenv("COUNTERFOIL_WEBHOOK_ALLOW", "10.0.0.0/8,intranet")
    with pytest.raises(SettingsError) as raised:
        settings.load()
    for name in (
        "BROKER_URL",
        "SMTP_URL",
        "MAIL_FROM",
        "SMTP_CONNECTIONS",
        "SMTP_TIMEOUT_S",
        "SMTP_HELLO",
        "DATABASE_URL",
    ):
        assert f"COUNTERFOIL_{name}: " in str(raised.value)
    for name in ("RECIPIENT", "SOURCE", "FORM"):
        assert f"COUNTERFOIL_CONFIRMATIONS_PER_{name}: expected a number and a period" in str(raised.value)
    assert "COUNTERFOIL_WEBHOOK_TIMEOUT_S: " in str(raised.value)
    assert "COUNTERFOIL_WEBHOOK_ALLOW: 'intranet' is no network: expected one such as" in str(raised.value)
    assert "smtp-secret" not in str(raised.value)


@pytest.mark.parametrize(
    "value", ["", "Counterfoil", "a@b, c@d", "Ada <ada@example.org>\r\nBcc: eve@example.org", "adä@example.org"]
)
def test_a_sender_that_is_no_single_address_is_refused(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("COUNTERFOIL_MAIL_FROM", value)
    with pytest.raises(SettingsError, match="COUNTERFOIL_MAIL_FROM"):
        settings.load()


def test_a_migration_needs_no_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in GOOD:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", "postgresql://u:p@h/d")
    assert settings.load_for_command().database_url == "postgresql://u:p@h/d"


def test_each_cap_may_be_none(environment: pytest.MonkeyPatch) -> None:
    for name in ("RECIPIENT", "SOURCE", "FORM"):
        environment.setenv(f"COUNTERFOIL_CONFIRMATIONS_PER_{name}", "none")
    assert settings.load().caps == NO_CAPS


def test_the_mail_servers_address_may_stand_in_a_file_which_goes_before_the_variable(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text("smtp://u:p@another:587\n")
    environment.setenv("COUNTERFOIL_SMTP_URL_FILE", str(tmp_path / "url"))
    assert settings.load().smtp == SmtpServer("another", 587, starttls="required", user="u", password="p")
    environment.setenv("COUNTERFOIL_SMTP_URL_FILE", "")
    assert settings.load().smtp.host == "mail.example.org", "an empty name is none"
    environment.setenv("COUNTERFOIL_SMTP_URL_FILE", str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match="COUNTERFOIL_SMTP_URL_FILE must be a readable file"):
        settings.load()


def test_who_owns_forms_that_do_not_say_is_nobody_unless_a_setting_says_so(environment: pytest.MonkeyPatch) -> None:
    assert (settings.load().owner_mail, settings.load().timezone) == ((), "UTC")
    environment.setenv("COUNTERFOIL_OWNER_MAIL", "info@example.org, second@example.org")
    environment.setenv("COUNTERFOIL_TIMEZONE", "Europe/Berlin")
    loaded = settings.load()
    assert (loaded.owner_mail, loaded.timezone) == (("info@example.org", "second@example.org"), "Europe/Berlin")
    assert "info@" not in repr(loaded)


def test_a_wrong_owner_and_a_wrong_time_zone_are_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("COUNTERFOIL_OWNER_MAIL", "Ada <ada@example.org>")
    environment.setenv("COUNTERFOIL_TIMEZONE", "Berlin")
    with pytest.raises(SettingsError) as raised:
        settings.load()
    assert "COUNTERFOIL_OWNER_MAIL: expected an address alone" in str(raised.value)
    assert "COUNTERFOIL_TIMEZONE: no time zone of this name" in str(raised.value)
    assert "ada@" not in str(raised.value)


def test_bounces_are_off_unless_they_are_set(environment: pytest.MonkeyPatch) -> None:
    assert settings.load().bounces == BounceSettings()


def test_the_settings_of_bounces_are_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("COUNTERFOIL_SECRET", "a secret")
    environment.setenv("COUNTERFOIL_BOUNCE_ADDRESS", " Bounces@example.org")
    environment.setenv("COUNTERFOIL_BOUNCE_MAILBOX", "imaps://ada:hush@mail.example.org")
    environment.setenv("COUNTERFOIL_MAIL_PROVIDER", "Postmark")
    chosen = settings.load()
    assert chosen.bounces.address and chosen.bounces.address.address == "bounces@example.org"  # noqa: PT018
    assert chosen.bounces.mailbox == ImapServer("mail.example.org", 993, "ada", "hush")
    assert chosen.bounces.provider == "postmark"
    assert "hush" not in repr(chosen)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"BOUNCE_ADDRESS": "b@example.org"}, "COUNTERFOIL_BOUNCE_ADDRESS: COUNTERFOIL_SECRET is needed, too"),
        ({"MAIL_PROVIDER": "ses"}, "COUNTERFOIL_MAIL_PROVIDER: COUNTERFOIL_SECRET is needed, too"),
        ({"BOUNCE_MAILBOX": "imaps://u:hush@mx"}, "COUNTERFOIL_BOUNCE_MAILBOX: COUNTERFOIL_BOUNCE_ADDRESS is needed"),
        ({"BOUNCE_MAILBOX": "pop3://u:hush@mx"}, "COUNTERFOIL_BOUNCE_MAILBOX: expected imaps://"),
        ({"BOUNCE_ADDRESS": "bounces"}, "COUNTERFOIL_BOUNCE_ADDRESS: expected an address"),
        ({"MAIL_PROVIDER": "gmail"}, "COUNTERFOIL_MAIL_PROVIDER: expected one of ses, postmark, sendgrid, mailgun"),
    ],
)
def test_what_is_wrong_about_bounces_is_named(
    environment: pytest.MonkeyPatch, given: dict[str, str], problem: str
) -> None:
    for name, value in given.items():
        environment.setenv(f"COUNTERFOIL_{name}", value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert problem in str(caught.value)
    assert "hush" not in str(caught.value)
