"""Mail goes through TLS and login, to a known server only."""

from __future__ import annotations

import pytest

from notify_service.transports.failures import ChannelBroken
from support.confirmations import a_mail
from support.senders import Connect
from support.smtp import ScriptedSmtp

TLS_CASES = {
    "starttls": (ScriptedSmtp(starttls=True), "smtp://127.0.0.1:{port}?starttls=required"),
    "starttls-if-offered": (ScriptedSmtp(starttls=True), "smtp://localhost:{port}"),
    "implicit": (ScriptedSmtp(implicit_tls=True), "smtps://127.0.0.1:{port}"),
    "starttls-login": (
        ScriptedSmtp(starttls=True, login=("ada", "p@ss:word")),
        "smtp://ada:p%40ss%3Aword@127.0.0.1:{port}",
    ),
    "implicit-login": (
        ScriptedSmtp(implicit_tls=True, login=("ada", "p@ss:word")),
        "smtps://ada:p%40ss%3Aword@127.0.0.1:{port}",
    ),
}


@pytest.mark.parametrize("kind", TLS_CASES)
def test_mail_goes_through_tls_and_login_and_only_to_a_known_certificate(kind: str, connect: Connect) -> None:
    server, url = TLS_CASES[kind]
    with server:
        connect(server, url).send(a_mail(), timeout_s=10)
        assert len(server.received) == server.secured == 1
        with pytest.raises(ChannelBroken, match="SSLCertVerificationError"):
            connect(server, url, trusting=False).send(a_mail(), timeout_s=10)
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("server", "url", "reason"),
    [
        (ScriptedSmtp(), "smtp://127.0.0.1:{port}?starttls=required", "starttls SMTPNotSupportedError"),
        (ScriptedSmtp(), "smtp://ada:secret@127.0.0.1:{port}", "starttls SMTPNotSupportedError"),
        (ScriptedSmtp(starttls=True), "smtp://127.0.0.1:{port}?starttls=never", "mail 530"),
        (ScriptedSmtp(), "smtp://ada:secret@127.0.0.1:{port}?starttls=never", "login SMTPNotSupportedError"),
        (ScriptedSmtp(starttls=True, login=("ada", "right")), "smtp://ada:wrong@127.0.0.1:{port}", "login 535"),
        (ScriptedSmtp(starttls=True, login=("ada", "right")), "smtp://127.0.0.1:{port}", "mail 530"),
        (
            ScriptedSmtp(starttls=True, login=("ada", "right")),
            "smtp://ada:%C3%A9@127.0.0.1:{port}",
            "login 535",
        ),
        (ScriptedSmtp(), "smtps://127.0.0.1:{port}", "connect SSLError"),
    ],
)
def test_what_is_wrong_with_the_way_to_the_server_breaks_the_channel(
    server: ScriptedSmtp, url: str, reason: str, connect: Connect
) -> None:
    with server, pytest.raises(ChannelBroken) as raised:
        connect(server, url).send(a_mail(), timeout_s=10)
    assert raised.value.reason == reason
    assert server.received == []
