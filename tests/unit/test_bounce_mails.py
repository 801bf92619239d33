"""What mails that came back say, in the shapes of many servers, and of those who would have us believe something."""

from __future__ import annotations

import base64
import time

import pytest

from notify_service.bounces.found import Judged, Unreadable
from notify_service.bounces.mime import BYTES_MOST
from shared.links.bounce import BounceTokens
from support.bounced import ADDRESS, DELIVERY, MAILS, SHAPES, TOKENS, a_bounce

SAID: dict[str, tuple[str, str] | None] = {
    "rfc3464": ("soft", "4.0.0"),
    "postfix": ("hard", "5.1.1"),
    "postfix-delayed": None,
    "gmail-unknown": ("hard", "5.1.1"),
    "gmail-full": ("soft", "4.2.2"),
    "o365": ("hard", "5.1.10"),
    "o365-blocked": ("soft", "5.7.606"),
    "exchange-2013": None,
    "exchange-german": ("soft", "5.2.2"),
    "exchange-japanese": ("hard", "5.1.1"),
    "sendmail": ("hard", "5.1.2"),
    "opensmtpd": ("hard", "5.2.1"),
    "utf8-global": ("hard", "5.1.1"),
    "delivered": None,
    "with-attachments": ("soft", "5.3.4"),
    "qmail": ("hard", "5.1.1"),
    "qmail-full": ("soft", "5.2.2"),
    "exim": ("hard", ""),
    "exim-delayed": None,
    "yahoo": ("hard", ""),
    "old-exchange": ("hard", ""),
    "gmx-german": ("hard", "5.1.1"),
    "laposte-french": ("soft", "5.2.2"),
    "japanese": ("hard", "5.1.1"),
    "out-of-office": None,
    "out-of-office-german": None,
    "vacation-bsd": None,
    "challenge": None,
    "challenge-bare": None,
    "person": None,
    "arf-abuse": ("complaint", ""),
    "arf-not-spam": None,
    "arf-auth": None,
}


def test_every_shape_is_judged() -> None:
    assert sorted(SAID) == SHAPES
    assert len([one for one in SAID.values() if one]) >= 20


@pytest.mark.parametrize("shape", sorted(SAID))
def test_a_mail_that_came_back_says(shape: str) -> None:
    found, expected = MAILS.read(a_bounce(shape)), SAID[shape]
    assert (found and (found.judged.kind, found.judged.code)) == expected
    if found:
        assert found.delivery_id == DELIVERY
        assert "ada@" not in found.judged.said
        assert found == MAILS.read(a_bounce(shape))  # read again it has the same id


@pytest.mark.parametrize(
    "header",
    [
        *("Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: auto_reply", "Subject: Out of office"),
        *("Subject: Abwesenheitsnotiz", "Subject: Automatic reply: Welcome"),
    ],
)
def test_what_answers_by_itself_is_nothing_although_it_repeats_a_failure(header: str) -> None:
    _, _, told = a_bounce("qmail").partition(b"\r\n\r\n")
    person = f"From: Ada Lovelace <ada@example.org>\r\nTo: {ADDRESS.of(TOKENS.sign(DELIVERY))}\r\n"
    assert MAILS.read(f"{person}{header}\r\n\r\n".encode() + told) is None
    assert MAILS.read(f"{person}\r\n".encode() + told), "vacuous: it repeats none"


@pytest.mark.parametrize(
    ("words", "is_told"),
    [
        ("Your message has not yet been delivered: 4.4.1 no answer. Delivery will be retried.", False),
        ("Ihre Nachricht wurde noch nicht zugestellt: 4.4.1 keine Antwort.", False),
        ("Your message was not delivered: 4.4.1 no answer.", True),
    ],
)
def test_a_delay_that_is_told_in_words_is_nothing_yet(words: str, is_told: bool) -> None:
    daemon = f"From: MAILER-DAEMON@mail.example.org\r\nTo: {ADDRESS.of(TOKENS.sign(DELIVERY))}\r\n\r\n"
    assert (MAILS.read(f"{daemon}{words}\r\n".encode()) is not None) == is_told


def test_what_the_other_side_said_is_kept_without_the_address() -> None:
    found = MAILS.read(a_bounce("postfix"))
    assert found
    words = "550 5.1.1 <a…@example.org>: Recipient address rejected: User unknown in virtual mailbox table"
    assert found.judged == Judged("hard", "5.1.1", words)
    found = MAILS.read(a_bounce("qmail"))
    assert found
    assert found.judged.said == "Sorry, no mailbox here by that name. (#5.1.1)"


@pytest.mark.parametrize("shape", ["postfix", "qmail", "arf-abuse"])
def test_a_token_may_be_in_capitals_and_is_good_for_its_secret_alone(shape: str) -> None:
    found = MAILS.read(a_bounce(shape, TOKENS.sign(DELIVERY).upper()))
    assert found
    assert found.delivery_id == DELIVERY
    assert MAILS.read(a_bounce(shape, BounceTokens("another secret").sign(DELIVERY))) is None


