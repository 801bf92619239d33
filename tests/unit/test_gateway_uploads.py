"""Submissions with files: what is taken, what is refused, and that nothing stays of what was refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.uploads.bounds import UploadBounds
from shared.contracts import SubmissionAccepted, fingerprint
from shared.files import MemoryFiles, StoreFull, StoreUnavailable
from support.gateway_app import Gateway, Receipts, a_gateway, document_of, errors_of
from support.multipart import Sent, body_of, kind_of

FORMS = """
[forms.apply]
honeypot = "url"
fields.name = {type = "text", required = true, max_length = 20}
fields.cv = {type = "file", required = true, max_size = "20 kB"}
fields.work = {type = "file", max_count = 2}
files.max_total = "100 kB"
files.max_size = "50 kB"
files.max_count = 3
[forms.any]
files.undeclared = true
files.max_size = "1 kB"
[forms.twice]
deduplicate = "10m"
files.undeclared = true
[forms.guarded]
dialect = "web3forms"
access_key = "12345678-abcd-4abc-8abc-1234567890ab"
files.undeclared = true
[forms.none]
"""
NAME = Sent("name", b"Ada Lovelace")
CV = Sent("cv", b"I was born in London.\r\n", "cv.txt", "text/plain")
LONG, LARGE = Sent("name", b"n" * 21), Sent("cv", b"x" * 20_481, "cv.txt")
BROWSER = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles()


@pytest.fixture(params=[pytest.param(128 * 1024, id="small"), pytest.param(160, id="streamed")])
def gateway(tmp_path: Path, files: MemoryFiles, request: pytest.FixtureRequest) -> Gateway:
    """A gateway that reads a body whole which is no larger than any without files, and one to which each is large."""
    return a_gateway(tmp_path, definitions=FORMS, files=files, max_body_bytes=request.param)


def send(gateway: Gateway, form: str, *parts: Sent, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return gateway.client.post(f"/f/{form}", data=body_of(*parts), content_type=kind_of(), headers=named)


def taken(gateway: Gateway, form: str, *parts: Sent, **headers: str) -> SubmissionAccepted:
    answer = send(gateway, form, *parts, **headers)
    assert answer.status_code == 202, answer.text
    [event] = gateway.take_published()
    return event


def refused(
    gateway: Gateway, files: MemoryFiles, answer: TestResponse, status: int, *codes: tuple[str, str | None]
) -> None:
    """Assert that it was refused for these reasons, and that nothing is left of it."""
    assert (answer.status_code, errors_of(answer)) == (status, [*codes])
    assert gateway.published() == []
    assert files.files == {}


def test_a_file_is_kept_as_it_was_and_told_in_the_event(gateway: Gateway, files: MemoryFiles) -> None:
    event = taken(gateway, "apply", NAME, CV)
    [file] = event.files
    assert dict(event.fields) == {"name": "Ada Lovelace"}
    assert (file.field, file.name, file.given, file.type, file.size) == ("cv", "cv.txt", "cv.txt", "text/plain", 23)
    assert file.sha256 == hashlib.sha256(CV.content).hexdigest()
    assert files.files[file.key][0] == CV.content
    assert event.fingerprint == fingerprint(event.fields, event.files)


def test_keys_have_nothing_of_a_stranger_and_are_of_their_request(gateway: Gateway) -> None:
    parts = [NAME, CV, Sent("work", b"1", "../../etc/a.txt"), Sent("work", b"2", "b.txt")]
    first, second = taken(gateway, "apply", *parts), taken(gateway, "apply", *parts)
    places = []
    for event in (first, second):
        keys = [one.key.split("/") for one in event.files]
        assert [key[-1] for key in keys] == ["1", "2", "3"]
        [place] = {tuple(key[:-1]) for key in keys}
        assert place[0] == "apply"
        assert len(place[2]) >= 26
        places.append(place)
    assert places[0] != places[1]
    assert first.files[1].name == "a.txt"


@pytest.mark.parametrize("name", ["photos", "photos[]"])
def test_repeated_names_and_brackets_are_one_field(gateway: Gateway, name: str) -> None:
    event = taken(gateway, "any", Sent(name, b"1", "1.txt"), Sent("x", b"y"), Sent(name, b"2", "2.txt"))
    assert [(one.field, one.name) for one in event.files] == [("photos", "1.txt"), ("photos", "2.txt")]
    assert dict(event.fields) == {"x": "y"}


def test_an_empty_input_is_nothing_but_a_file_without_bytes_is_one(gateway: Gateway) -> None:
    empty, nothing = Sent("work", b"", "nothing.txt"), Sent("work", b"", "")
    event = taken(gateway, "apply", NAME, CV, nothing, empty)
    assert [(one.name, one.size) for one in event.files] == [("cv.txt", 23), ("nothing.txt", 0)]


def test_a_file_alone_is_a_submission(gateway: Gateway) -> None:
    assert dict(taken(gateway, "any", Sent("a", b"1", "1.txt")).fields) == {}


def test_other_bodies_go_on_working(gateway: Gateway) -> None:
    missing = [("REQUIRED_FIELD_MISSING", "cv")]
    assert errors_of(gateway.client.post("/f/apply", json={"name": "Ada"})) == missing
    assert errors_of(gateway.client.post("/f/apply", data={"name": "Ada"})) == missing
    assert errors_of(send(gateway, "apply", NAME)) == missing
    assert gateway.client.post("/f/any", json={"name": "Ada"}).status_code == 202


def test_a_form_without_files_takes_none_as_before(tmp_path: Path, files: MemoryFiles) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS, files=files)
    refused(gateway, files, send(gateway, "none", NAME, CV), 422, ("NO_FILE_UPLOADS", None))


WRONG: list[tuple[str, list[Sent], int, list[tuple[str, str | None]]]] = [
    ("apply", [NAME, CV, Sent("photo", b"1", "1.txt")], 422, [("NO_FILE_UPLOADS", "photo")]),
    ("apply", [NAME, CV, Sent("name", b"1", "1.txt")], 422, [("NO_FILE_UPLOADS", "name")]),
    ("apply", [NAME, LARGE], 413, [("FILES_TOO_BIG", "cv")]),
    ("apply", [NAME, CV, CV], 422, [("TOO_MANY_FILES", "cv")]),
    ("apply", [NAME, CV, *[Sent("work", b"1", "1.txt")] * 3], 422, [("TOO_MANY_FILES", "work")]),
    ("any", [Sent(f"a{number}", b"1", "1.txt") for number in range(11)], 422, [("TOO_MANY_FILES", None)]),
    ("apply", [LONG, LARGE], 422, [("TOO_LONG", "name"), ("FILES_TOO_BIG", "cv")]),
    ("apply", [NAME, *[Sent("work", b"x" * 51_200, "1.txt")] * 2, CV], 413, [("FILES_TOO_BIG", None)]),
    ("apply", [NAME, Sent("cv", b"MZ\x90\x00" * 9, "cv.exe")], 422, [("FILE_TYPE_NOT_ALLOWED", "cv")]),
    ("any", [Sent("a", b"1", "1.txt"), Sent("b", b"x" * 1025, "2.txt")], 413, [("FILES_TOO_BIG", "b")]),
    ("any", [Sent("a", b"1", "1.txt"), Sent("b" * 501, b"x")], 422, [("VALUE_NOT_ACCEPTED", None)]),
    ("any", [Sent("a", b"1", "1.txt"), Sent("b", b"x\x00")], 422, [("VALUE_NOT_ACCEPTED", "b")]),
    ("any", [Sent("a", b"1", "1.txt"), Sent("b", b"\xff")], 400, [("MALFORMED", None)]),
    ("any", [Sent("a", b"1", "1.txt"), *[Sent("b", b"")] * 501], 413, [("TOO_MANY_FIELDS", None)]),
    ("any", [Sent("a", b"1", "1.txt"), *[Sent("b", b"", "")] * 1000], 413, [("TOO_MANY_FIELDS", None)]),
    ("any", [Sent("a", b"1", "1.txt"), Sent("n" * 65_536, b"")], 400, [("MALFORMED", None)]),
    ("guarded", [Sent("a", b"1", "1.txt"), Sent("access_key", b"other")], 403, [("ACCESS_KEY", "access_key")]),
    ("any", [Sent("a", b"1", "1.txt"), Sent("_replyto", b"nobody")], 422, [("TYPE_EMAIL", "_replyto")]),
]  # fmt: skip


@pytest.mark.parametrize(("form", "parts", "status", "codes"), WRONG)
def test_what_is_refused_leaves_nothing(
    gateway: Gateway, files: MemoryFiles, form: str, parts: list[Sent], status: int, codes: list[tuple[str, str | None]]
) -> None:
    refused(gateway, files, send(gateway, form, *parts), status, *codes)


def test_each_of_several_wrong_files_is_named(gateway: Gateway, files: MemoryFiles) -> None:
    wrong = [Sent("work", b"MZ\x90\x00" * 9, name) for name in ("b.exe", "c.exe")]
    answer = send(gateway, "apply", NAME, CV, *wrong)
    refused(gateway, files, answer, 422, *[("FILE_TYPE_NOT_ALLOWED", "work")] * 2)
    assert [one["message"].partition(":")[0] for one in document_of(answer)["errors"]] == ["b.exe", "c.exe"]
    page = send(gateway, "apply", NAME, CV, *wrong, **BROWSER).text
    for name in ("b.exe", "c.exe"):
        assert page.count(f"{name}: The file is") == 2, "in the list, and beside the input"
    one = document_of(send(gateway, "apply", NAME, Sent("cv", b"MZ\x90\x00" * 9, "cv.exe")))["errors"][0]["message"]
    assert one.startswith("The file is"), "where there is one file nobody asks which"


def test_a_large_request_is_refused_before_a_byte_of_it_is_read(tmp_path: Path, files: MemoryFiles) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS, files=files, max_body_bytes=1024)

    class Unread:
        def read(self, _size: int = -1) -> bytes:
            raise AssertionError("it was read")

    answer = gateway.client.post(
        "/f/apply",
        content_type=kind_of(),
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": "500000000"},  # more than is read on afterwards
    )
    refused(gateway, files, answer, 413, ("FILES_TOO_BIG", None))
    assert "100 kB" in document_of(answer)["error"]


def test_a_body_that_breaks_off_leaves_nothing(gateway: Gateway, files: MemoryFiles) -> None:
    whole = body_of(NAME, CV, Sent("work", b"x" * 40_000, "1.txt"))
    for end in (len(whole) - 3, len(whole) - 30_000):
        answer = gateway.client.post(
            "/f/apply", data=whole[:end], content_type=kind_of(), environ_overrides={"CONTENT_LENGTH": str(len(whole))}
        )
        refused(gateway, files, answer, 400, ("CUT_OFF", None))
        lying = gateway.client.post("/f/apply", data=whole[:end], content_type=kind_of())
        refused(gateway, files, lying, 400, ("MALFORMED", None))


def test_an_encoding_that_a_field_declares_counts_for_all(gateway: Gateway) -> None:
    event = taken(gateway, "any", Sent("a", b"1", "1.txt"), Sent("n", b"Andr\xe9"), Sent("_charset_", b"windows-1252"))
    assert event.fields["n"] == "André"


@pytest.mark.parametrize("failure", [StoreUnavailable("away"), StoreFull("full")])
@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_a_store_that_takes_nothing_is_503(
    gateway: Gateway, files: MemoryFiles, failure: Exception, headers: dict[str, str]
) -> None:
    files.failure = failure
    answer = send(gateway, "apply", CV, NAME, **headers)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert gateway.published() == []
    if headers:
        assert 'value="Ada Lovelace"' in answer.text, "what was typed is not offered again"
    else:
        assert errors_of(answer) == [("FILES_UNAVAILABLE", None)]


def test_a_page_offers_the_fields_again_and_says_that_files_are_to_be_chosen_again(gateway: Gateway) -> None:
    answer = send(gateway, "apply", NAME, Sent("cv", b"x" * 20_481, "cv.txt"), **BROWSER)
    assert answer.status_code == 413
    assert 'value="Ada Lovelace"' in answer.text
    assert "too large" in answer.text


def test_the_same_files_under_one_key_are_one_submission_and_others_a_conflict(
    gateway: Gateway, files: MemoryFiles
) -> None:
    first = taken(gateway, "apply", NAME, CV, Idempotency_Key="k")
    assert taken(gateway, "apply", NAME, CV, Idempotency_Key="k").fingerprint == first.fingerprint
    Receipts(stored={"stored_at": None, "fingerprint": first.fingerprint}).serve(gateway.broker)
    before = set(files.files)
    other = send(gateway, "apply", NAME, Sent("cv", b"another", "cv.txt"), Idempotency_Key="k")
    assert errors_of(other) == [("IDEMPOTENCY_CONFLICT", None)]
    assert set(files.files) == before, "of the refused one something is left"


def test_double_clicks_are_told_by_the_files_too(gateway: Gateway) -> None:
    one, other = Sent("a", b"1", "1.txt"), Sent("a", b"2", "1.txt")
    first, again, another = (taken(gateway, "twice", part).id for part in (one, one, other))
    assert first == again != another


def test_spam_keeps_what_its_files_were_called_and_none_of_them(gateway: Gateway, files: MemoryFiles) -> None:
    event = taken(gateway, "apply", CV, Sent("url", b"https://spam.example"), Sent("name", b"x" * 99))
    assert event.spam == "honeypot"
    assert event.files == ()
    assert event.fields["cv"] == ["cv.txt (not kept)"]
    assert files.files == {}


def test_a_returned_message_deletes_and_a_timeout_does_not(gateway: Gateway, files: MemoryFiles) -> None:
    gateway.broker.refusal = "returned"
    assert send(gateway, "apply", NAME, CV).status_code == 503
    assert files.files == {}
    gateway.broker.refusal = "timeout"
    assert send(gateway, "apply", NAME, CV).status_code == 503
    assert len(files.files) == 1, "the broker may have taken the event: its file has to be there"


def test_so_many_at_once_and_the_small_ones_without_files_never_wait(tmp_path: Path) -> None:
    files = _Holding()
    gateway = a_gateway(tmp_path, definitions=FORMS, files=files, uploads=UploadBounds(uploads=1))
    files.meanwhile = lambda: send(gateway, "any", Sent("a", b"2", "2.txt"))
    files.beside = lambda: send(gateway, "any", Sent("a", b"2"))
    assert send(gateway, "any", Sent("a", b"1", "1.txt")).status_code == 202
    assert errors_of(files.answers[0]) == [("UPLOADS_BUSY", None)]
    assert int(files.answers[0].headers["Retry-After"]) > 0
    assert files.answers[1].status_code == 202
    files.meanwhile = files.beside = None
    assert send(gateway, "any", Sent("a", b"1", "1.txt")).status_code == 202


class _Holding(MemoryFiles):
    """Sends other requests while it puts a file."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Any = None
        self.beside: Any = None
        self.answers: list[TestResponse] = []

    def put(self, key: str, pieces: Any) -> None:
        def slowly() -> Iterator[bytes]:
            yield from pieces
            if self.meanwhile:
                self.answers += [self.meanwhile(), self.beside()]

        super().put(key, slowly())


def test_a_page_keeps_what_was_typed_and_names_all_files_that_came(gateway: Gateway, files: MemoryFiles) -> None:
    odd, wrong = Sent("photo", b"1", "1.txt"), Sent("work", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a/b.svg")
    answer = send(gateway, "apply", Sent("name", b"Ada"), CV, wrong, odd, **BROWSER)
    assert answer.status_code == 422
    assert 'value="Ada"' in answer.text
    assert "please choose them again" in answer.text
    assert "<bdi>cv.txt</bdi>" in answer.text
    assert "<bdi>b.svg</bdi>" in answer.text
    assert "This form does not take a file here." in answer.text
    assert files.files == {}
