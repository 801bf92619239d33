"""What owners, chats, webhooks and who submitted are told of files, and which of them a mail brings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

from notify_service.channels.chat.message import message_of
from notify_service.channels.file_links import file_links
from notify_service.channels.mail.attaching import ATTACHED_MOST, StoreReader
from notify_service.channels.mail.attachments import Attachment, part_of
from notify_service.channels.mail.samples import sample_of
from notify_service.channels.webhook import body_of
from shared.contracts import SubmissionAccepted, SubmittedFile
from shared.files import MemoryFiles, StoreUnavailable
from shared.forms import ConfirmationMail, Field, FileRules, Form, Owner
from shared.webhook_bodies import ACCEPTED, hook_document
from support.composed import bodies, composed
from support.confirmations import NOON
from support.events import a_file, an_event, with_files
from support.owner_mails import an_owner_channel, owner_mail

CONSOLE = "https://console.example.org"
SMALL = Form("signup", "Sign up", owner=Owner(attach="small"))
PLAIN = Form("signup", "Sign up")
BYTES = b"%PDF-1.7 \x00\xff\r\n.\r\n" * 400


def a_stored_file(store: MemoryFiles, content: bytes = BYTES, **others: Any) -> SubmittedFile:
    file = a_file(size=len(content), sha256=hashlib.sha256(content).hexdigest(), **others)
    store.put(file.key, [content])
    return file


def mail_of(event: SubmissionAccepted, form: Form, store: MemoryFiles | None = None) -> EmailMessage:
    if store is None:
        return owner_mail(event, form, an_owner_channel(console_url=CONSOLE))
    return owner_mail(event, form, an_owner_channel(console_url=CONSOLE, read_file=StoreReader(store)))


def brought(mail: EmailMessage) -> list[Any]:
    return [
        (one.get_filename(), one.get_content_type(), one.get_payload(decode=True)) for one in mail.iter_attachments()
    ]


def test_the_owner_is_told_of_each_with_a_link_and_gets_none_where_the_form_says_nothing() -> None:
    store = MemoryFiles()
    files = (a_stored_file(store), a_stored_file(store, field="photo", name="mé.jpg", number=2))
    event = with_files(an_event(), *files)
    mail = mail_of(event, PLAIN, store)
    assert brought(mail) == []
    for said in bodies(mail):
        for number, one in enumerate(files, start=1):
            assert one.name in said
            assert f"{CONSOLE}/console/submissions/{event.id}/files/{number}" in said
    text, _ = bodies(mail)
    assert "  Photo: mé.jpg (6.2 kB)\n    https://" in text.replace("\r", "")


def test_where_nobody_knows_the_console_there_is_no_link() -> None:
    text, html = bodies(owner_mail(with_files(an_event()), PLAIN))
    assert "cv.pdf (7 bytes)" in text
    assert "https://" not in text + html


def test_small_ones_are_attached_as_they_are() -> None:
    names = ("cv.pdf", 'a "b" ü\N{SNOWMAN}.pdf', "50%.pdf")
    store = MemoryFiles()
    files = [a_stored_file(store, BYTES + bytes([n]), name=name, number=n) for n, name in enumerate(names, start=1)]
    mail = mail_of(with_files(an_event(), *files), SMALL, store)
    assert brought(mail) == [(name, "application/pdf", BYTES + bytes([n])) for n, name in enumerate(names, start=1)]
    text, html = bodies(mail)
    assert "cv.pdf (6.3 kB), attached" in text
    assert "/files/" not in text + html


def test_what_a_program_might_run_is_bytes_of_no_kind() -> None:
    for kind in ("text/html", "image/svg+xml", "message/rfc822", "multipart/mixed", 'text/x"; name="y', "x"):
        assert part_of(Attachment("a", kind, b"x")).startswith(b"Content-Type: application/octet-stream\r\n")


@pytest.mark.parametrize(("scan", "word"), [("infected: Eicar", "infected"), ("unscanned", "viruses")])
def test_what_is_not_clean_is_never_attached(scan: str, word: str) -> None:
    store = MemoryFiles()
    bad, good = a_stored_file(store, scan=scan), a_stored_file(store, name="good.pdf", scan="clean", number=2)
    mail = mail_of(with_files(an_event(), bad, good), SMALL, store)
    assert [name for name, *_ in brought(mail)] == ["good.pdf"]
    text, html = bodies(mail)
    assert word in text
    assert word in html
    assert ("/files/1" in text) == (scan == "unscanned"), "what is infected nobody is given"


def test_large_ones_are_linked() -> None:
    store = MemoryFiles()
    half = bytes(ATTACHED_MOST // 2)
    pair = [a_stored_file(store, half, number=n) for n in (1, 2)]
    assert len(brought(mail_of(with_files(an_event(), *pair), SMALL, store))) == 2
    mail = mail_of(with_files(an_event(), *pair, a_stored_file(store, b"x", number=3)), SMALL, store)
    assert brought(mail) == []
    assert "/files/3" in bodies(mail)[0]
    assert "could not be read" not in bodies(mail)[0]


class _Away(MemoryFiles):
    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Any:
        raise StoreUnavailable("away")


@pytest.mark.parametrize("why", ["gone", "away", "other bytes", "no store"])
def test_what_cannot_be_read_is_linked_and_the_mail_says_so(why: str) -> None:
    store = _Away() if why == "away" else MemoryFiles()
    event = with_files(an_event(), a_stored_file(store))
    if why == "gone":
        store.delete([event.files[0].key])
    if why == "other bytes":
        store.put(event.files[0].key, [BYTES[::-1]])
    mail = mail_of(event, SMALL, None if why == "no store" else store)
    assert brought(mail) == []
    for said in bodies(mail):
        assert "could not be read when this mail was written" in said
        assert "/files/1" in said


def test_only_what_the_owner_wants_is_shown_and_brought() -> None:
    store = MemoryFiles()
    event = with_files(an_event(), a_stored_file(store), a_stored_file(store, field="photo", name="b.jpg", number=2))
    form = Form("signup", "Sign up", owner=Owner(attach="small", include=("photo",)))
    mail = mail_of(event, form, store)
    assert [name for name, *_ in brought(mail)] == ["b.jpg"]
    assert "cv.pdf" not in bodies(mail)[0]


def test_a_thousand_with_the_longest_names_leave_room_for_the_fields() -> None:
    long = [a_file(field="x" * 255, name="\U0001f600" * 255, number=n) for n in range(1, 1001)]
    event = with_files(an_event(text="needle " + "€" * 100_000), *long)
    mail = mail_of(event, PLAIN)
    text, _ = bodies(mail)
    assert "more." in text
    assert "needle" in text


def test_a_name_is_one_line_and_no_html() -> None:
    event = with_files(an_event(), a_file(name="a\r\nBcc: x\u202e<b>.pdf"))
    text, html = bodies(mail_of(event, PLAIN))
    assert "<b>" not in html
    assert "\nBcc" not in text
    assert "\u202e" not in text + html


def test_a_mail_without_files_is_what_it_was() -> None:
    mail = mail_of(an_event(), SMALL)
    assert mail.get_content_type() == "multipart/alternative"
    assert "File" not in "".join(bodies(mail))


def test_whoever_submitted_reads_names_where_the_form_repeats_the_field() -> None:
    event = with_files(an_event(), a_file(name="cv.example.org"), a_file(field="photo", name="me.jpg", number=2))
    fields = {"cv": Field("cv", "file"), "photo": Field("photo", "file")}
    form = Form("signup", "Sign up", fields=fields, confirmation=ConfirmationMail(text="We have {cv}."))
    text, html = bodies(composed(event, form))
    assert "We have cv. example. org." in text, "a stranger's text, and no link"
    assert "me.jpg" not in text + html
    quiet = "".join(bodies(composed(event, PLAIN)))
    assert "cv" not in quiet.replace("received", "")


def test_the_subject_of_the_owner_may_have_a_name() -> None:
    form = Form("signup", "Sign up", owner=Owner(subject="CV: {cv}"))
    assert (
        mail_of(with_files(an_event(), a_file(), a_file(name="b.pdf", number=2)), form)["Subject"]
        == "CV: cv.pdf, b.pdf"
    )


def test_a_chat_is_told_how_many_and_the_first_names() -> None:
    event = with_files(an_event(), *(a_file(name=f"{n}.pdf", number=n) for n in range(1, 8)))
    [*_, told] = message_of(event, PLAIN, None).fields
    assert told.label == "Files (7)"
    assert told.lines == [*(f"{n}.pdf (7 bytes)" for n in range(1, 6)), "and 2 more"]
    assert message_of(event, PLAIN, ["name"]).fields[-1].label == "Name"


def test_a_webhook_has_each_with_an_address_that_wants_a_key() -> None:
    event = with_files(an_event(), a_file(scan="clean"))
    [told] = json.loads(body_of(event, url=None, api_url=CONSOLE))["data"]["files"]
    assert told == {
        "field": "cv",
        "name": "cv.pdf",
        "type": "application/pdf",
        "size": 7,
        "sha256": "0" * 64,
        "scan": "clean",
        "url": f"{CONSOLE}/v1/submissions/{event.id}/files/1",
    }
    assert "key" not in told, "where it lies is nobody's business"
    assert hook_document(event, ACCEPTED, None, CONSOLE)["data"]["files"] == [told]
    assert "url" not in json.loads(body_of(event))["data"]["files"][0]
    assert "files" not in json.loads(body_of(replace(event, files=())))["data"]


def test_a_sample_has_a_file_in_a_field_of_files() -> None:
    rules = FileRules(1024, 1, ("pdf",), keep_metadata=False)
    form = Form("signup", "Sign up", fields={"name": Field("name", "text"), "cv": Field("cv", "file", file=rules)})
    sample = sample_of(form, None, NOON)
    assert list(sample.fields) == ["name"]
    assert [(one.field, one.name, one.flaw()) for one in sample.files] == [("cv", "example.pdf", None)]
    assert "Cv: example.pdf (48 kB)" in bodies(mail_of(sample, form))[0]


def test_labels_are_the_forms() -> None:
    form = Form("signup", "Sign up", fields={"cv": Field("cv", "file", label="Your CV")})
    assert [one.label for one in file_links(with_files(an_event()), form)] == ["Your CV"]
