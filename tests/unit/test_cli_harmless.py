"""What strangers send can do nothing on a terminal, whatever it is."""

# ruff: noqa: RUF001 - signs that look like others are what this is about

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_cli.harmless import BLOCK_MOST, LINE_MOST, block, line
from counterfoil_cli.output import Output
from counterfoil_cli.page import lines_of
from counterfoil_cli.refusals import marked
from counterfoil_cli.submissions import COLUMNS, row
from support.texts import TEXTS

HOSTILE = {
    "a colour": ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    "clear the screen": ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
    "a title": ("\x1b]0;gone\x07", "\\x1b]0;gone\\x07"),
    "the clipboard": ("\x1b]52;c;cm0gLXJm\x1b\\", "\\x1b]52;c;cm0gLXJm\\x1b\\"),
    "a link": ("\x1b]8;;https://example.org\x1b\\here", "\\x1b]8;;https://example.org\\x1b\\here"),
    "an answer of the terminal": ("\x1b[6n\x05", "\\x1b[6n\\x05"),
    "CSI in one character": ("\x9b31m", "\\x9b31m"),
    "OSC in one character": ("\x9d0;x\x9c", "\\x9d0;x\\x9c"),
    "back over what stood there": ("ok\x08\x08no", "ok\\x08\\x08no"),
    "back to the begin of the line": ("safe\rrm", "safe rm"),
    "another row": ("a\nIS FINE\n", "a IS FINE"),
    "another row for some": ("a\u2028b\u2029c\x85d\vd\fe", "a b c d d e"),
    "right to left": ("\u202egpj.exe", "\\u202egpj.exe"),
    "isolates": ("\u2066a\u2069\u200f\u061c", "\\u2066a\\u2069\\u200f\\u061c"),
    "what cannot be seen": ("a\u200bb\ufeffc\u00add", "a\\u200bb\\ufeffc\\xadd"),
    "tags": ("a\U000e0041", "a\\U000e0041"),
    "half a pair": ("a\ud800b", "a\\ud800b"),
    "NUL and delete": ("a\x00b\x7f", "a\\x00b\\x7f"),
    "a no-break space": ("10\u00a0kg", "10 kg"),
    "a family": ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
    "Persian": ("می\u200cخواهم", "می\u200cخواهم"),
    "markup": ("[bold red]x[/] :smile:", "[bold red]x[/] :smile:"),
}
NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
ESCAPE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\u2028\u2029]")
SUBMISSION = {"id": "9b2f61c0-8c1e-4a5b-9d1b-2f6a3e9d4f10", "accepted_at": "2026-11-22T17:59:30Z", "status": "new"}


@pytest.mark.parametrize("kind", HOSTILE)
def test_it_is_shown_as_escapes(kind: str) -> None:
    text, shown = HOSTILE[kind]
    assert line(text) == shown


@pytest.mark.parametrize("kind", TEXTS)
def test_whatever_text_our_services_know_of_is_one_harmless_line(kind: str) -> None:
    assert not ESCAPE.search(line(TEXTS[kind].text))
    assert not any(ESCAPE.search(one) for one in block(TEXTS[kind].text))


