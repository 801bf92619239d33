"""Every row of the contract's table for `POST /f/<form>`, for programs and for browsers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.intake.submissions import id_for_key
from shared.contracts import fingerprint
from shared.messaging.broker import Answer, Params
from shared.messaging.memory import MemoryBroker
from shared.messaging.topology import STORAGE_QUERIES
from support.gateway_app import GOOD, Gateway, a_gateway, document_of, errors_of

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


@pytest.mark.parametrize("how", ["json", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_program_gets_202_with_the_receipt(gateway: Gateway, how: str) -> None:
    if how == "json":
        answer = gateway.client.post("/f/signup", json=GOOD)
    else:
        answer = gateway.client.post("/f/signup", data=GOOD, content_type=how)
    assert answer.status_code == 202
    document = document_of(answer)
    assert document["ok"] is True
    assert document["success"] is True
    assert document["id"] == document["submission_id"]
    assert document["next"] == document["receipt_url"] == answer.headers["Location"]
    [event] = gateway.published()
    assert str(event.id) == document["id"]
    assert event.form == "signup"
    assert event.fields == GOOD
    assert event.fingerprint == fingerprint(GOOD)


def test_a_browser_gets_303_to_the_receipt(gateway: Gateway) -> None:
    answer = gateway.client.post("/f/signup", data=GOOD, headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("http://localhost/receipts/")
    assert gateway.client.get(answer.headers["Location"], headers=PAGE).status_code == 200


def test_the_source_of_a_request_is_kept(gateway: Gateway) -> None:
    gateway.client.post(
        "/f/signup",
        data=GOOD,
        headers={"User-Agent": "A browser", "Referer": "https://www.example.org/page", "Accept-Language": "en"},
    )
    [event] = gateway.published()
    assert event.source.ip == "127.0.0.1"
    assert event.source.user_agent == "A browser"
    assert event.source.referer == "https://www.example.org/page"
    assert event.source.language == "en"


def test_wrong_fields_are_named_with_their_errors_of(gateway: Gateway) -> None:
    answer = gateway.client.post("/f/signup", json={"email": "ada@", "colour": "red"})
    assert answer.status_code == 422
    assert set(errors_of(answer)) == {
        ("REQUIRED_FIELD_MISSING", "name"),
        ("TYPE_EMAIL", "email"),
        ("FIELD_UNKNOWN", "colour"),
    }
    assert gateway.published() == []


def test_the_422_page_keeps_what_was_typed_and_the_key(gateway: Gateway) -> None:
    typed = {"name": 'Ada "<script>"', "email": "ada@", "_idempotency_key": "the-key", "_next": "/thanks"}
    answer = gateway.client.post("/f/signup", data=typed, headers={**PAGE, "Referer": "http://localhost/f/signup"})
    assert answer.status_code == 422
    assert 'value="Ada &#34;&lt;script&gt;&#34;"' in answer.text
    assert 'name="_idempotency_key" value="the-key"' in answer.text
    assert 'name="_next" value="http://localhost/thanks"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("key", ["the-key", None])
def test_the_503_page_keeps_what_was_typed_and_the_key_of_what_may_have_been_taken(
    gateway: Gateway, key: str | None
) -> None:
    gateway.broker.refusal = "timeout"
    typed = GOOD if key is None else {**GOOD, "_idempotency_key": key}
    answer = gateway.client.post("/f/signup", data=typed, headers=PAGE)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert 'value="Ada Lovelace"' in answer.text
    found = re.search(r'name="_idempotency_key" value="([^"]+)"', answer.text)
    assert found
    assert key is None or found[1] == key
    gateway.broker.refusal = None
    again = gateway.client.post("/f/signup", data={**GOOD, "_idempotency_key": found[1]})
    assert document_of(again)["id"] == str(id_for_key("signup", found[1]))


@pytest.mark.parametrize("refusal", ["returned", "nacked", "blocked", "timeout", "overloaded", "closed"])
def test_what_the_broker_does_not_confirm_is_503_never_202(gateway: Gateway, refusal: str) -> None:
    gateway.broker.refusal = refusal  # type: ignore[assignment]
    answer = gateway.client.post("/f/signup", json=GOOD)
    assert answer.status_code == 503
    assert errors_of(answer) == [("UNAVAILABLE", None)]
    assert "Retry-After" in answer.headers


def test_the_same_key_has_the_same_id_and_another_body_is_409_where_storage_answers(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = gateway.submitted(headers=headers)
    assert gateway.submitted(headers=headers)["id"] == first["id"]
    assert gateway.submitted(headers={"Idempotency-Key": "k2"})["id"] != first["id"]
    stored = {"stored_at": "2026-11-22T17:03:44Z", "fingerprint": fingerprint(GOOD)}
    gateway.broker.serve(STORAGE_QUERIES, {"receipt": lambda params: stored if params == {"id": first["id"]} else {}})
    assert gateway.submitted(headers=headers)["id"] == first["id"]
    other = {"name": "Somebody Else", "email": "ada@example.org"}
    answer = gateway.client.post("/f/signup", json=other, headers=headers)
    assert answer.status_code == 409
    page = gateway.client.post("/f/signup", data={**other, "_idempotency_key": "k1"}, headers=PAGE)
    assert page.status_code == 409
    assert page.mimetype == "text/html"


def test_without_a_key_storage_is_not_asked(gateway: Gateway) -> None:
    asked: list[Params] = []

    def receipt(params: Params) -> Answer:
        asked.append(params)
        return {}

    gateway.broker.serve(STORAGE_QUERIES, {"receipt": receipt})
    gateway.submitted()
    gateway.client.post("/f/signup", data=GOOD, headers=PAGE)
    assert asked == []


@pytest.mark.parametrize("key", ["x" * 256, "a\x7fb", "tab\there", "é"])
def test_a_bad_key_is_400(gateway: Gateway, key: str) -> None:
    assert gateway.client.post("/f/signup", data={**GOOD, "_idempotency_key": key}).status_code == 400


def test_two_keys_are_400(gateway: Gateway) -> None:
    twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert gateway.client.post("/f/signup", json=GOOD, headers=twice).status_code == 400
    differing = gateway.client.post(
        "/f/signup", data={**GOOD, "_idempotency_key": "a"}, headers={"Idempotency-Key": "b"}
    )
    assert differing.status_code == 400
    assert gateway.client.post("/f/signup", json=GOOD, headers={"Idempotency-Key": "x" * 255}).status_code == 202


@pytest.mark.parametrize("headers", [{}, PAGE])
def test_an_unknown_form_is_404(gateway: Gateway, headers: dict[str, str]) -> None:
    answer = gateway.client.post("/f/nothing", data=GOOD, headers=headers)
    assert answer.status_code == 404
    if headers:
        assert answer.mimetype == "text/html"
    else:
        assert errors_of(answer) == [("FORM_NOT_FOUND", None)]


def test_repeated_names_become_a_list(gateway: Gateway) -> None:
    gateway.client.post("/f/open", data=b"a=1&b=2&a=3&a=4", content_type="application/x-www-form-urlencoded")
    assert gateway.published()[-1].fields == {"a": ["1", "3", "4"], "b": "2"}


@pytest.mark.parametrize("form", ["open", "contact"])
@pytest.mark.parametrize(
    "values", [{}, {"_subject": "nothing else"}, {"name": " ", "message": None}, {"name": "", "message": []}]
)
def test_an_empty_submission_is_422(gateway: Gateway, form: str, values: dict[str, object]) -> None:
    answer = gateway.client.post(f"/f/{form}", json=values)
    assert answer.status_code == 422
    assert errors_of(answer) == [("EMPTY", None)]
    assert gateway.published() == []


def test_an_empty_body_is_422_and_an_untouched_page_says_so(gateway: Gateway) -> None:
    for form in ("open", "contact"):
        kind = "application/x-www-form-urlencoded"
        assert errors_of(gateway.client.post(f"/f/{form}", data=b"", content_type=kind)) == [("EMPTY", None)]
        page = gateway.client.post(f"/f/{form}", data={"name": "", "message": ""}, headers=PAGE)
        assert page.status_code == 422
        assert "The submission is empty." in page.text


@pytest.mark.parametrize("value", [False, 0, ["", "a"], {"a": {"b": 0}}])
def test_a_value_that_says_something_is_not_empty(gateway: Gateway, value: object) -> None:
    gateway.submitted("open", {"a": value})


def test_an_empty_submission_where_fields_are_required_names_them(gateway: Gateway) -> None:
    answer = gateway.client.post("/f/signup", json={})
    assert errors_of(answer) == [("REQUIRED_FIELD_MISSING", "name"), ("REQUIRED_FIELD_MISSING", "email")]


def test_control_fields_are_taken_out(gateway: Gateway) -> None:
    control = {"_subject": "Hello", "_replyto": "me@example.org", "_cc": "x", "_format": "plain", "_language": "de"}
    gateway.submitted(values={**GOOD, **control, "_next": "/x", "_idempotency_key": "k"})
    [event] = gateway.published()
    assert event.fields == GOOD
    assert event.control.subject == "Hello"
    assert event.reply_address == "me@example.org"
    assert event.source.language == "de"


def test_another_method_is_405(gateway: Gateway) -> None:
    answer = gateway.client.delete("/f/signup")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_traceparent_goes_on_and_nonsense_does_not(gateway: Gateway) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    gateway.submitted(headers={"Traceparent": trace})
    gateway.submitted(headers={"Traceparent": "nonsense"})
    kept, dropped = (message.headers for message in gateway.broker.queued("storage.submissions.v1"))
    assert kept["traceparent"] == trace
    assert "traceparent" not in dropped


def test_a_bug_is_500_and_tells_nothing(gateway: Gateway, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(_self: object, _queue: str) -> None:
        raise RuntimeError("ada@example.org")

    class BrokenBroker(MemoryBroker):
        put = broken  # type: ignore[assignment]

    gateway.broker.__class__ = BrokenBroker
    answer = gateway.client.post("/f/signup", json=GOOD)
    assert answer.status_code == 500
    assert "ada" not in answer.text
