"""The doctor looks at a real SMTP server and a real name server, and says what to mend."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import pytest

from notify_service.commands import COMMANDS
from notify_service.doctor.alignment import alignment
from notify_service.doctor.findings import Finding
from notify_service.doctor.lookup import Lookup
from notify_service.doctor.sender import look_at_sender
from support.dns_server import DnsServer
from support.mail_providers import LOGIN, a_provider
from support.smtp import CERTIFICATE, ScriptedSmtp

Look: TypeAlias = Callable[..., tuple[int, dict[str, tuple[str, str, str]]]]
"""Runs the command at an SMTP server, and returns its exit code, and each finding by its name."""

USER = ":".join(quote(part, safe="") for part in LOGIN)


@pytest.fixture
def names() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.mail("example.org", "mx.example.org").text("example.org", "v=spf1 ip4:192.0.2.1 -all", "other=1")
        server.text("_dmarc.example.org", "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org")
        yield server


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "COUNTERFOIL_MAIL_FROM": "Forms <forms@example.org>",
        "COUNTERFOIL_SMTP_HELLO": "forms.example.org",
        "COUNTERFOIL_SECRET": "s" * 32,
        "COUNTERFOIL_FORMS": str(tmp_path / "no-forms.toml"),
        "SSL_CERT_FILE": str(CERTIFICATE),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, names: DnsServer, capsys: pytest.CaptureFixture[str]) -> Look:
    def looked(url: str, *more: str) -> tuple[int, dict[str, tuple[str, str, str]]]:
        monkeypatch.setenv("COUNTERFOIL_SMTP_URL", url)
        code = COMMANDS["doctor"](["mail", "--json", "--nameserver", names.place, *more])
        document = json.loads(capsys.readouterr().out)
        assert document["ok"] is (code == 0)
        return code, {one["check"]: (one["state"], one["words"], one["mend"]) for one in document["findings"]}

    return looked


def test_where_all_is_well_it_says_so(look: Look, names: DnsServer) -> None:
    names.text("s1._domainkey.example.org", f"v=DKIM1; k=rsa; p={'A' * 300}")
    with a_provider("postmark") as server:
        code, found = look(f"smtp://{USER}@localhost:{server.port}", "--selector", "s1")
        assert server.received == []
    assert code == 0
    assert {check: state for check, (state, _, _) in found.items()} == dict.fromkeys(found, "good")
    assert [*found] == [
        *("connection", "EHLO", "TLS", "login", "sender", "addresses"),
        *("Return-Path", "SPF", "DKIM", "DMARC", "List-Unsubscribe"),
    ]
    assert "TLSv1." in found["TLS"][1]
    assert "2126-10-29" in found["TLS"][1]
    assert LOGIN[1] not in str(found)


def test_on_a_terminal_it_says_it_in_lines(
    monkeypatch: pytest.MonkeyPatch, names: DnsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedSmtp() as server:
        monkeypatch.setenv("COUNTERFOIL_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        names.records.pop(("_dmarc.example.org", "TXT"))
        assert COMMANDS["doctor"](["mail", "--nameserver", names.place]) == 1
    shown = capsys.readouterr().out
    assert f"mail server 127.0.0.1:{server.port}\n  ✓ connection: " in shown
    assert "  · TLS: none: " in shown
    assert "\n  ✗ DMARC: example.org has no record" in shown
    assert '\n      → add the TXT record "v=DMARC1; p=none" as _dmarc.example.org' in shown


REFUSAL = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
BROKEN = [
    ("smtp://127.0.0.1:1", {}, "connection", "nobody listens at 127.0.0.1:1"),
    ("smtp://no-such-host.invalid", {}, "connection", "the name no-such-host.invalid has no address"),
    ("smtps://localhost:{port}", {}, "TLS", "does not begin with TLS"),
    ("smtp://localhost:{port}", {"answers": {"connect": "554 5.7.1 go away"}}, "connection", "554 5.7.1 go away"),
    ("smtp://localhost:{port}", {"answers": {"ehlo": "550 5.7.1 who are you"}}, "EHLO", "550 5.7.1 who are you"),
    ("smtp://localhost:{port}?starttls=required", {}, "TLS", "the server offers no STARTTLS"),
    ("smtp://localhost:{port}", {"answers": {"mail": REFUSAL}}, "sender", "5.7.60"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "options", "check", "words"), BROKEN)
def test_what_is_wrong_with_the_server_is_named_and_how_to_mend_it(
    look: Look, url: str, options: dict[str, object], check: str, words: str
) -> None:
    with ScriptedSmtp(**options) as server:  # type: ignore[arg-type]
        code, found = look(url.format(port=server.port))
    assert code == 1
    state, said, mend = found[check]
    assert state == "bad"
    assert words in said
    assert mend


@pytest.mark.parametrize(
    ("provider", "reply", "mend"),
    [
        ("gmail", "534 5.7.9 Application-specific password required.", "app password"),
        (
            "exchange online",
            "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant.",
            "SMTP AUTH is switched",
        ),
        ("ses", "535 Authentication Credentials Invalid", "percent-encoded"),
    ],
)
def test_a_login_that_is_refused_says_what_to_do(look: Look, provider: str, reply: str, mend: str) -> None:
    with a_provider(provider, locked=True) as server:
        server.answering("login", reply)
        code, found = look(f"smtp://{USER}@localhost:{server.port}")
    assert (code, found["login"][0]) == (1, "bad")
    assert mend in found["login"][2]
    assert "DMARC" in found, "the rest is looked at all the same"


def test_what_takes_oauth_alone_is_named(look: Look) -> None:
    server = a_provider("exchange online")
    server.methods = ("XOAUTH2",)
    with server:
        _, found = look(f"smtp://{USER}@localhost:{server.port}")
    assert "the server offers XOAUTH2; we know PLAIN" in found["login"][1]


def test_google_relays_want_a_name(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERFOIL_SMTP_HELLO")
    monkeypatch.setenv("COUNTERFOIL_MAIL_FROM", "forms@localhost")
    with a_provider("gmail", wants_name=True) as server:
        _, found = look(f"smtp://{USER}@localhost:{server.port}")
    if found["EHLO"][0] == "bad":  # this machine has no public name
        assert "COUNTERFOIL_SMTP_HELLO" in found["EHLO"][2]
    assert found["sender"][0] == "bad"


def test_a_server_that_hangs_takes_a_bounded_time(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_SMTP_TIMEOUT_S", "1")
    with ScriptedSmtp(answers={"ehlo": "dribble"}) as server:
        began_s = time.monotonic()
        code, found = look(f"smtp://localhost:{server.port}")
    assert time.monotonic() - began_s < 10
    assert (code, found["EHLO"][0]) == (1, "bad")


def of_sender(
    names: DnsServer, domain: str = "example.org", host: str = "mail.example.org", *keys: str
) -> dict[str, Finding]:
    return {one.check: one for one in look_at_sender(domain, host, Lookup(names.place), keys)}


def test_the_records_of_a_provider_are_asked_for(names: DnsServer) -> None:
    names.text("_spf.google.com", "v=spf1 include:_netblocks.google.com ~all")
    names.text("_netblocks.google.com", "v=spf1 ip4:192.0.2.0/24 ~all")
    found = of_sender(names, "example.org", "smtp.gmail.com")
    assert found["SPF"].state == "bad"
    assert found["SPF"].mend == "put include:_spf.google.com into the record"
    names.text("example.org", "v=spf1 include:_spf.google.com ~all")
    names.text("google._domainkey.example.org", "v=DKIM1; p=AAAA")
    found = of_sender(names, "example.org", "smtp.gmail.com")
    assert (found["SPF"].state, found["DKIM"].state) == ("good", "good")
    assert "2 look-ups, ends in ~all; Google is in it" in found["SPF"].words


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "has no record"),
        (["v=spf1 -all", "v=spf1 mx -all"], "has 2 records: then none counts"),
        (["v=spf1 +all"], "ends in +all"),
        (["v=spf1 all"], "ends in +all"),
        (["v=spf1 include:loop.example.org -all"], "more than 10 look-ups"),
    ],
)
def test_what_is_wrong_with_spf_is_named(names: DnsServer, records: list[str], words: str) -> None:
    names.text("example.org", "unrelated", *records)
    names.text("loop.example.org", "v=spf1 include:loop.example.org a mx -all")
    spf = of_sender(names)["SPF"]
    assert spf.state == "bad"
    assert words in spf.words
    assert spf.mend


def test_a_redirect_counts_as_the_record_itself(names: DnsServer) -> None:
    names.text("example.org", "v=spf1 redirect=_spf.example.net")
    names.text("_spf.example.net", "v=spf1 mx ?all")
    assert "2 look-ups, ends in ?all" in of_sender(names)["SPF"].words


def test_dmarc_counts_for_what_lies_below_a_domain(names: DnsServer) -> None:
    names.mail("forms.example.org", "mx.example.org")
    found = of_sender(names, "forms.example.org")
    assert found["DMARC"].state == "good"
    assert "_dmarc.example.org says p=quarantine" in found["DMARC"].words


@pytest.mark.parametrize("record", ["v=DMARC1", "v=DMARC1; p=maybe"])
def test_a_policy_that_is_none_is_named(names: DnsServer, record: str) -> None:
    names.text("_dmarc.example.org", record)
    assert of_sender(names)["DMARC"].state == "bad"


def test_a_key_of_dkim_that_was_withdrawn_is_none(names: DnsServer) -> None:
    names.text("s1._domainkey.example.org", "v=DKIM1; p=")
    assert of_sender(names, "example.org", "mail.example.org", "s1")["DKIM"].state == "bad"
    names.text("s1._domainkey.example.org", "v=DKIM1; p=AAAA")
    assert of_sender(names, "example.org", "mail.example.org", "s1")["DKIM"].state == "good"
    unknown = of_sender(names)["DKIM"]
    assert unknown.state == "note"
    assert "DKIM-Signature" in unknown.mend


def test_a_domain_without_a_mail_server_is_named(names: DnsServer) -> None:
    names.text("example.net", "v=spf1 -all")
    assert of_sender(names, "example.net")["Return-Path"].state == "bad"
    names.records[("example.net", "A")] = ["192.0.2.1"]
    assert of_sender(names, "example.net")["Return-Path"].state == "note"


@pytest.mark.parametrize(
    ("domain", "host", "is_told"), [("gmail.com", "smtp.gmail.com", False), ("gmail.com", "mail.example.org", True)]
)
def test_an_address_of_a_free_mailbox_goes_by_its_own_server_alone(
    names: DnsServer, domain: str, host: str, is_told: bool
) -> None:
    found = [one for one in look_at_sender(domain, host, Lookup(names.place), []) if one.check == "sender"]
    assert bool(found) is is_told


def test_a_sender_of_no_domain_is_named(names: DnsServer) -> None:
    [one] = look_at_sender("localhost", "mail.example.org", Lookup(names.place), [])
    assert one.state == "bad"


def test_a_name_server_that_is_silent_takes_a_bounded_time_and_is_no_failure(names: DnsServer) -> None:
    names.silent = True
    began_s = time.monotonic()
    found = list(look_at_sender("example.org", "mail.example.org", Lookup(names.place, each_s=0.3), ["s1"]))
    assert time.monotonic() - began_s < 12, "a resolver by itself waits five seconds for each of its questions"
    assert [one.state for one in found] == ["note"] * 4
    assert "the resolver does not answer (LifetimeTimeout)" in found[0].words


def test_a_certificate_that_nobody_knows_is_named(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with ScriptedSmtp(starttls=True) as server:
        code, found = look(f"smtp://localhost:{server.port}?starttls=required")
    assert (code, found["TLS"][0]) == (1, "bad")
    assert "not to be trusted: self-signed certificate" in found["TLS"][1]


@pytest.mark.parametrize(
    ("bounces", "policy", "state"),
    [
        ("example.org", "v=DMARC1; p=none", "good"),
        ("bounces.example.org", "v=DMARC1; p=none", "good"),
        ("bounces.example.org", "v=DMARC1; p=none; aspf=s", "bad"),
        ("example.org", "v=DMARC1; p=none; aspf=s", "good"),
        ("example.com", "v=DMARC1; p=none", "bad"),
        ("notexample.org", "v=DMARC1; p=none", "bad"),
    ],
)
def test_where_mails_come_back_to_has_to_be_aligned_with_the_sender(
    look: Look, names: DnsServer, monkeypatch: pytest.MonkeyPatch, bounces: str, policy: str, state: str
) -> None:
    monkeypatch.setenv("COUNTERFOIL_BOUNCE_ADDRESS", f"bounces@{bounces}")
    names.records.pop(("_dmarc.example.org", "TXT"))
    names.text("_dmarc.example.org", policy)
    names.mail(bounces, "mx.example.net")
    with ScriptedSmtp() as server:
        code, found = look(f"smtp://127.0.0.1:{server.port}")
    assert found["alignment"][0] == state
    assert (found["Return-Path"][0], f"back to {bounces}," in found["Return-Path"][1]) == ("good", True)
    assert (found["SPF"][0] == "good") is (bounces == "example.org"), "that of the return path counts"
    assert code == (0 if state == "good" and bounces == "example.org" else 1)


def test_a_sender_below_the_domain_of_its_policy_may_have_bounces_beside_it(names: DnsServer) -> None:
    assert alignment("a.example.org", "b.example.org", Lookup(names.place)).state == "good"


def test_one_click_needs_a_secret_and_https(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedSmtp() as server:
        monkeypatch.setenv("COUNTERFOIL_PUBLIC_URL", "http://forms.example.org")
        code, found = look(f"smtp://127.0.0.1:{server.port}")
        assert (code, found["List-Unsubscribe"][0]) == (1, "bad")
        monkeypatch.delenv("COUNTERFOIL_SECRET")
        code, found = look(f"smtp://127.0.0.1:{server.port}")
        assert (code, found["List-Unsubscribe"][0]) == (0, "note")
