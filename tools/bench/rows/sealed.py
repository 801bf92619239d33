"""Measures accepts of a form with one sealed field beside accepts of the same form without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.claims import ACCEPTS, OPEN_FIELDS, SEALED_FIELD
from bench.rounds import Subject
from bench.rows.accepts import post
from bench.services import gateway
from bench.world import World
from shared.sealing import new_key

_FORM = """
[forms.signup]
[forms.signup.fields]
name = {{type = "text", required = true, max_length = 200, sensitive = {sensitive}}}
email = {{type = "email", required = true}}
"""


@contextmanager
def sealed(world: World) -> Iterator[list[Subject]]:
    """Yield a gateway that seals a field of each submission, and one that seals none."""
    kinds = {SEALED_FIELD: "true", OPEN_FIELDS: "false"}
    yield [Subject(name, partial(_load, world, name, sensitive)) for name, sensitive in kinds.items()]


def _load(world: World, name: str, sensitive: str) -> Mapping[str, float]:
    forms = Path(world.directory, f"sensitive-{sensitive}.toml")
    forms.write_text(_FORM.format(sensitive=sensitive))
    key = str(new_key().sealing)
    with gateway(world.broker.url, name=name, forms=str(forms), sealing_key=key).running(world.directory) as running:
        return {ACCEPTS: post(world, running.port).requests_per_s}
