"""The ledger itself: each thing that can go wrong is found, and nothing is found where nothing is wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from support.ledger import Attempt, Entry, Ledger
from support.ledger_verdict import Allowed, Holdings, Observed, StoredRow, Verdict, compare

ACKED = Attempt("acked", 202, at=1.0, took_s=0.1, id="one")
REFUSED = Attempt("rejected", 422, at=1.0, took_s=0.1)
UNKNOWN = Attempt("unknown", 503, at=1.0, took_s=0.1)
SOUND = Holdings(stored=[StoredRow("one", "sha-one")], mailed=Counter({"ada@example.org": 1}))


def entry(*attempts: Attempt, sha256: str = "sha-one") -> Entry:
    return Entry("key", "signup", "ada@example.org", sha256, sent_at=0.0, attempts=list(attempts))


def broken(verdict: Verdict) -> set[str]:
    return {finding.invariant[:2] for finding in verdict.findings if finding.culprits}


def test_a_sound_installation_is_ok() -> None:
    verdict = compare([entry(UNKNOWN, ACKED, ACKED)], SOUND)
    assert verdict.ok
    assert str(verdict).endswith("\nOK")


def test_an_empty_ledger_is_never_ok() -> None:
    assert not compare([], Holdings(stored=[], mailed=Counter())).ok


def test_a_ledger_without_a_202_is_never_ok() -> None:
    verdict = compare([entry(UNKNOWN)], Holdings(stored=[], mailed=Counter()))
    assert not verdict.ok
    assert "nothing was accepted" in str(verdict)


@pytest.mark.parametrize(
    ("invariant", "holdings"),
    [
        ("I1", replace(SOUND, stored=[])),
        ("I1", replace(SOUND, stored=[*SOUND.stored, *SOUND.stored])),
        ("I1", replace(SOUND, stored=[*SOUND.stored, StoredRow("two", "sha-one")])),
        ("I2", replace(SOUND, stored=[StoredRow("one", "sha-changed")])),
        ("I2", replace(SOUND, stored=[*SOUND.stored, StoredRow("two", "sha-never-sent")])),
        ("I4", replace(SOUND, mailed=Counter())),
        ("I4", replace(SOUND, mailed=None)),
        ("I5", replace(SOUND, mailed=Counter({"ada@example.org": 2}))),
        ("I5", replace(SOUND, mailed=Counter({"ada@example.org": 1, "else@example.org": 1}))),
        ("I6", replace(SOUND, parked=Counter({"one": 1}))),
    ],
)
def test_what_an_installation_holds_wrongly_is_found(invariant: str, holdings: Holdings) -> None:
    verdict = compare([entry(ACKED)], holdings)
    assert invariant in broken(verdict)
    assert not verdict.ok


def test_two_ids_for_one_key_are_found() -> None:
    assert "I1" in broken(compare([entry(ACKED, replace(ACKED, id="two"))], SOUND))


def test_a_stored_rejection_is_found() -> None:
    stored = [*SOUND.stored, StoredRow("two", "sha-two")]
    entries = [entry(ACKED), entry(REFUSED, sha256="sha-two")]
    assert "I3" in broken(compare(entries, replace(SOUND, stored=stored)))


def test_a_late_answer_is_found() -> None:
    assert broken(compare([entry(replace(ACKED, took_s=9.0))], SOUND)) == {"I7"}


def test_missing_poison_is_found() -> None:
    assert broken(compare([entry(ACKED)], SOUND, Allowed(poison=Counter(["bad"])))) == {"I6"}


def test_a_duplicate_mail_inside_the_allowance_is_ok() -> None:
    twice = replace(SOUND, mailed=Counter({"ada@example.org": 2}))
    assert compare([entry(ACKED)], twice, Allowed(duplicate_mails=1)).ok


def test_a_visible_failure_stands_for_a_mail() -> None:
    assert compare([entry(ACKED)], replace(SOUND, mailed=Counter(), failed=frozenset({"one"}))).ok


def test_what_is_held_where_the_owner_sees_it_stands_for_a_mail_and_is_counted() -> None:
    held = replace(SOUND, mailed=Counter(), held=frozenset({"one"}))
    for holdings in (held, replace(held, mailed=None)):
        verdict = compare([entry(ACKED)], holdings)
        assert verdict.ok
        assert verdict.counts["held"] == 1
        assert broken(compare([entry(ACKED)], replace(holdings, held=frozenset()))) == {"I4"}


@pytest.mark.parametrize(
    ("invariant", "observed"),
    [
        ("I8", Observed(returns_s=[1.0, 10.1])),
        ("I8", Observed(waiting={"empty": 0, "full": 1})),
        ("I8", Observed(waiting={"not there": -1})),
        ("I9", Observed(gone=["storage-0"])),
        ("I9", Observed(swollen=["storage-0: 301 MB"])),
    ],
)
def test_what_was_observed_is_found(invariant: str, observed: Observed) -> None:
    verdict = compare([entry(ACKED)], SOUND, observed=observed)
    assert broken(verdict) == {invariant}
    assert not verdict.ok


def test_what_nobody_observed_is_not_said_to_hold() -> None:
    said = {finding.invariant[:2]: finding.says for finding in compare([entry(ACKED)], SOUND).findings}
    assert (said["I8"], said["I9"]) == ("not asked", "not asked")


def test_what_waits_where_others_submit_may_be_theirs() -> None:
    verdict = compare([entry(ACKED)], replace(SOUND, alone=False), observed=Observed(waiting={"full": 1}))
    assert verdict.ok


def test_what_was_not_answered_may_be_stored_or_not() -> None:
    entries = [entry(ACKED), entry(UNKNOWN, sha256="sha-two")]
    assert compare(entries, SOUND).ok
    assert compare(entries, replace(SOUND, stored=[*SOUND.stored, StoredRow("two", "sha-two")])).ok


def test_a_ledger_is_read_back_as_it_was_written_up_to_a_torn_last_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.will_send(entry())
    ledger.did_send("key", UNKNOWN)
    ledger.did_send("key", ACKED)
    ledger.close()
    with path.open("a") as torn:
        torn.write('{"key": "key", "att')
    assert Ledger(path).entries == {"key": entry(UNKNOWN, ACKED)}
