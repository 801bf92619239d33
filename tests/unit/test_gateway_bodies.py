"""Which bodies are taken: malformed, cut off, too large, too deep, with files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from gateway.settings import BODY_BYTES_MOST
from shared.contracts import MAX_DEPTH
from shared.messaging.topology import STORAGE
from support.gateway_app import Gateway, a_gateway, document_of, errors_of
from support.steps import steps_of


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", None, 415),
        (b"name=Ada", "text/plain", 415),
        (b"name=Ada", "application/x-www-form-urlencoded; charset=latin-2", 415),
        (b"name=\x81", "application/x-www-form-urlencoded; charset=latin-1", 400),
        (b"name=%81&_charset_=windows-1252", "application/x-www-form-urlencoded", 400),
        (b'{"name": "\x81"}', "application/json; charset=windows-1252", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b'{"name": "a", "name": "b"}', "application/json", 422),
        (b'{"name": "\\u0000"}', "application/json", 422),
        (b'{"name": "\\ud800"}', "application/json", 422),
        (b'{"name": ' + b"9" * 5000 + b"}", "application/json", 422),
        (b'{"name": 1e999}', "application/json", 422),
        (b'{"name": ' + b"[" * 100 + b"]" * 100 + b"}", "application/json", 422),
        (b'{"name": "\xff"}', "application/json", 400),
        (b"name=%00", "application/x-www-form-urlencoded", 422),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"name=\xff", "application/x-www-form-urlencoded", 400),
        (b"x=1&" * 501, "application/x-www-form-urlencoded", 413),
        (b"x" * 2000, "application/x-www-form-urlencoded", 413),
        (b'{"name": "' + b"x" * 2000 + b'"}', "application/json", 413),
        (b"nothing", "multipart/form-data", 400),
        (b"nothing", "multipart/form-data; boundary=b", 400),
    ],
)
def test_what_is_malformed_or_too_much(tmp_path: Path, body: bytes, content_type: str | None, status: int) -> None:
    gateway = a_gateway(tmp_path, max_body_bytes=2048 if b"x=1" in body else 6000 if b"999" in body else 1024)
    answer = gateway.client.post("/f/open", data=body, content_type=content_type)
    assert answer.status_code == status, answer.text
    assert document_of(answer)["errors"]
    assert gateway.published() == []


PLAIN = """
[forms.takes]
text_plain = true
[forms.not]
"""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name": "Ada", "n": 1}', 202),
        (b' \n{"name": "Ada", "n": 1}\n', 202),
        (b"name=Ada&n=1", 202),
        (b"name=Ad%61&n=1\n", 202),
        (b"{", 400),
        (b'["name"]', 415),
        (b"name=Ada\r\nn=1\r\n", 415),
        (b"Dear all, 1 + 1 = 2", 415),
        (b"hello", 415),
        (b"", 415),
        (b"name=%ff", 400),
        (b"&".join([b"a=b"] * 501), 413),
        (b"name=" + b"x" * 6000, 413),
    ],
)
@pytest.mark.parametrize("kind", ["text/plain", "text/plain;charset=UTF-8"])
def test_plain_text_is_read_where_it_is_clear_and_the_form_says_so(
    tmp_path: Path, kind: str, body: bytes, status: int
) -> None:
    gateway = a_gateway(tmp_path, definitions=PLAIN, max_body_bytes=4096)
    assert gateway.client.post("/f/takes", data=body, content_type=kind).status_code == status
    stored = [{name: str(value) for name, value in event.fields.items()} for event in gateway.published()]
    assert stored == [{"name": "Ada", "n": "1"}] * (status == 202)
    assert gateway.client.post("/f/not", data=body, content_type=kind).status_code == 415


def test_the_largest_event_fits_a_message_of_the_broker(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, max_body_bytes=BODY_BYTES_MOST)
    body = b"a=x" + b"\x01" * (BODY_BYTES_MOST - 3)  # six characters each in JSON, the most that a byte can become
    answer = gateway.client.post("/f/open", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 202
    [message] = gateway.broker.queued(STORAGE.name)
    assert 12 * 1024**2 < len(message.body) < 13 * 1024**2  # RabbitMQ 4 takes 16 MiB


@pytest.mark.parametrize(("levels", "status"), [(MAX_DEPTH, 202), (MAX_DEPTH + 1, 422)])
def test_the_deepest_body_that_is_taken_can_be_read_by_the_services(gateway: Gateway, levels: int, status: int) -> None:
    lists = levels - 1  # the body's object is the first level
    body = b'{"a": ' + b"[" * lists + b"1" + b"]" * lists + b"}"
    answer = gateway.client.post("/f/open", data=body, content_type="application/json")
    assert answer.status_code == status
    assert len(gateway.published()) == (status == 202)  # `published` decodes


def test_a_body_without_a_length_is_refused(gateway: Gateway) -> None:
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/x-www-form-urlencoded"}
    answer = gateway.client.post("/f/open", input_stream=io.BytesIO(b"a=b"), headers=headers)
    assert answer.status_code == 413
    assert errors_of(answer) == [("LENGTH_REQUIRED", None)]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_a_body_that_breaks_off_is_400(gateway: Gateway, kind: str) -> None:
    answer = gateway.client.post("/f/open", data=b"a=b", content_type=kind, environ_overrides={"CONTENT_LENGTH": "50"})
    assert answer.status_code == 400
    assert errors_of(answer) == [("CUT_OFF", None)]


def test_too_many_parts_are_413(gateway: Gateway) -> None:
    parts = {f"field{number}": "x" for number in range(501)}
    answer = gateway.client.post("/f/open", data=parts, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert errors_of(answer) == [("TOO_MANY_FIELDS", None)]


@pytest.mark.parametrize("value", ["[]", "{}"])
def test_too_many_empty_values_are_413(gateway: Gateway, value: str) -> None:
    body = f'{{"a": [{", ".join([value] * 10_001)}]}}'
    answer = gateway.client.post("/f/open", data=body, content_type="application/json")
    assert answer.status_code == 413
    assert errors_of(answer) == [("TOO_MANY_FIELDS", None)]


def test_a_part_with_a_long_header_is_400_and_its_header_not_read(gateway: Gateway) -> None:
    """To find all parameters of a header takes the square of its length."""
    body = b'--b\r\nContent-Disposition: form-data; name="x"' + b";a=b" * 30_000 + b"\r\n\r\nx\r\n--b--\r\n"

    def post() -> TestResponse:
        return gateway.client.post("/f/open", data=body, content_type="multipart/form-data; boundary=b")

    assert (post().status_code, errors_of(post())) == (400, [("MALFORMED", None)])
    assert steps_of(post) < 3 * len(body)


def test_a_long_value_in_a_part_is_no_long_header(gateway: Gateway) -> None:
    value = "--b " * 10_000
    answer = gateway.client.post("/f/open", data={"a": value}, content_type="multipart/form-data")
    assert answer.status_code == 202


def test_a_compressed_body_is_415(gateway: Gateway) -> None:
    answer = gateway.client.post("/f/open", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_a_file_is_422_and_an_input_left_alone_is_none(gateway: Gateway) -> None:
    answer = gateway.client.post("/f/open", data={"name": "Ada", "cv": (io.BytesIO(b"x"), "cv.pdf")})
    assert answer.status_code == 422
    assert errors_of(answer) == [("NO_FILE_UPLOADS", None)]
    left = (
        b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n'
        b'--b\r\nContent-Disposition: form-data; name="cv"; filename=""\r\n\r\n\r\n--b--\r\n'
    )
    kept = gateway.client.post("/f/open", data=left, content_type="multipart/form-data; boundary=b")
    assert kept.status_code == 202
    assert gateway.published()[-1].fields == {"name": "Ada"}


@pytest.mark.parametrize(
    ("charset", "sent"), [("", "Grüße \ufffd".encode()), ("; charset=iso-8859-1", b"Gr\xfc\xdfe \xa0")]
)
def test_a_multipart_value_arrives_as_it_was_typed(gateway: Gateway, charset: str, sent: bytes) -> None:
    head = f'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain{charset}\r\n\r\n'.encode()
    answer = gateway.client.post(
        "/f/open", data=head + sent + b"\r\n--b--\r\n", content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 202
    assert gateway.published()[0].fields == {"a": sent.decode("latin-1" if charset else "utf-8")}


def test_names_and_values_have_limits(gateway: Gateway) -> None:
    for name, status in (("n" * 500, 202), ("n" * 501, 422)):
        for sent in ({"data": {name: "x"}}, {"json": {name: "x"}}):
            assert gateway.client.post("/f/open", **sent).status_code == status
    for count, status in ((10_000, 202), (10_001, 413)):
        answer = gateway.client.post("/f/open", json={"a": [1] * (count // 2), "b": {"c": [2] * (count - count // 2)}})
        assert answer.status_code == status
    assert gateway.client.post("/f/open", json={"a": "," * 20_000}).status_code == 202


URLENCODED, JSON, MULTIPART = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b"


def part(name: bytes, value: bytes, kind: bytes = b"") -> bytes:
    about = b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n'
    return about + (b"Content-Type: " + kind + b"\r\n" if kind else b"") + b"\r\n" + value + b"\r\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"message=%80+Z\xfcrich", f"{URLENCODED}; charset=ISO-8859-1"),
        (b"message=%80+Z%FCrich", f"{URLENCODED}; charset=windows-1252"),
        (b"message=%80+Z%FCrich", f'{URLENCODED}; charset="latin1"'),
        (b"message=%80+Z%FCrich&_charset_=windows-1252", URLENCODED),
        (b"_charset_=ISO-8859-1&message=%80+Z%FCrich", URLENCODED),
        (b"message=%E2%82%AC+Z%C3%BCrich&_charset_=UTF-8", URLENCODED),
        (b"message=%E2%82%AC+Z%C3%BCrich&_charset_=unheard-of", URLENCODED),
        (b"_charset_=UTF-8&message=%E2%82%AC+Z%C3%BCrich", f"{URLENCODED}; charset=latin1"),
        (b'{"message": "\x80 Z\xfcrich"}', f"{JSON}; charset=iso-8859-1"),
        ('\ufeff{"message": "€ Zürich"}'.encode(), JSON),
        (part(b"message", b"\x80 Z\xfcrich") + b"--b--\r\n", f"{MULTIPART}; charset=windows-1252"),
        (part(b"message", b"\x80 Z\xfcrich") + part(b"_charset_", b"windows-1252") + b"--b--\r\n", MULTIPART),
        (part(b"message", b"\x80 Z\xfcrich", b"text/plain; charset=windows-1252") + b"--b--\r\n", MULTIPART),
        (
            part(b"message", "€ Zürich".encode(), b"text/plain; charset=UTF-8") + b"--b--\r\n",
            f"{MULTIPART}; charset=l1",
        ),
    ],
)
def test_the_encodings_of_old_pages_are_read(gateway: Gateway, body: bytes, kind: str) -> None:
    answer = gateway.client.post("/f/contact", data=body, content_type=kind)
    assert answer.status_code == 202, answer.text
    assert gateway.published()[-1].fields == {"message": "€ Zürich"}
