"""The metrics of what mails lead to: buttons in them, and providers that tell of those that came back."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from gateway.bounces.hooks import OUTCOMES, PROVIDERS
from gateway.http.counting import MailCounters

PRESSED = ("thanks", "used", "expired", "forged", "erased", "away")
LEFT = ("done", "forged", "away")
"""What may come of a button: see `opt_in.words` and `unsubscribe.words`. The other outcomes there are of looking."""


def mail_counters(registry: CollectorRegistry) -> MailCounters:
    """Return what counts them in a registry; all is shown from the start, at zero."""
    opt_ins = Counter(
        "counterfoil_opt_in_presses",
        "Presses of the button that confirms an address, by what came of them.",
        ["outcome"],
        registry=registry,
    )
    unsubscribes = Counter(
        "counterfoil_unsubscribes",
        "Presses of the button, and one clicks of mail programs, by whoever wants no more mails.",
        ["outcome"],
        registry=registry,
    )
    calls = Counter(
        "counterfoil_bounce_calls",
        "Calls of mail providers that tell of bounces: accepted, forged, replayed (too old), malformed, away.",
        ["provider", "outcome"],
        registry=registry,
    )
    for outcome in PRESSED:
        opt_ins.labels(outcome)
    for outcome in LEFT:
        unsubscribes.labels(outcome)
    for provider in PROVIDERS:
        for outcome in OUTCOMES:
            calls.labels(provider, outcome)
    return MailCounters(
        opt_in=lambda outcome: opt_ins.labels(outcome).inc(),
        unsubscribe=lambda outcome: unsubscribes.labels(outcome).inc(),
        bounce_call=lambda provider, outcome: calls.labels(provider, outcome).inc(),
    )
