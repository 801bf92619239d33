"""Says what a rule of retention is, which of two takes more, and from when on a changed one counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias, get_args

from shared.forms import Form, RetentionAction

What: TypeAlias = Literal["submissions", "unconfirmed", "spam"]

WHATS: tuple[What, ...] = get_args(What)

COUNTS_AFTER = timedelta(hours=24)
"""How long a rule that takes more stands in the file before it counts: a typing error must not erase. So long is left
alone, too, what somebody has marked as spam."""


class Key(NamedTuple):
    """Whose rule it is: a form's, for its submissions, those that wait to be confirmed, or its spam."""

    form: str
    what: What


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done to what was accepted `days` ago."""

    days: int
    action: RetentionAction = "erase"

    def is_due_before(self, now: datetime) -> datetime:
        """Return the moment before which whatever was accepted is due."""
        return now - timedelta(days=self.days)

    def takes_no_more_than(self, other: Rule) -> bool:
        """Whether everything that it takes the other one takes too, and as soon."""
        return self.days >= other.days and (self.action == other.action or other.action == "erase")


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts by now, None for nothing, and what the file asks for beyond it since `asked_at`, None for nothing."""

    counts: Rule | None = None
    asked: Rule | None = None
    asked_at: datetime | None = None

    @property
    def asked_counts_at(self) -> datetime | None:
        """From when on it counts what the file asks for beyond what counts."""
        return self.asked_at + COUNTS_AFTER if self.asked_at else None

    def seen(self, rule: Rule | None, now: datetime) -> Standing:
        """Return how things stand when the file says this, now. What takes less counts at once."""
        if rule is None:
            return Standing()
        counts = self.counts and _less(self.counts, rule)
        if counts == rule:
            return Standing(rule)
        since = self.asked_at if self.asked == rule and self.asked_at else now
        return Standing(rule) if now >= since + COUNTS_AFTER else Standing(counts, rule, since)


def rules_of(forms: Mapping[str, Form]) -> Mapping[Key, Rule]:
    """Return the rules that the forms file states."""
    keys = [Key(name, what) for name in forms for what in WHATS]
    return {key: rule for key in keys if (rule := rule_of(forms, key))}


def rule_of(forms: Mapping[str, Form], key: Key) -> Rule | None:
    """Return what the forms file says now; None for nothing. Spam and what nobody confirmed are erased whatever becomes
    of the others."""
    form = forms.get(key.form)
    if form is None:
        return None
    if key.what == "spam":
        kept_for = form.spam_retention or form.retention
        return Rule(kept_for.days) if kept_for else None
    if key.what == "unconfirmed":
        return Rule(form.unconfirmed_retention.days) if form.unconfirmed_retention else None
    return Rule(form.retention.days, form.retention_action) if form.retention else None


def _less(one: Rule, other: Rule) -> Rule:
    """Return what both take, as late as the later of them."""
    actions = (one.action, other.action)
    return Rule(max(one.days, other.days), "anonymise" if "anonymise" in actions else "erase")
