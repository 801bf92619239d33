"""From when on a rule of retention counts: what takes more waits a day, what takes less counts at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.forms import Field, Form
from storage_service.retention.rules import COUNTS_AFTER, Key, Rule, Standing, rule_of, rules_of

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

RULES = some.builds(Rule, some.integers(1, 4), some.sampled_from(["erase", "anonymise"]))


def counting(rule: Rule | None) -> Standing:
    return Standing(rule)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, Rule(180)),
        (Rule(180), Rule(18)),
        (Rule(180, "anonymise"), Rule(180, "erase")),
        (Rule(180, "anonymise"), Rule(179, "anonymise")),
    ],
)
def test_what_takes_more_counts_a_day_after_it_was_seen(before: Rule | None, after: Rule) -> None:
    standing = counting(before).seen(after, NOW)
    assert (standing.counts, standing.asked, standing.asked_counts_at) == (before, after, NOW + COUNTS_AFTER)
    assert standing.seen(after, NOW + COUNTS_AFTER - HOUR) == standing
    assert standing.seen(after, NOW + COUNTS_AFTER) == counting(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Rule(18), Rule(180)),
        (Rule(180, "erase"), Rule(180, "anonymise")),
        (Rule(18), Rule(180, "anonymise")),
        (Rule(18), None),
    ],
)
def test_what_takes_less_counts_at_once(before: Rule, after: Rule | None) -> None:
    assert counting(before).seen(after, NOW) == counting(after)


def test_what_takes_more_in_one_way_and_less_in_another_takes_the_least_until_then() -> None:
    standing = counting(Rule(180, "anonymise")).seen(Rule(365, "erase"), NOW)
    assert (standing.counts, standing.asked) == (Rule(365, "anonymise"), Rule(365, "erase"))


def test_each_change_begins_the_day_anew() -> None:
    standing = counting(Rule(180)).seen(Rule(18), NOW).seen(Rule(17), NOW + HOUR)
    assert (standing.counts, standing.asked, standing.asked_at) == (Rule(180), Rule(17), NOW + HOUR)
    assert standing.seen(Rule(180), NOW + 2 * HOUR) == counting(Rule(180)), "the mistake was mended"


def test_a_form_that_was_gone_begins_anew() -> None:
    standing = counting(Rule(18)).seen(None, NOW).seen(Rule(18), NOW + HOUR)
    assert (standing.counts, standing.asked) == (None, Rule(18))


@given(some.lists(some.tuples(some.none() | RULES, some.integers(0, 30)), max_size=12))
def test_nothing_counts_that_did_not_stand_there_for_a_day(changes: list[tuple[Rule | None, int]]) -> None:
    """Whatever is written when: what counts takes no more than each thing that the file said in the last 24 hours."""
    standing, now, said = Standing(), NOW, list[tuple[datetime, Rule | None]]([(NOW, None)])
    for rule, hours in changes:
        standing, said = standing.seen(rule, now), [*said, (now, rule)]
        now += hours * HOUR
        standing = standing.seen(rule, now)
        ended = [later for later, _ in said[1:]]
        lately = [one for (_, one), end in zip(said, ended, strict=False) if end > now - COUNTS_AFTER] + [rule]
        for one in lately:
            assert standing.counts is None or (one and standing.counts.takes_no_more_than(one))
        assert standing.counts == rule or standing.asked == rule


def test_the_rules_of_a_file() -> None:
    days = timedelta(days=1)
    forms = {
        "kept": Form("kept", "Kept"),
        "some": Form("some", "Some", retention=9 * days, retention_action="anonymise"),
        "spam": Form("spam", "Spam", spam_retention=3 * days),
        "both": Form("both", "Both", retention=9 * days, spam_retention=3 * days, fields={"a": Field("a", "text")}),
        "asks": Form("asks", "Asks", unconfirmed_retention=30 * days),
    }
    assert rules_of(forms) == {
        Key("some", "submissions"): Rule(9, "anonymise"),
        Key("some", "spam"): Rule(9),
        Key("spam", "spam"): Rule(3),
        Key("both", "submissions"): Rule(9),
        Key("both", "spam"): Rule(3),
        Key("asks", "unconfirmed"): Rule(30),
    }
    assert rule_of(forms, Key("gone", "submissions")) is None