@given(st.text(st.characters()))
def test_any_text_is_one_harmless_line(text: str) -> None:
    shown = line(text)
    assert not ESCAPE.search(shown)
    assert {unicodedata.category(one) for one in shown} - {"Cf"} <= {
        *("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No"),
        *("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs"),
    }
    assert {one for one in shown if unicodedata.category(one) == "Cf"} <= {"\u200c", "\u200d"}
    assert not any(ESCAPE.search(one) for one in block(text))


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_table_page_or_message_has_it(kind: str) -> None:
    """In every place where the API has a text."""
    text, _ = HOSTILE[kind]
    submission = {
        **SUBMISSION,
        "form": text,
        "status": text,
        "spam": text,
        "score": 97,
        "reasons": [{"code": text, "words": text}, {"code": text}],
        "labels": [text],
        "assignee": text,
        "fields": {text: text, "name": text, "list": [text], "deep": {text: [text]}},
        "field_labels": {text: text, "name": text},
        "control": {"reply_to": text},
        "deliveries": [{"channel": text, "state": text, "destination": text, "reason": text, "changed_at": text}],
        "notes": [{"by": text, "at": text, "text": text}],
        "trail": [
            {"by": text, "at": text, "changes": {text: [text, text], "labels": {text: [text], "removed": [text]}}}
        ],
    }
    out, err = StringIO(), StringIO()
    said = Output(out, err, {})
    said.table(COLUMNS, [row(submission, NOW)])
    assert len(out.getvalue().splitlines()) == 2, "a row is a line"
    for one in lines_of(submission, NOW):
        said.line(one)
    said.complain("\n".join(marked(f"a {text} b", {"offset": 2, "length": len(text)})))
    said.json(submission)
    for shown in (out.getvalue(), err.getvalue()):
        assert not ESCAPE.search(shown)


def test_a_value_cannot_look_like_a_line_of_ours() -> None:
    submission = {**SUBMISSION, "fields": {"message": "bye\n\nwhat was done\n    ada  state: new → done"}}
    lines = [one.plain for one in lines_of(submission, NOW)]
    assert "    what was done" in lines
    assert "what was done" not in lines


def test_how_much_it_looks_like_spam_is_said_with_why() -> None:
    reasons = [{"code": "links:3:2", "words": "3 links to 2 hosts"}, {"code": "new:1"}]
    lines = [one.plain for one in lines_of({**SUBMISSION, "score": 87, "reasons": reasons}, NOW)]
    assert "looks like spam: 87 of 100 (3 links to 2 hosts; new:1)" in lines
    assert "score 87" in lines[1]
    few = [one.plain for one in lines_of({**SUBMISSION, "score": 3, "reasons": []}, NOW)]
    assert "looks like spam: 3 of 100" in few
    assert "score" not in few[1], "a list does not say it of what looks like none"
    none = [one.plain for one in lines_of({**SUBMISSION, "score": None, "reasons": []}, NOW)]
    assert not any("looks like" in one for one in none)


def test_whether_its_address_is_confirmed_is_said() -> None:
    waits = [one.plain for one in lines_of({**SUBMISSION, "opt_in": "waiting", "opted_in_at": None}, NOW)]
    assert "unconfirmed" in waits[1]
    told = {"opt_in": "confirmed", "opted_in_at": "2026-11-22T17:03:44Z"}
    confirmed = [one.plain for one in lines_of({**SUBMISSION, **told}, NOW)]
    assert "unconfirmed" not in confirmed[1]
    assert any(one.startswith("address confirmed ") for one in confirmed)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"added": ["Urgent", "VIP"], "removed": ["Later"]}, "labels: added Urgent, VIP; removed Later"),
        ({"added": [], "removed": ["Later"]}, "labels: removed Later"),
        ({"added": [], "removed": []}, "labels: none"),
    ],
)
def test_labels_that_somebody_put_on_or_took_off_are_words(labels: dict[str, list[str]], said: str) -> None:
    trail = [{"by": "ada", "at": "2026-11-22T17:00:00Z", "changes": {"labels": labels}}]
    last = [one.plain for one in lines_of({**SUBMISSION, "trail": trail}, NOW)][-1]
    assert last.endswith(f"  ada  {said}")


def test_a_long_text_is_cut_before_work_is_done_on_it() -> None:
    assert len(line("\x1b" * 10_000_000)) < LINE_MOST * 4
    assert sum(map(len, block("a\n" * 10_000_000))) < BLOCK_MOST


def test_json_is_exact_and_harmless() -> None:
    out = StringIO()
    Output(out, StringIO(), {}).json({"a": "\x1b\x7f\u202eö"})
    assert out.getvalue() == '{"a":"\\u001b\\u007f\\u202e\\u00f6"}\n'
