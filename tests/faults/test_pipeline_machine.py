"""Submissions, retries, other bodies under a key, and kill -9 of anything, in any order that Hypothesis thinks of.

The whole is real, and started once: each example uses keys of its own. `make test` runs a few short ones; `make fuzz`
more and longer ones. It prints its seed; `--hypothesis-seed` runs the same again, as far as real processes do.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import SystemRandom

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from dev.broker import Broker
from support.ledger_trial import StartTrial
from support.pipeline_model import Pipeline
from support.polling import eventually
from support.service import Service

MOST_AT_ONCE = 8
VICTIMS = st.sampled_from(["storage", "notify", "gateway", "broker"])

ACCEPTING_S = 30.0
"""How long until a healed installation takes a submission, while other tests want the same two cores."""


class Machine(RuleBasedStateMachine):
    """What users and accidents may do next, and what must hold whenever everything runs again."""

    keys = Bundle("keys")

    def __init__(self, pipeline: Pipeline, broker: Broker) -> None:
        super().__init__()
        self._pipeline = pipeline
        self._broker = broker
        installation = pipeline.trial.installation
        self._services = {"gateway": installation.gateway, "storage": installation.storage[0]}
        self._services["notify"] = installation.notify[0]

    @rule(target=keys, count=st.integers(1, MOST_AT_ONCE))
    def submit(self, count: int) -> MultipleResults[str]:
        """Submit something new, or several at once."""
        return self._submit(count)

    @rule(key=keys)
    def resubmit(self, key: str) -> None:
        """Send the same once more under the same key."""
        self._pipeline.submit(key)

    @rule(key=keys, name=st.sampled_from(["Grace", "Edsger"]))
    def submit_another_body(self, key: str, name: str) -> None:
        """Send something else under a key that was used."""
        self._pipeline.submit(key, name=name)

    @initialize(target=keys, victim=VICTIMS)
    def begin_with_a_kill(self, victim: str) -> MultipleResults[str]:
        """Kill something in every example: one without a kill would show nothing."""
        return self.kill_under_load(victim)

    @rule(target=keys, victim=VICTIMS)
    def kill_under_load(self, victim: str) -> MultipleResults[str]:
        """End a service or the broker with SIGKILL while submissions are sent; it stays away until it is healed."""
        target = self._broker if victim == "broker" else self._services[victim]
        if not target.is_running():
            return multiple()
        with ThreadPoolExecutor(1) as pool:
            submitting = pool.submit(self._submit, MOST_AT_ONCE)
            target.kill()
        self._pipeline.kills[victim] += 1
        return submitting.result()

    @rule()
    def heal(self) -> None:
        """Start whatever is away, and wait until a submission is taken."""
        down: list[Service] = [service for service in self._services.values() if not service.is_running()]
        if not self._broker.is_running():
            self._broker.start()
        elif not down:
            return
        for service in down:
            service.start()
        self._pipeline.trial.installation.await_ready()
        eventually(
            lambda: self._pipeline.submit(self._pipeline.new_key()) == 202,
            ACCEPTING_S,
            "a healed installation takes submissions",
        )

    @rule()
    def drain_and_check(self) -> None:
        """Heal, wait until all is worked off, and compare."""
        self.heal()
        self._pipeline.check()

    def _submit(self, count: int) -> MultipleResults[str]:
        keys = [self._pipeline.new_key() for _ in range(count)]
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(self._pipeline.submit, keys))
        return multiple(*keys)

    def teardown(self) -> None:
        """Whatever happened, in the end all is there."""
        self.drain_and_check()


@pytest.mark.hypothesis
def test_any_order_of_submissions_and_kills(
    start_trial: StartTrial, mortal_broker: Broker, request: pytest.FixtureRequest
) -> None:
    trial = start_trial(mortal_broker, settings={"COUNTERFOIL_SMTP_CONNECTIONS": "1"})
    pipeline = Pipeline(trial)
    given = request.config.getoption("--hypothesis-seed")
    chosen = SystemRandom().randrange(2**31) if given is None else int(given)
    print(f"--hypothesis-seed={chosen}")
    is_long = request.config.getoption("--hypothesis-profile") == "fuzz"

    def machine() -> Machine:
        return Machine(pipeline, mortal_broker)

    run_state_machine_as_test(
        seed(chosen)(machine),  # type: ignore[arg-type]  # whatever makes a machine will do
        settings=settings(
            max_examples=30 if is_long else 2,
            stateful_step_count=40 if is_long else 15,
            phases=(Phase.generate,),  # a real pipeline gives no smaller example of the same
            suppress_health_check=list(HealthCheck),
            deadline=None,
            database=None,
        ),
    )
    print(f"kills {dict(pipeline.kills)}, answers {dict(pipeline.statuses)}")
    assert pipeline.statuses[202], "vacuous: nothing was accepted"
    assert pipeline.kills, "vacuous: nothing was killed"
