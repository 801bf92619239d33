"""The OpenAPI document is true: schemathesis finds no undocumented answer, and no fault of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.broker import Broker
from support.fuzzed import ACCEPTED, fuzzed_installation, schemathesis
from support.installation import Installation

SECONDS = 11
SEED = 20261122


@pytest.fixture(scope="module")
def installation(server_directory: Path, rabbitmq: Broker) -> Iterator[Installation]:
    with fuzzed_installation(server_directory / "openapi", rabbitmq.fresh_vhost()) as running:
        yield running


@pytest.mark.parametrize("accept", ACCEPTED)
def test_every_answer_is_as_described(installation: Installation, accept: str) -> None:
    """A short look, the same each time; `make fuzz` looks longer, and elsewhere each time."""
    done = schemathesis(installation, accept, seed=SEED, seconds=SECONDS)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout, done.stdout
