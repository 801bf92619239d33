"""The receipt of what waits for its address: stored until the button is pressed, live, and the mail again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from werkzeug.test import TestResponse

from gateway.receipts.progress import PATIENCE, OptIn, Progress, State
from gateway.receipts.tokens import Tokens
from shared.contracts import Confirmation, ConfirmationState, OptedIn, SubmissionsStored
from shared.messaging.broker import Params
from shared.messaging.topology import STORAGE_QUERIES
from support.gateway_app import SECRET, Gateway, Receipts, a_gateway, document_of, errors_of
from support.opt_in import FORMS, SOON, WAITING, stored
from support.receipts import AT, LATER, PAGE, SENT, TICKET, events_of, path_of

PATH = path_of(WAITING)
KEY = UUID(int=5)


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS, clock=lambda: SOON)


def mail(state: ConfirmationState, attempts: int = 1) -> Confirmation:
    return Confirmation("email", state, attempts, AT)


def progress(opt_in: OptIn | None, sent: Confirmation | None = None, after: timedelta = timedelta(0)) -> Progress:
    confirmations = (sent,) if sent else ()
    return Progress(WAITING, AT, True, confirmations, known_at=AT + after, opt_in_told=opt_in)


# the token and the state


def test_the_token_says_it_and_older_ones_are_read_as_before() -> None:
    tokens = Tokens(SECRET)
    for ticket in (WAITING, TICKET, replace(TICKET, confirmed=False)):
        assert tokens.read(tokens.sign(ticket)) == ticket
    assert [tokens.sign(one).split(".")[3] for one in (WAITING, TICKET)] == ["2", "1"]


@pytest.mark.parametrize(
    ("shown", "state", "opt_in", "final", "word"),
    [
        (progress("waiting"), "stored", "waiting", False, "asking"),
        (progress(None), "stored", "waiting", False, "asking"),
        (progress("waiting", mail("pending", 0)), "stored", "waiting", False, "asking"),
        (progress("waiting", mail("retrying")), "stored", "waiting", False, "asking"),
        (progress("waiting", mail("sent")), "stored", "waiting", False, "asked"),
        (progress("waiting", mail("failed")), "failed", "waiting", True, "unasked"),
        (progress("waiting", mail("sent"), PATIENCE), "stored", "waiting", True, "asked"),
        (progress("waiting", mail("retrying"), PATIENCE), "stored", "waiting", True, "asking"),
        (progress("waiting", mail("pending", 0), PATIENCE), "stored", "waiting", True, "unasked"),
        (progress("confirmed", mail("sent")), "confirmed", "confirmed", True, "agreed"),
        (progress("confirmed", mail("failed")), "confirmed", "confirmed", True, "agreed"),
        (progress("expired", mail("sent"), PATIENCE), "stored", "expired", True, "expired"),
        (replace(progress("waiting"), stored_at=None), "accepted", "waiting", False, "asking"),
        (replace(progress("confirmed"), erased_at=SOON), "erased", None, True, "none"),
    ],
)  # fmt: skip
def test_it_is_stored_until_the_button(shown: Progress, state: State, opt_in: str, final: bool, word: str) -> None:
    assert (shown.state, shown.opt_in, shown.is_final, shown.mail) == (state, opt_in, final, word)


def test_what_storage_says_counts_for_more_than_the_token() -> None:
    sent = (mail("sent"),)
    assert Progress(TICKET, AT, True, sent, opt_in_told="waiting").state == "stored"
    assert Progress(WAITING, AT, True, sent, opt_in_told="none").state == "confirmed"


def test_what_was_known_holds_while_storage_says_nothing() -> None:
    known = replace(progress("confirmed"), opted_in_at=SOON)
    later = Progress(WAITING, confirmations=()).or_else(known)
    assert (later.opt_in, later.opted_in_at, later.state) == ("confirmed", SOON, "confirmed")


def test_an_announcement_makes_it_confirmed() -> None:
    news = OptedIn(WAITING.id, SOON)
    shown = progress("waiting", mail("sent"))
    after = shown.after(news)
    assert (after.state, after.opted_in_at, after.is_final) == ("confirmed", SOON, True)
    assert after.version != shown.version


# as JSON, as a page, and live


def told(gateway: Gateway, opt_in: str | None = "waiting", sent: dict[str, Any] | None = SENT, **more: Any) -> Receipts:
    receipts = Receipts(stored(opt_in, **more), [sent] if sent else [])
    receipts.serve(gateway.broker)
    return receipts


def test_programs_see_both_members(gateway: Gateway) -> None:
    told(gateway)
    document = document_of(gateway.client.get(PATH))
    assert [document[name] for name in ("state", "opt_in", "opted_in_at", "final")] == [
        "stored",
        "waiting",
        None,
        False,
    ]
    told(gateway, "confirmed")
    document = document_of(gateway.client.get(PATH))
    seen = [document[name] for name in ("state", "opt_in", "opted_in_at", "final")]
    assert seen == ["confirmed", "confirmed", LATER, True]


def test_a_storage_of_the_version_before_says_nothing_of_it(gateway: Gateway) -> None:
    receipts = Receipts({name: value for name, value in stored().items() if not name.startswith("opt")}, [SENT])
    receipts.serve(gateway.broker)
    assert document_of(gateway.client.get(PATH))["opt_in"] == "waiting"
    assert document_of(gateway.client.get(path_of(TICKET)))["opt_in"] is None


def test_a_stream_turns_to_confirmed(gateway: Gateway) -> None:
    told(gateway)
    answer = gateway.client.get(f"{PATH}/events", buffered=False)
    events = events_of(answer)
    seen = []
    for event in events:
        if event.get("event") == "receipt":
            seen.append(json.loads(event["data"])["opt_in"])
            gateway.broker.announcer().announce(OptedIn(WAITING.id, SOON))
    assert seen == ["waiting", "confirmed"]


def test_spam_that_waits_looks_like_any_other_that_is_not_confirmed(gateway: Gateway) -> None:
    pending = Confirmation("email", "pending").for_receipt().to_json()
    seen = set()
    for spam in (None, "score", "honeypot", "owner"):
        told(gateway, "waiting", pending, spam=spam)
        seen |= {gateway.client.get(PATH, headers=headers).data.partition(b"?key=")[0] for headers in ({}, PAGE)}
    assert len(seen) == 2, "one as JSON, one as a page"


def test_other_news_leave_it_waiting() -> None:
    news = SubmissionsStored((WAITING.id,), SOON)
    assert Progress(WAITING).after(news).opt_in == "waiting"


def page(gateway: Gateway, path: str = PATH) -> str:
    return gateway.client.get(path, headers=PAGE).text


def hidden(text: str, words: str) -> bool:
    tag = text[: text.index(words)].rpartition("<")[2]
    return " hidden" in tag


@pytest.mark.parametrize(
    ("opt_in", "sent", "words", "may_ask"),
    [
        ("waiting", None, "A mail that asks you to confirm your address is being sent.", False),
        ("waiting", SENT, "Waiting for you to confirm your address", True),
        ("waiting", SENT | {"state": "failed"}, "We could not send you the mail", True),
        ("expired", SENT, "The link in our mail was good for seven days", True),
        ("confirmed", SENT, "You have confirmed your address.", False),
    ],
)
def test_the_page_says_what_is_waited_for(
    gateway: Gateway, opt_in: str, sent: dict[str, Any] | None, words: str, may_ask: bool
) -> None:
    told(gateway, opt_in, sent)
    text = page(gateway)
    assert not hidden(text, words)
    assert hidden(text, "<button>Send the mail again") is not may_ask


@pytest.mark.parametrize("query", ["?mail=limit", "?mail=sent&left=0"])
def test_who_has_had_all_mails_is_offered_none(gateway: Gateway, query: str) -> None:
    told(gateway)
    assert "Send the mail again" not in page(gateway, PATH + query)


def test_another_receipt_has_no_such_button(gateway: Gateway) -> None:
    told(gateway, None)
    assert "Send the mail again" not in page(gateway, path_of(TICKET))


# the mail again


class Storage:
    """Counts as storage does, and remembers who asked."""

    def __init__(self, gateway: Gateway, *answers: dict[str, Any]) -> None:
        self.asked: list[Params] = []
        self._answers = list(answers)
        gateway.broker.serve(STORAGE_QUERIES, {"receipt": lambda _: stored(), "opt_in_again": self._again})

    def _again(self, params: Params) -> dict[str, Any]:
        self.asked.append(params)
        return self._answers.pop(0)


def again(gateway: Gateway, path: str = PATH, **given: Any) -> TestResponse:
    return gateway.client.post(f"{path}/opt-in", **given)


def test_a_program_is_told_how_often(gateway: Gateway) -> None:
    storage = Storage(gateway, {"sent": 1, "left": 2})
    answer = again(gateway)
    assert (answer.status_code, document_of(answer)) == (202, {"ok": True, "sent": 1, "left": 2})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert [asked["id"] for asked in storage.asked] == [str(WAITING.id)]


def test_the_same_key_is_the_same_wish(gateway: Gateway) -> None:
    storage = Storage(gateway, *[{"sent": 1, "left": 2}] * 6)
    for _ in range(2):
        gateway.client.post(f"{PATH}/opt-in?key={KEY}", headers=PAGE)
        again(gateway, headers={"Idempotency-Key": "mine"})
        again(gateway)
    keys = [UUID(str(asked["key"])) for asked in storage.asked]
    assert keys[0] == keys[3] == uuid5(WAITING.id, str(KEY))
    assert keys[1] == keys[4] == uuid5(WAITING.id, "mine")
    assert len(set(keys)) == 4


@pytest.mark.parametrize(
    ("answer", "came", "words"),
    [
        ({"sent": 1, "left": 2}, "mail=sent&left=2", "The mail is on its way to you again. It can be sent twice more."),
        ({"sent": 2, "left": 1}, "mail=sent&left=1", "It can be sent once more."),
        ({"sent": 3, "left": 0}, "mail=sent&left=0", "It cannot be sent once more."),
        ({"refused": "limit"}, "mail=limit", "The mail was sent again three times already"),
        ({"refused": "confirmed"}, "mail=confirmed", "Your address is confirmed already"),
        ({"refused": "unknown"}, "mail=unknown", "There is no mail to send again yet."),
    ],
)
def test_a_browser_is_led_to_the_receipt_which_says_what_came_of_it(
    gateway: Gateway, answer: dict[str, Any], came: str, words: str
) -> None:
    Storage(gateway, answer)
    led = gateway.client.post(f"{PATH}/opt-in?key={KEY}", headers=PAGE)
    assert (led.status_code, led.headers["Location"]) == (303, f"{PATH}?{came}")
    assert led.headers["Cache-Control"] == "no-store"
    assert words in page(gateway, led.headers["Location"])


@pytest.mark.parametrize(
    ("reason", "code"),
    [("limit", "OPT_IN_LIMIT"), ("confirmed", "OPT_IN_CONFIRMED"), ("unknown", "OPT_IN_UNKNOWN")],
)
def test_a_program_is_told_why_not(gateway: Gateway, reason: str, code: str) -> None:
    Storage(gateway, {"refused": reason})
    answer = again(gateway)
    assert (answer.status_code, errors_of(answer)) == (409, [(code, None)])
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("query", ["?mail=", "?mail=x&left=1", "?mail=sent&left=9", "?mail=sent&left=<b>", "?left=2"])
def test_what_anybody_writes_into_the_address_says_nothing_else(gateway: Gateway, query: str) -> None:
    told(gateway)
    text = page(gateway, PATH + query)
    assert "<b>" not in text
    assert "more." not in text
    assert ('id="came"' in text) is ("mail=sent" in query)


def test_without_storage_it_says_so(gateway: Gateway) -> None:
    answer, seen = again(gateway), again(gateway, headers=PAGE)
    assert (answer.status_code, errors_of(answer)) == (503, [("UNAVAILABLE", None)])
    assert (seen.status_code, "We cannot send the mail again just now." in seen.text) == (503, True)
    gateway.broker.serve(STORAGE_QUERIES, {"receipt": lambda _: stored()})
    assert again(gateway).status_code == 503, "of a version that does not know how"


def test_who_has_no_receipt_gets_none(gateway: Gateway) -> None:
    storage = Storage(gateway)
    assert errors_of(again(gateway, "/receipts/x")) == [("RECEIPT_NOT_FOUND", None)]
    assert again(gateway, PATH[:-1]).status_code == 404
    assert errors_of(again(gateway, headers={"Idempotency-Key": "x" * 300})) == [("IDEMPOTENCY_KEY", None)]
    assert gateway.client.get(f"{PATH}/opt-in").status_code == 405
    assert storage.asked == []


def test_who_asks_too_often_has_to_wait(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS, rate_limit="1/hour", clock=lambda: SOON)
    storage = Storage(gateway, {"sent": 1, "left": 2})
    assert [again(gateway).status_code for _ in range(2)] == [202, 429]
    assert len(storage.asked) == 1
    page = again(gateway, headers={"Accept": "text/html", "Sec-Fetch-Mode": "navigate"})
    assert "and press the button again" in page.text
    assert "What you typed" not in page.text
    assert "submissions" not in page.text


def test_a_script_on_another_page_may_ask(gateway: Gateway) -> None:
    asked = {"Origin": "https://www.example.org", "Access-Control-Request-Method": "POST"}
    answer = gateway.client.options(f"{PATH}/opt-in", headers=asked)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Methods"]) == (204, "POST, OPTIONS")
