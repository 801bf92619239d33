"""What is sent costs in proportion to its length, whatever it is: counted in steps, at every parser."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.fields.email import is_email
from notify_service.channels.confirmation import ConfirmationChannel
from notify_service.channels.mail.mailboxes import destination_hash
from notify_service.channels.webhook import body_of
from shared.contracts import Control, SubmissionAccepted, check, decode, encode, fingerprint, parse
from shared.mailboxes import mailboxes_in, recipient_hash
from support.confirmations import a_channel, a_form, a_mail
from support.events import an_event
from support.gateway_app import Gateway, a_gateway
from support.steps import lengths_normalised, steps_of

SIZE = 3_000
ALLOWANCE = 2_000
"""Steps that may be missing from half of it: caches that fill, and limits that one reaches and the other does not."""

FORMS = """
[forms.open]
[forms.types]
allowed_origins = ["https://www.example.org"]
fields.text = {type = "text", max_length = 100000, pattern = "(a+)+b"}
fields.line = {type = "text", max_length = 200}
fields.email = {type = "email"}
fields.number = {type = "number"}
fields.integer = {type = "integer"}
fields.boolean = {type = "boolean"}
fields.date = {type = "date"}
fields.url = {type = "url"}
fields.tel = {type = "tel"}
fields.choice = {type = "choice", choices = ["one", "two"]}
fields.list = {type = "list", choices = ["a", "b"]}
"""
NAMES = [
    *("text", "line", "email", "number", "integer", "boolean", "date", "url", "tel", "choice", "list", "Email", "name"),
    *("_next", "_redirect", "_replyto", "_subject", "_language", "_idempotency_key", "_gotcha", "other"),
]

FEW = settings(max_examples=max(5, settings().max_examples // 8), deadline=None)
"""Each example is many posts, counted line by line."""

MARKS = "\N{COMBINING COMMA ABOVE RIGHT}\N{COMBINING GRAVE ACCENT}"
"""Two marks that a normal form puts the other way round."""

SPACING = "\N{ACUTE ACCENT}\N{CEDILLA}"

PIECES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4) | st.sampled_from(
    [
        *(MARKS, "\u0301\u0327", "\ufdfa", "\u0669", "\u200b", "\x85", "\x00", "\r\n", "\t", " ", "a.", "@", "a@"),
        *("xn--", "9", "[", "{", '"', "\\", "..", "-", "//", "%2e", "ext", "&a=", ";", ",", "=", "a[]"),
    ]
)
ENDS = st.sampled_from(["", "@example.org", "https://", "ada@", "/", "+49 ", "b", '"', "]"])
SPEC = st.tuples(PIECES, ENDS, ENDS)


def assert_in_proportion(cost: Callable[[int], int]) -> None:
    """Twice as much costs twice the steps; what has cost as much before fills caches."""
    cost(8)
    small, large = cost(SIZE), cost(2 * SIZE)
    assert large <= 2.2 * small + ALLOWANCE, f"{SIZE} characters cost {small} steps, {2 * SIZE} cost {large}"


def text_of(spec: tuple[str, str, str], size: int) -> str:
    piece, begin, end = spec
    return begin + piece * (size // len(piece)) + end


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    return a_gateway(tmp_path_factory.mktemp("linear"), definitions=FORMS)


def posted(gateway: Gateway, form: str, body: bytes, kind: str, **headers: str) -> Callable[[], object]:
    def post() -> object:
        answer = gateway.client.post(f"/f/{form}", data=body, content_type=kind, headers=headers)
        gateway.broker._queues.clear()
        return answer

    return post


@FEW
@given(
    spec=SPEC,
    name=st.sampled_from(NAMES),
    form=st.sampled_from(["open", "types"]),
    style=st.sampled_from(["json", "html"]),
)
@example(spec=(MARKS, "", "@example.org"), name="_replyto", form="open", style="json")
@example(spec=(MARKS, "https://", ""), name="_next", form="types", style="html")
@example(spec=(MARKS, "https://", ""), name="url", form="types", style="html")
def test_a_value_of_any_field_in_any_body(
    gateway: Gateway, spec: tuple[str, str, str], name: str, form: str, style: str
) -> None:
    accept = {"Accept": "text/html" if style == "html" else "application/json"}

    def by_json(size: int) -> int:
        body = json.dumps({name: text_of(spec, size), "number": 1}).encode()
        return steps_of(posted(gateway, form, body, "application/json", **accept))

    def by_urlencoded(size: int) -> int:
        body = f"{quote(name)}={quote(text_of(spec, size))}".encode()
        return steps_of(posted(gateway, form, body, "application/x-www-form-urlencoded", **accept))

    def by_multipart(size: int) -> int:
        part = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text_of(spec, size)}\r\n--b--\r\n'
        return steps_of(posted(gateway, form, part.encode(), "multipart/form-data; boundary=b", **accept))

    with lengths_normalised() as lengths:
        for cost in (by_json, by_urlencoded, by_multipart):
            assert_in_proportion(cost)
    assert max(lengths, default=0) <= 2000


@FEW
@given(spec=SPEC)
def test_names_and_raw_bytes(gateway: Gateway, spec: tuple[str, str, str]) -> None:
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b")
    for kind in kinds:
        assert_in_proportion(
            lambda size, kind=kind: steps_of(posted(gateway, "open", text_of(spec, size).encode(), kind))  # type: ignore[misc]
        )
    assert_in_proportion(
        lambda size: steps_of(posted(gateway, "types", json.dumps({text_of(spec, size): "x"}).encode(), kinds[0]))
    )


@FEW
@given(
    spec=SPEC, name=st.sampled_from(["Referer", "Origin", "Accept", "Content-Type", "User-Agent", "Idempotency-Key"])
)
@example(spec=(SPACING, "https://", ""), name="Referer")
def test_headers(gateway: Gateway, spec: tuple[str, str, str], name: str) -> None:
    def cost(size: int) -> int:
        value = "".join(sign for sign in text_of(spec, size) if " " <= sign <= "~" or "\xa0" <= sign <= "\xff")
        headers = {name: value} if name != "Content-Type" else {}
        kind = f"multipart/form-data; {value}" if name == "Content-Type" else "application/x-www-form-urlencoded"
        return steps_of(posted(gateway, "types", b"line=a&_next=/thanks", kind, **headers))

    with lengths_normalised() as lengths:
        assert_in_proportion(cost)
    assert max(lengths, default=0) <= 2000


def objects(count: int) -> bytes:
    return b"{" + b",".join(b'"%d":1' % number for number in range(count)) + b',"%d":2}' % (count - 1)


DOCUMENTS: dict[str, Callable[[int], bytes]] = {
    "many names, the last one twice": lambda size: objects(size // 10),
    "many objects": lambda size: b'{"a":[' + b",".join([b'{"a":1}'] * (size // 8)) + b"]}",
    "a long name over many values": lambda size: b'{"' + b"a" * size + b'\\u0041":[' + b",".join([b"1"] * size) + b"]}",
    "nested": lambda size: b'{"a":' + b"[" * size + b"]" * size + b"}",
    "nested as deep as may be": lambda size: b'{"a":' + b"[" * 30 + b'"' + b"x" * size + b'"' + b"]" * 30 + b"}",
    "digits": lambda size: b'{"a":' + b"9" * size + b"}",
    "a fraction": lambda size: b'{"a":0.' + b"9" * size + b"}",
    "escapes": lambda size: b'{"a":"' + b"\\u0301\\u0327" * (size // 12) + b'"}',
    "blanks": lambda size: b'{"a":' + b" " * size + b"1}",
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_documents(gateway: Gateway, kind: str) -> None:
    make = DOCUMENTS[kind]
    assert_in_proportion(lambda size: steps_of(lambda: parse(make(size))))
    assert_in_proportion(
        lambda size: steps_of(lambda: decode(make(size), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,)))
    )
    assert_in_proportion(lambda size: steps_of(posted(gateway, "open", make(size), "application/json")))


class Untold(str):
    """A name that is not to be put into a text."""

    def __format__(self, _: str) -> str:
        raise AssertionError("the path to a value was made, though nothing is wrong with it")


def test_no_path_is_made_for_a_value_that_is_fine() -> None:
    check({Untold("a"): [1, {Untold("b"): "2"}]})


@FEW
@given(spec=SPEC, name=st.sampled_from(["email", "name", "message", "_replyto", "_subject"]))
@example(spec=(MARKS, "", "@example.org"), name="_replyto")
def test_consumers(spec: tuple[str, str, str], name: str) -> None:
    """An event that no gateway would have made is none for notify and storage to take long over."""
    channel, form = a_channel(), a_form(subject="Welcome, {name}")

    def cost(size: int) -> int:
        text = text_of(spec, size)
        event = an_event(form="signup", **cast("dict[str, Any]", {name: text}))
        if name.startswith("_"):
            event = replace(
                an_event(), control=Control(**{"_replyto": {"reply_to": text}, "_subject": {"subject": text}}[name])
            )
        return steps_of(lambda: consume(event, channel, form))

    with lengths_normalised() as lengths:
        assert_in_proportion(cost)
    assert max(lengths, default=0) <= 320


def consume(event: SubmissionAccepted, channel: ConfirmationChannel, form: Any) -> None:
    read = decode(encode(event), type=event.TYPE, types=(SubmissionAccepted,))
    fingerprint(read.fields)
    body_of(read)
    mailboxes_in(read.fields, read.control.reply_to)
    address = read.reply_address
    if address is not None:
        recipient_hash(address)
        destination_hash(read.id, address)
        a_mail(read, form, address, channel)


def test_no_address_is_longer_than_one_can_be() -> None:
    long = "ada@" + "a" * 400 + ".example"
    assert replace(an_event(), control=Control(reply_to=long)).reply_address == "ada@example.org"
    assert not is_email(long)
