"""Says what the page shows: what is done, what is missing, how good it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.forms import Form
from shared.forms.spam.rules import THRESHOLD
from storage_service.console.pages.spam.curve import Curve, CurveRow, Spot
from storage_service.console.pages.spam.words import at_least_of_100, at_most_of_100, of_100, some
from storage_service.console.spam import Does, Worth, does, worth_of
from storage_service.spam.gate import LABELS_LEAST, OF_A_KIND_LEAST, Missing
from storage_service.spam.models import StoredModel
from storage_service.spam.standing import Standing

_LISTS = {
    "links": "too many links",
    "min_time": "sent too soon",
    "deny_words": "unwanted words",
    "deny_hosts": "unwanted links",
    "deny_addresses": "unwanted addresses",
    "deny_networks": "unwanted networks",
    "allow_addresses": "allowed addresses",
    "allow_networks": "allowed networks",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One of three steps: learn, show, hold. `missing` says what leads to the next."""

    name: str
    about: str
    is_now: bool
    is_reached: bool
    missing: str = ""


@dataclass(frozen=True, slots=True)
class FormLine:
    """What is done with a form, in words."""

    name: str
    title: str
    does: str
    rules: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the model in use is, in words."""

    tried: str
    caught: str
    caught_at_least: str
    lost: str
    lost_at_most: str
    figures: str


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A model, in words."""

    version: str
    made_at: datetime
    source: str
    caught: str
    lost: str
    is_current: bool
    can_be_used: bool
    why: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """All that the page says, but for what only owners see."""

    says: str
    stages: Sequence[Stage]
    good: int
    spam: int
    forms: Sequence[FormLine]
    quality: Quality | None
    curve: Curve | None
    since: str
    least: int = OF_A_KIND_LEAST


def told(standing: Standing, forms: Iterable[Form]) -> Told:
    """Return what is said of these forms."""
    lines = [(form, does(form, standing)) for form in forms]
    worth = worth_of(standing.current.evaluation) if standing.current else None
    return Told(
        says=_says(standing, [what for _, what in lines]),
        stages=_stages(standing, is_holding=any(what == "holds" for _, what in lines)),
        good=standing.good,
        spam=standing.spam,
        forms=[FormLine(form.name, form.title, _does(form, what), _rules(form)) for form, what in lines],
        quality=_quality(worth) if worth else None,
        curve=_curve(worth) if worth else None,
        since=some(standing.new_labels, "new mark", "new marks") if standing.newest and standing.new_labels else "",
    )


def model_line(one: StoredModel) -> ModelLine:
    """Return what is said of a model."""
    worth = worth_of(one.evaluation)
    left_out = f", without those of {some(len(one.without_authors), 'account', 'accounts')}"
    source = f"{one.spam:,} spam and {one.good:,} good ones{left_out if one.without_authors else ''}"
    is_current, is_refused = one.state == "current", one.state == "refused"
    caught, lost = (of_100(worth.catch), of_100(worth.loss)) if worth else ("not tried", "not tried")
    why = f"It got worse: {one.why}" if is_refused else one.why and f"It waits: {one.why}"
    if is_current:
        why = None
    return ModelLine(one.version, one.made_at, source, caught, lost, is_current, not is_current and not is_refused, why)


def _says(standing: Standing, what: Sequence[Does]) -> str:
    if standing.current is None:
        return "It learns from what you mark. Until it knows enough it gives no score, and holds nothing back."
    if "holds" in what:
        holding = some(what.count("holds"), "form", "forms")
        return f"It holds back what looks like spam, for {holding}. Nothing is lost: you see it in the list Spam."
    if standing.current.may_hold:
        return "It shows how much each submission looks like spam, and holds none back. It is good enough to do so."
    return "It shows how much each submission looks like spam, and holds none back."


def _stages(standing: Standing, *, is_holding: bool) -> list[Stage]:
    has_model = standing.current is not None
    may_hold = standing.current is not None and standing.current.may_hold
    return [
        Stage(
            "It learns",
            "You mark what is spam and what is not. Nothing is held back for it.",
            is_now=not has_model,
            is_reached=True,
            missing="" if has_model else _to_score(standing),
        ),
        Stage(
            "It shows",
            f"With {LABELS_LEAST} marks, {OF_A_KIND_LEAST} of each kind, each submission gets a score, 0 to 100, and"
            " you see why. None is held back for it.",
            is_now=has_model and not is_holding,
            is_reached=has_model,
            missing=_to_hold(standing.missing_to_hold) if has_model and not may_hold else "",
        ),
        Stage(
            "It holds back",
            "Once it has proved that it takes at most 1 of 100 good ones for spam, a form may hold back what scores"
            f' {THRESHOLD} or more: mode = "hold" in the forms file.',
            is_now=is_holding,
            is_reached=may_hold,
        ),
    ]


def _to_score(standing: Standing) -> str:
    found = standing.missing_to_train
    if found is None:
        return ""
    rest = max(0, LABELS_LEAST - standing.good - standing.spam - found.good - found.spam)
    parts = [
        *([some(found.spam, "more spam", "more spam")] if found.spam else []),
        *([some(found.good, "more good one", "more good ones")] if found.good else []),
        *([f"{rest:,} more of either kind"] if rest else []),
    ]
    return _listed(parts)


def _to_hold(found: Missing | None) -> str:
    if found is None:
        return ""
    if not found.good and not found.spam:
        return found.words
    parts = [
        *([some(found.good, "more good one", "more good ones")] if found.good else []),
        *([some(found.spam, "more spam", "more spam")] if found.spam else []),
    ]
    return f"about {_listed(parts)}"


def _listed(parts: Sequence[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def _does(form: Form, what: Does) -> str:
    catching = [key for key in form.spam.written_rules if not key.startswith("allow_")]
    delivers = "delivers all but what its lists and limits catch" if catching else "delivers all"
    return {
        "nothing": "Nothing: it is off",
        "learns": f"Learns from what you mark, {delivers}",
        "shows": f"Shows the score, {delivers}",
        "holds": f"Holds back what scores {max(form.spam.threshold or 0, THRESHOLD)} or more",
        "waits": f"Shows the score, {delivers}. It is to hold back once enough is known",
    }[what]


def _rules(form: Form) -> str:
    if form.spam.mode == "off":
        return ""
    return ", ".join(_LISTS.get(key, key) for key in form.spam.written_rules)


def _quality(worth: Worth) -> Quality:
    return Quality(
        tried=f"{worth.spam:,} spam and {worth.good:,} good ones",
        caught=of_100(worth.catch),
        caught_at_least=at_least_of_100(worth.catch_bound),
        lost=of_100(worth.loss),
        lost_at_most=at_most_of_100(worth.loss_bound),
        figures=f"{worth.caught:,} of {worth.spam:,} spam caught, {worth.lost:,} of {worth.good:,} good ones held back",
    )


def _curve(worth: Worth) -> Curve | None:
    if len(worth.curve) < 2:
        return None
    spots = [Spot(loss, catch) for _, loss, catch in worth.curve]
    tens = [one for one in worth.curve if one[0] % 5 == 0 and one[0] >= 50]
    rows = [CurveRow(score, of_100(catch), of_100(loss)) for score, loss, catch in tens]
    return Curve(spots, Spot(worth.loss, worth.catch), rows)
