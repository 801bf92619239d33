"""The ledger counts what was erased as erased: it is missing nowhere, and may be found nowhere."""

from __future__ import annotations

from collections import Counter

from counterfoil_ledger.balance import Balance
from counterfoil_ledger.records import Attempt, Entry
from support.ledger_verdict import Holdings, StoredRow, Verdict, compare


def an_entry(name: str) -> Entry:
    return Entry(name, "signup", f"{name}@example.org", f"sha {name}", 1.0, [Attempt("acked", 202, 2.0, 0.1, name)])


ENTRIES = [an_entry("kept"), an_entry("gone")]
KEPT = StoredRow("kept", "sha kept")


def verdict(erased: frozenset[str], *stored: StoredRow, mailed: Counter[str] | None = None) -> Verdict:
    return compare(ENTRIES, Holdings(stored, mailed, confirmed=frozenset({"kept"}), erased=erased))


def contradicted(found: Verdict) -> dict[str, tuple[str, ...]]:
    return {one.invariant: one.culprits for one in found.findings if one.culprits}


def test_what_was_erased_is_not_missing() -> None:
    found = verdict(frozenset({"gone"}), KEPT)
    assert contradicted(found) == {}
    assert (found.ok, found.counts["acked"], found.counts["erased since"]) == (True, 1, 1)


def test_it_is_missing_where_it_was_not_erased() -> None:
    assert contradicted(verdict(frozenset(), KEPT))["I1 every 202 is stored"] == ("gone",)


def test_what_was_erased_may_not_be_stored() -> None:
    found = contradicted(verdict(frozenset({"gone"}), KEPT, StoredRow("gone", "sha gone")))
    assert found["I1 nothing erased is stored"] == ("gone",)


def test_a_mail_of_before_its_erasure_went_to_nobody_else() -> None:
    mailed = Counter({"kept@example.org": 1, "gone@example.org": 1})
    assert contradicted(verdict(frozenset({"gone"}), KEPT, mailed=mailed)) == {}


def test_where_all_was_erased_something_was_accepted_nevertheless() -> None:
    assert verdict(frozenset({"kept", "gone"})).conclusion == "OK"


def test_the_figure_is_conserved() -> None:
    found = Balance(stored=5, erased=2, known=11, parked=1, waiting=0, unstored=frozenset({"a", "b", "c"}))
    [(_, known), *parts] = found.lines(nowhere=1)
    assert known == sum(count for _, count in parts)
    assert dict(parts)["+ erased"] == 2
