"""The ledger accounts for every delivery of every channel."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Mapping

import pytest

from counterfoil_ledger import values
from counterfoil_ledger.deliveries import Deliveries
from counterfoil_ledger.holdings import Holdings, StoredRow
from counterfoil_ledger.records import Attempt, Entry
from counterfoil_ledger.verdict import Allowed, Verdict, compare

ENTRY = Entry("key", "signup", "ada@example.org", "sha", 0.0, [Attempt("acked", 202, 0.0, 0.1, "one")])
ALL = Counter({("email", "sent"): 1, ("owner", "failed"): 1, ("webhook", "sent"): 2, ("slack", "held"): 1})
EXPECTED = {"email": 1, "owner": 1, "webhook": 2, "slack": 1}


def verdict(
    found: Deliveries | None, expected: Mapping[str, int] | None = EXPECTED, untold: frozenset[str] | None = frozenset()
) -> Verdict:
    holdings = Holdings([StoredRow("one", "sha")], Counter({"ada@example.org": 1}), deliveries=found, untold=untold)
    return compare([ENTRY], holdings, Allowed(deliveries=expected))


def culprits(given: Verdict) -> list[str]:
    return [one for finding in given.findings for one in finding.culprits]


def test_what_ended_visibly_over_every_channel_is_accounted_for() -> None:
    found = verdict({"one": ALL})
    assert found.ok, str(found)
    assert found.counts["deliveries sent"] == 3
    assert found.counts["deliveries failed"] == found.counts["deliveries held"] == 1


@pytest.mark.parametrize("state", ["pending", "sending", "retrying"])
def test_one_that_did_not_end_is_named(state: str) -> None:
    found = verdict({"one": ALL - Counter({("slack", "held"): 1}) + Counter({("slack", state): 1})})
    assert culprits(found) == [f"one slack {state}"]
    assert not found.ok


def test_one_that_is_missing_or_too_many_is_named() -> None:
    assert culprits(verdict({})) == [f"one {name}: 0, expected {EXPECTED[name]}" for name in sorted(EXPECTED)]
    assert culprits(verdict({"one": ALL + Counter({("email", "sent"): 1})})) == ["one email: 2, expected 1"]
    assert culprits(verdict({"one": ALL + Counter({("teams", "sent"): 1})})) == ["one teams: 1, expected 0"]


def test_what_storage_does_not_know_is_named() -> None:
    assert culprits(verdict({"one": ALL}, untold=frozenset({"two failed"}))) == ["two failed"]


def test_what_nobody_looked_at_is_said_to_be_so() -> None:
    not_asked = [one.not_asked for one in verdict(None, None, None).findings if one.invariant.startswith("I10")]
    assert not_asked == ["nobody looked", "nobody looked", "unknown from here"]
    unsaid = [one.not_asked for one in verdict({"one": ALL}, None).findings if one.invariant.startswith("I10")]
    assert unsaid == [None, "nobody said how many", None]


def test_what_is_expected_is_read_from_the_command_line() -> None:
    assert values.expected("webhook=2") == ("webhook", 2)
    for wrong in ("webhook", "=2", "webhook=", "webhook=two", "webhook=-1"):
        with pytest.raises(ArgumentTypeError, match="is not CHANNEL=NUMBER"):
            values.expected(wrong)
