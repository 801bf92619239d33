"""The OpenAPI document is true: schemathesis finds no undocumented answer, and no fault of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.broker import Broker
from support.fuzzed import ACCEPTED, fuzzed_installation, schemathesis
from support.installation import Installation

SECONDS = (11, 33, 99)
"""How long it looks; longer only where the machine is so slow that it has come to no answer at all."""

SEED = 20261122


@pytest.fixture(scope="module")
def installation(server_directory: Path, rabbitmq: Broker) -> Iterator[Installation]:
    with fuzzed_installation(server_directory / "openapi", rabbitmq.fresh_vhost()) as running:
        yield running


@pytest.mark.parametrize("accept", ACCEPTED)
def test_every_answer_is_as_described(installation: Installation, accept: str) -> None:
    """A short look, the same each time; `make fuzz` looks longer, and elsewhere each time."""
    for seconds in SECONDS:
        done = schemathesis(installation, accept, seed=SEED, seconds=seconds)
        assert done.returncode == 0, done.stdout
        if " passed" in done.stdout:
            return
    raise AssertionError(done.stdout)
