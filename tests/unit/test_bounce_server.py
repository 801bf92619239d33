"""The address of the mailbox is read as a setting has it, and never shown; a server without MOVE loses no mail."""

from __future__ import annotations

import pytest

from notify_service.bounces.mailbox import READ, Mailbox
from notify_service.bounces.server import ImapServer, parse_imap_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("imaps://u:p@mx.example.org", ImapServer("mx.example.org", 993, "u", "p")),
        ("imaps://u%40x.org:p%2F@mx.example.org:1993/", ImapServer("mx.example.org", 1993, "u@x.org", "p/")),
        ("imaps://u:p@[::1]/INBOX.Bounces", ImapServer("::1", 993, "u", "p", "INBOX.Bounces")),
        ("imaps://u:p@mx/My%20Bounces/2026", ImapServer("mx", 993, "u", "p", "My Bounces/2026")),
        ("imap://u:p@mx", ImapServer("mx", 143, "u", "p", implicit_tls=False, starttls=True)),
        ("imap://u:p@mx?starttls=required", ImapServer("mx", 143, "u", "p", implicit_tls=False, starttls=True)),
        ("imap://u:p@mx:10143/INBOX?starttls=never", ImapServer("mx", 10143, "u", "p", implicit_tls=False)),
    ],
)
def test_an_address_is_read(url: str, server: ImapServer) -> None:
    assert parse_imap_url(url) == server
    assert "password" not in repr(parse_imap_url(url))


@pytest.mark.parametrize(
    "url",
    [
        *("", "hush", "pop3://u:hush@mx", "imaps://mx/INBOX", "imaps://u@mx", "imaps://:hush@mx", "imaps://u:hush@"),
        *("imaps://u:hush@mx:99999", "imaps://u:hush@mx?starttls=required", "imap://u:hush@mx?starttls=if-offered"),
        *("imaps://u:hush@mx?x=1", "imaps://u:hush@mx#x", "imaps://u:hush@[mx"),
    ],
)
def test_what_is_none_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="expected imaps://") as caught:
        parse_imap_url(url)
    assert "hush" not in str(caught.value)


class Client:
    """Notes what it is told."""

    def __init__(self, *capabilities: str) -> None:
        self.capabilities = capabilities
        self.told: list[str] = []

    def has_capability(self, name: str) -> bool:
        return name in self.capabilities

    def __getattr__(self, name: str) -> object:
        return lambda uids, *_, **__: self.told.append(name)


@pytest.mark.parametrize(
    ("capabilities", "told"),
    [
        (["MOVE", "UIDPLUS"], ["move"]),
        (["UIDPLUS"], ["copy", "delete_messages", "uid_expunge"]),
        ([], ["copy", "delete_messages"]),
    ],
)
def test_a_mail_is_copied_before_it_is_removed(capabilities: list[str], told: list[str]) -> None:
    client = Client(*capabilities)
    Mailbox(client, "").put(7, READ)
    assert client.told == told
