"""Measures what is judged as spam, and by which model."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from gateway.spam.judging import MODES, OUTCOMES


def verdicts_counter(registry: CollectorRegistry) -> Callable[[str, str], None]:
    """Return what counts a verdict by mode and outcome, each from 0."""
    verdicts = Counter(
        "counterfoil_spam_verdicts",
        "Submissions that were judged by a rule or a model, by the mode that counts and by what came of it.",
        ["mode", "outcome"],
        registry=registry,
    )
    counts: dict[tuple[str, str], Callable[[], None]] = {
        (mode, outcome): verdicts.labels(mode, outcome).inc for mode in MODES for outcome in OUTCOMES
    }
    return lambda mode, outcome: counts[mode, outcome]()


class SpamGauges:
    """Shows which model a gateway's workers hold: the oldest of them, and the longest silence."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._number = Gauge(
            "counterfoil_spam_model_held",
            "The number of the spam model that submissions are judged by; 0 without one.",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self._silent_s = Gauge(
            "counterfoil_spam_model_silent_seconds",
            "For how long storage has not said which spam model counts.",
            registry=registry,
            multiprocess_mode="livemax",
        )

    def set(self, number: int, silent_s: float) -> None:
        """Show a worker's model, and for how many seconds storage has said nothing of it."""
        self._number.set(number)
        self._silent_s.set(silent_s)
