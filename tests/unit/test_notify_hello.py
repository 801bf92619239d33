"""The name that we say in EHLO."""

from __future__ import annotations

import pytest

from notify_service.transports.smtp.hello import FALLBACK, hello_name


@pytest.mark.parametrize(
    ("own", "mail_domain", "said"),
    [
        ("forms.example.org", "example.com", "forms.example.org"),
        ("3f2a1c0d", "example.com", "example.com"),
        ("localhost.localdomain", "example.com", "example.com"),
        ("ip-10-0-0-7.ec2.internal", "example.com", "example.com"),
        ("notify-0.notify.default.svc.cluster.local", "mail.example.com", "mail.example.com"),
        ("my_host.example.org", "example.com", "example.com"),
        ("host", "localhost", FALLBACK),
        ("127.0.0.1", "example.com", "example.com"),
        ("1.0.0.127.in-addr.arpa", "localhost", FALLBACK),
        ("", "", FALLBACK),
    ],
)
def test_it_is_a_public_name_wherever_there_is_one(own: str, mail_domain: str, said: str) -> None:
    assert hello_name(mail_domain, own) == said
