"""Measures accepts of a form that a spam model judges, and of one that is judged by nobody, beside no model at all."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.claims import ACCEPTS, JUDGED, NO_MODEL, NOT_JUDGED
from bench.program import Program
from bench.rounds import BenchFailed, Subject
from bench.rows.accepts import post
from bench.services import gateway
from bench.world import World
from dev.processes import free_port, poll

_FORM = """
[forms.signup]
[forms.signup.fields]
name = {{type = "text", required = true, max_length = 200}}
email = {{type = "email", required = true}}
[forms.signup.spam]
mode = "{mode}"
"""
_MODEL, _VERDICTS = "counterfoil_spam_model_held", "counterfoil_spam_verdicts_total"
_STARTS_S = 120


@contextmanager
def judged(world: World) -> Iterator[list[Subject]]:
    """Yield a gateway that has a model and judges, one that has it for other forms, and one without any."""
    yield [
        Subject(JUDGED, partial(_beside_a_model, world, JUDGED, "shadow")),
        Subject(NOT_JUDGED, partial(_beside_a_model, world, NOT_JUDGED, "off")),
        Subject(NO_MODEL, partial(_load, world, NO_MODEL, "shadow", is_held=False)),
    ]


def _beside_a_model(world: World, name: str, mode: str) -> Mapping[str, float]:
    variables = {"BROKER_URL": world.broker.url, "DATABASE_URL": f"sqlite:///{world.directory}/model.db"}
    model = Program("a spam model", (sys.executable, "-m", "bench.limits.model_alone"), variables)
    with model.running(world.directory):
        return _load(world, name, mode, is_held=True)


def _load(world: World, name: str, mode: str, *, is_held: bool) -> Mapping[str, float]:
    forms, metrics = Path(world.directory, f"spam-{mode}.toml"), f"127.0.0.1:{free_port()}"
    forms.write_text(_FORM.format(mode=mode))
    started = gateway(world.broker.url, name=name, forms=str(forms), metrics_bind=metrics)
    with started.running(world.directory) as running:
        if is_held and not poll(lambda: _sum_of(_MODEL, metrics) > 0, timeout_s=_STARTS_S, every_s=0.2):
            raise BenchFailed(f"{name}: no gateway has fetched the model")
        done = post(world, running.port)
        verdicts, expected = _sum_of(_VERDICTS, metrics), done.requests if name == JUDGED else 0
        if (verdicts > 0) != (expected > 0) or verdicts < expected:
            raise BenchFailed(f"{name}: {verdicts:.0f} verdicts on {done.requests} submissions")
    return {ACCEPTS: done.requests_per_s}


def _sum_of(metric: str, bind: str) -> float:
    with urllib.request.urlopen(f"http://{bind}/metrics", timeout=10) as answer:  # loopback, a fixed address
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{metric}{{", f"{metric} ")))
