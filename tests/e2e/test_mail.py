"""The confirmation mail, as it arrives: to the submitter, in text and HTML, with nothing broken in it."""

from __future__ import annotations

from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from support.links import Shown, links_in
from support.visitor import Visitor

VOID = {"meta", "br", "img", "hr", "link", "input", "wbr"}


class OpenTags(HTMLParser):
    """Follows which tags are open; one that closes another is noted as wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture
def mail(visitor: Visitor) -> EmailMessage:
    """The one mail that a submission brings."""
    visitor.await_confirmed(visitor.submit()["receipt_url"])
    (found,) = visitor.mails()
    return found


def body_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None, f"there is no {kind} part"
    content: str = part.get_content()
    return content


def test_it_goes_to_the_submitted_address_and_to_nobody_else(mail: EmailMessage, visitor: Visitor) -> None:
    assert mail["X-Envelope-To"] == visitor.address
    assert mail["To"].addresses[0].addr_spec == visitor.address
    assert (len(mail["To"].addresses), mail["Cc"], mail["Bcc"]) == (1, None, None)


def test_its_headers_are_whole(mail: EmailMessage) -> None:
    assert mail["Subject"] == "Welcome, Ada Lovelace"
    for name in ("From", "Date", "Message-ID", "MIME-Version"):
        assert len(mail.get_all(name, [])) == 1, name
    assert mail["Auto-Submitted"] == "auto-replied", "auto-responders must not answer it (RFC 3834)"
    assert not mail.defects


def test_text_and_html_are_alternatives_and_both_are_sound(mail: EmailMessage) -> None:
    assert mail.get_content_type() == "multipart/alternative"
    assert body_of(mail, "plain").strip()
    tags = OpenTags()
    tags.feed(body_of(mail, "html"))
    assert (tags.wrong, tags.open) == ([], [])


def test_it_leads_to_the_receipt_and_nowhere_else(visitor: Visitor) -> None:
    visitor.fields["name"] = "see https://evil.example/x"
    receipt_url = visitor.submit()["receipt_url"]
    visitor.await_confirmed(receipt_url)
    (mail,) = visitor.mails()
    assert Shown(body_of(mail, "html")).leads_to == [receipt_url]
    assert links_in(body_of(mail, "plain")) == [receipt_url]
    assert links_in(str(mail["Subject"])) == []


def test_what_was_typed_stands_in_it_as_text(visitor: Visitor) -> None:
    visitor.fields["name"] = "<b>Ada</b> {{7*7}} ${x} & Co"
    visitor.await_confirmed(visitor.submit()["receipt_url"])
    (mail,) = visitor.mails()
    assert visitor.fields["name"] in mail["Subject"]
    assert "<b>Ada" not in body_of(mail, "html")
    assert "49" not in mail["Subject"]
