"""What people may write beside a submission, and what comes of a change; no database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage_service.jobs.kinds import way_back
from storage_service.records.folding import folded_label
from storage_service.work import BadValue, Change
from storage_service.work.change import Standing, difference
from storage_service.work.values import LABEL_MOST, LABELS_MOST, assignee_of, labels_of

NEW = Standing("new", starred=False, labels=(), assignee=None, spam=None)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("  very \t urgent\n", "very urgent"),
        ("Stra\u00dfe", "Stra\u00dfe"),
        ("e\u0301", "\u00e9"),
        ("a\x1bb\u2028c", "ab c"),
        (
            "\u6771\u4eac \U0001f468\u200d\U0001f469\u200d\U0001f467",
            "\u6771\u4eac \U0001f468\u200d\U0001f469\u200d\U0001f467",
        ),
        ("x" * LABEL_MOST, "x" * LABEL_MOST),
    ],
)
def test_a_label_is_cleaned(text: str, label: str) -> None:
    assert labels_of("labels", [text]) == (label,)


@pytest.mark.parametrize(
    "text", ["", " ", "\x1b", "a\0", "\ud800", "x" * (LABEL_MOST + 1), "x" * 10_000_000, 'a"b', "\u201ca\u201d"]
)
def test_a_label_that_is_not_taken_is_named(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        labels_of("add_labels", ["good", text])
    assert refused.value.member == "add_labels"


@pytest.mark.parametrize(
    ("one", "other"), [("Urgent", "uRGENT"), ("STRASSE", "stra\u00dfe"), ("\uff35rgent", "urgent"), ("a  b", "A b")]
)
def test_labels_are_the_same_in_any_case(one: str, other: str) -> None:
    assert folded_label(one) == folded_label(other)
    assert labels_of("labels", [one, other]) == labels_of("labels", [one])


@pytest.mark.parametrize(
    ("text", "address"),
    [(" Ada@Example.ORG ", "ada@example.org"), ("", ""), (" ", ""), ("\u00c4da@example.org", "\u00e4da@example.org")],
)
def test_an_assignee_is_an_address_in_small_letters(text: str, address: str) -> None:
    assert assignee_of(text) == address


@pytest.mark.parametrize(
    "text",
    ["ada", "me", "none", "@example.org", "ada@", "a b@example.org", "a\0@example.org", "x" * 400 + "@example.org"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="assignee: expected a mail address"):
        Change(assignee=text)


_LABELS = st.lists(st.sampled_from(["a", "A", "b", "B c", "\u00df", "ss", "d"]), max_size=4).map(tuple)
_CHANGES = st.builds(
    Change,
    state=st.sampled_from([None, "new", "open", "done"]),
    starred=st.sampled_from([None, True, False]),
    labels=st.none() | _LABELS,
    assignee=st.sampled_from([None, "", "ada@example.org"]),
    spam=st.sampled_from([None, True, False]),
    spam_because=st.sampled_from([None, "honeypot"]),
) | st.builds(Change, add_labels=_LABELS, remove_labels=_LABELS)


@given(changes=st.lists(_CHANGES, min_size=1, max_size=4))
def test_a_change_is_written_and_read_and_taken_back(changes: list[Change]) -> None:
    before = NEW
    for change in changes:
        assert Change.of_json(change.to_json()) == change
        after = before.after(change)
        assert after.after(change) == after, "done twice it is as done once"
        back = after.after(before.back_from(after))
        assert difference(before, back) == {}
        assert difference(before, after.after(way_back(difference(before, after)))) == {}
        assert difference(before, before.after(before.back_from(before))) == {}
        before = after


def test_there_are_so_many_labels() -> None:
    full = NEW.after(Change(labels=tuple(f"l{n}" for n in range(LABELS_MOST))))
    assert full.after(Change(add_labels=("L1",))) == full
    with pytest.raises(BadValue, match="it would have 21 labels, 20 at most"):
        full.after(Change(add_labels=("more",)))
    assert len(full.after(Change(add_labels=("more",), remove_labels=("l1",))).labels) == LABELS_MOST
