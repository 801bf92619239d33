"""A receipt that is watched turns to stored and confirmed by itself: as an event stream, and as a long poll."""

from __future__ import annotations

import json

import requests

from support.visitor import JSON, Visitor

WAIT_S = 25


def test_the_event_stream_ends_with_confirmed(visitor: Visitor) -> None:
    url = visitor.submit()["receipt_url"]
    with requests.get(f"{url}/events", stream=True, timeout=WAIT_S) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        lines = [line for line in stream.iter_lines(chunk_size=1, decode_unicode=True) if line]
    receipts = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    states = [receipt["state"] for receipt in receipts]
    assert states[-1] == "confirmed"
    assert states == sorted(states, key=["accepted", "stored", "confirmed"].index), "a receipt never goes back"
    assert sum(line.startswith("id: ") for line in lines) == len(receipts)


def test_a_long_poll_answers_once_it_is_confirmed(visitor: Visitor) -> None:
    url = visitor.submit()["receipt_url"]
    answer = requests.get(url, headers={**JSON, "Prefer": f"wait={WAIT_S}"}, timeout=WAIT_S + 10)
    assert answer.headers["Preference-Applied"] == f"wait={WAIT_S}"
    assert answer.json()["state"] == "confirmed"
    assert answer.elapsed.total_seconds() < WAIT_S


def test_the_page_refreshes_itself_without_a_script_and_shows_the_state(visitor: Visitor) -> None:
    url = visitor.submit()["receipt_url"]
    visitor.await_confirmed(url)
    page = requests.get(url, headers={"Accept": "text/html"}, timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "confirmed" in page.text.lower()
    assert visitor.address not in page.text