def test_a_mail_without_a_token_of_ours_is_nothing() -> None:
    for token in ("", "a" * 40, "a" * 39, "7" * 4000, TOKENS.sign(DELIVERY)[:-1] + "1"):
        assert MAILS.read(a_bounce("postfix").replace(TOKENS.sign(DELIVERY).encode(), token.encode())) is None
    elsewhere = a_bounce("postfix").replace(b"@forms.example.org", b"@forms.example.org.example.net")
    assert MAILS.read(elsewhere) is None
    assert MAILS.read(b"") is None
    assert MAILS.read(b"\xff\xfe\x00 : \r\n\r\n\x00") is None


def test_the_genuine_one_of_several_tokens_counts() -> None:
    forged = " ".join(ADDRESS.of(f"{'a' * 36}{number:04d}".replace("0", "b").replace("1", "c")) for number in range(5))
    found = MAILS.read(f"X-Original-To: {forged}\r\n".encode() + a_bounce("postfix"))
    assert found
    assert found.delivery_id == DELIVERY


def test_the_report_inside_a_mail_that_is_brought_along_is_nobodys() -> None:
    inner = a_bounce("postfix")
    head = f"To: {ADDRESS.of(TOKENS.sign(DELIVERY))}\r\nFrom: ada@example.org\r\nMIME-Version: 1.0\r\n"
    head += 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n'
    assert MAILS.read(head.encode() + inner + b"\r\n--b--\r\n") is None


def _nested(depth: int) -> bytes:
    head = f"To: {ADDRESS.of(TOKENS.sign(DELIVERY))}\r\nFrom: MAILER-DAEMON@example.org\r\nMIME-Version: 1.0\r\n"
    body = "".join(
        f'Content-Type: multipart/mixed; boundary="{number}x"\r\n\r\n--{number}x\r\n' for number in range(depth)
    )
    return (head + body + "Content-Type: text/plain\r\n\r\n5.1.1\r\n").encode()


@pytest.mark.parametrize("depth", [61, 5000])
def test_a_mail_of_too_many_parts_is_not_taken_apart(depth: int) -> None:
    with pytest.raises(Unreadable, match="too many parts"):
        MAILS.read(_nested(depth))


def test_a_mail_of_as_many_parts_as_are_taken_is_read() -> None:
    found = MAILS.read(_nested(55))
    assert found
    assert found.judged.code == "5.1.1"


@pytest.mark.parametrize(
    "hostile",
    [
        b"x" * 10_000_000,
        b"@" * 10_000_000,
        (b"a@b " * 200 + b"\r\n") * 12_000,
        b"\r\n" * 5_000_000,
        b"Content-Type" * 900_000,
        base64.b64encode(bytes(7_000_000)),
        ADDRESS.of("a" * 40).encode() * 100_000,
        b"mailbox " * 1_200_000,
    ],
    ids=["x", "at", "addresses", "lines", "types", "base64", "tokens", "words"],
)
def test_ten_megabytes_of_anything_take_little_work(hostile: bytes) -> None:
    begun_s = time.process_time()
    MAILS.read(a_bounce("qmail") + hostile)
    MAILS.read(f"To: {ADDRESS.of(TOKENS.sign(DELIVERY))}\r\nFrom: MAILER-DAEMON@x.example\r\n\r\n".encode() + hostile)
    assert time.process_time() - begun_s < 10


def _told(headers: str, body: bytes = b"550 5.1.1 no such user\r\n") -> bytes:
    head = f"To: {ADDRESS.of(TOKENS.sign(DELIVERY))}\r\nFrom: MAILER-DAEMON@example.org\r\n{headers}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    "subject", ["=?utf-8?b?VW5k?= =?utf-8?b?abcde=?=", "=?utf-8?b?a?=", "=?x?q?a?=", "=?utf-8?b?=?="]
)
def test_a_mail_whose_subject_was_cut_is_read(subject: str) -> None:
    found = MAILS.read(_told(f"Subject: {subject}"))
    assert found
    assert found.judged.code == "5.1.1"


@pytest.mark.parametrize("charset", ["undefined", "idna", "a\x00b", "none such", "utf-16", "zlib"])
def test_a_mail_in_no_encoding_is_read(charset: str) -> None:
    body = "550 5.1.1 no such user\r\n".encode("utf-16" if charset == "utf-16" else "ascii")
    found = MAILS.read(_told(f'Subject: Failure\r\nContent-Type: text/plain; charset="{charset}"', body))
    assert found
    assert found.judged.code == "5.1.1"


def test_an_encoding_that_takes_the_square_of_its_bytes_gets_few() -> None:
    body = b"ab-" + b"az" * 190_000
    kind = "Content-Type: text/plain; charset=punycode\r\nContent-Transfer-Encoding: base64"
    short, long = (_work(_told(kind, base64.encodebytes(one))) for one in (body[:80_000], body))
    assert long < 4 * short + 0.5


def _work(raw: bytes) -> float:
    begun_s = time.process_time()
    assert MAILS.read(raw) is None
    return time.process_time() - begun_s


def test_the_beginning_of_a_long_mail_is_enough() -> None:
    assert MAILS.read(a_bounce("postfix") + b"x" * 10_000_000) == MAILS.read(
        (a_bounce("postfix") + b"x" * 10_000_000)[:BYTES_MOST]
    )
