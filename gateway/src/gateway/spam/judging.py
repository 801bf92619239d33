"""Judges the submissions to one form, before they are published."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Literal, NamedTuple, TypeAlias

import structlog

from gateway.spam.models import HeldModel, Models
from gateway.spam.rules import rules_of
from gateway.spam.told import Told
from shared.contracts import Verdict
from shared.contracts.parts.verdict import REASON_MOST, REASONS_MOST, SCORE_MOST
from shared.forms import Form
from shared.spam import text_of

Outcome: TypeAlias = Literal["good", "spam", "rule", "allowed", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("good", "spam", "rule", "allowed", "failed")
MODES = ("shadow", "hold")

Judged: TypeAlias = Callable[[str, Outcome], None]
"""Takes note of a verdict: by what mode, and what came of it. It may not block or raise."""

_SHORT = itemgetter(slice(REASON_MOST))
_log = structlog.get_logger()


class Judgement(NamedTuple):
    """What was found of a submission: why it is spam, None where it is not; and what the model says, None without."""

    spam: str | None = None
    verdict: Verdict | None = None


NOTHING = Judgement()


class Judge:
    """Judges by a form's rules and by the model that is held, if there is one. It never raises."""

    def __init__(self, form: Form, models: Models, judged: Judged) -> None:
        self._form = form
        self._rules = rules_of(form)
        self._models = models
        self._judged = judged

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to judge by: else nothing need be told."""
        return self._rules is not None or self._models.held is not None

    def __call__(self, told: Told) -> Judgement:
        """Return the judgement. What a rule or the score finds changes neither an id nor an answer."""
        held = self._models.held
        try:
            return self._judgement(held, told)
        except Exception as error:  # noqa: BLE001 - a bug in it must not keep anybody from submitting
            model = held.name if held else None
            _log.error("no verdict", model=model, form=self._form.name, error=type(error).__name__)
            return self._found("shadow", "failed", None, None)

    def _judgement(self, held: HeldModel | None, told: Told) -> Judgement:
        rules, verdict = self._rules, self._verdict(held, told) if held is not None else None
        mode = "hold" if held is not None and held.model.may_hold and self._form.spam.mode == "hold" else "shadow"
        if rules is not None and rules.allow(told):
            return self._found(mode, "allowed", None, verdict)
        if rules is not None and (rule := rules.broken(told)):
            return self._found(mode, "rule", rule, verdict)
        # Of a lower threshold than the model's own nobody has proved how many good ones it loses.
        if held is None or verdict is None or verdict.score < max(self._form.spam.threshold or 0, held.model.threshold):
            return self._found(mode, "good", None, verdict)
        return self._found(mode, "spam", "score" if mode == "hold" else None, verdict)

    def _found(self, mode: str, outcome: Outcome, spam: str | None, verdict: Verdict | None) -> Judgement:
        self._judged(mode, outcome)
        return Judgement(spam, verdict)

    def _verdict(self, held: HeldModel, told: Told) -> Verdict:
        text = text_of(told.fields, form=self._form.name, language=told.language, address=told.address, ip=told.ip)
        score, reasons = held.model.score(text)
        return Verdict(min(max(score, 0), SCORE_MOST), held.name, tuple(map(_SHORT, reasons[:REASONS_MOST])))


class Judges:
    """Makes the judge of each form."""

    def __init__(self, models: Models, judged: Judged) -> None:
        self._models = models
        self._judged = judged

    def judge_of(self, form: Form) -> Judge | None:
        """Return who judges a form's submissions; None where it says `off`."""
        return None if form.spam.mode == "off" else Judge(form, self._models, self._judged)
