"""Measures accepts and stored a second by the size of a submission, by its fields, and by connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.claims import ACCEPT_P99, ACCEPTS, STORED
from bench.cpu import Meter
from bench.database import Counted
from bench.draining import drain
from bench.events import bodies
from bench.growth import Measure
from bench.services import gateway, storage
from bench.world import World
from bench.wrk import SIGNUP, run_wrk, warm_up
from shared.messaging.topology import STORAGE

CONNECTIONS = 64
BACKLOG_BYTES_MOST = 50_000_000


@contextmanager
def by_size(world: World) -> Iterator[Measure]:
    """Yield what measures submissions with a text of so many bytes."""
    yield from _by_fields(world, "size", lambda size: {"name": "Ada", "email": "ada@example.org", "text": "x" * size})


@contextmanager
def by_fields(world: World) -> Iterator[Measure]:
    """Yield what measures submissions with so many fields, each checked."""
    yield from _by_fields(
        world, "fields", lambda count: {f"field_{number}": "a short answer" for number in range(count)}
    )


@contextmanager
def by_connections(world: World) -> Iterator[Measure]:
    """Yield what measures so many connections at once."""

    def measure(connections: int) -> Mapping[str, float]:
        with gateway(world.broker.url).running(world.directory) as running:
            return accepted(world, running.pid, f"http://127.0.0.1:{running.port}/f/signup", SIGNUP, connections)

    yield measure


def accepted(world: World, pid: int, url: str, script: Path, connections: int = CONNECTIONS) -> dict[str, float]:
    """Load a gateway, warm, and return how many it accepts, how late the slowest are, and what one costs it."""
    warm_up(url, connections=connections, seconds=world.scale.warm_up_s, script=script)
    meter = Meter({"gateway": pid})
    done = run_wrk(url, connections=connections, seconds=world.scale.load_s, script=script)
    costs = meter.each_us(done.requests)
    return {ACCEPTS: done.requests_per_s, ACCEPT_P99: done.p99_ms, "gateway µs": costs.get("gateway", 0.0)}


def _by_fields(world: World, name: str, fields_of: Callable[[int], Mapping[str, str]]) -> Iterator[Measure]:
    url = world.postgres.create_database(f"growth_{name}")
    replica, counted = storage(world.broker.url, url), Counted(url, "submissions", "stored_at")
    replica.run("migrate")

    def measure(point: int) -> Mapping[str, float]:
        fields = fields_of(point)
        forms, script = _form_of(world.directory, fields), _script_of(world.directory, fields)
        with gateway(world.broker.url, forms=str(forms)).running(world.directory) as running:
            posted = accepted(world, running.pid, f"http://127.0.0.1:{running.port}/f/growth", script)
        world.queues.empty()
        count = min(world.scale.events, max(500, BACKLOG_BYTES_MOST // (len(json.dumps(fields)) + 400)))
        done = drain(world, [replica], STORAGE.name, bodies(count, fields=fields), counted)
        return {**posted, STORED: done.per_s, **done.costs("storage", "stored")}

    yield measure
    counted.close()


def _form_of(directory: Path, fields: Mapping[str, str]) -> Path:
    """Write a forms file with one form that has exactly these fields."""
    lines = [f'{name} = {{type = "text", max_length = 200000}}' for name in fields if name != "email"]
    lines += ['email = {type = "email"}'] if "email" in fields else []
    path = directory / "growth.toml"
    path.write_text("\n".join(['[forms.growth]\ntitle = "Growth"', "[forms.growth.fields]", *lines, ""]))
    return path


def _script_of(directory: Path, fields: Mapping[str, str]) -> Path:
    """Write what makes wrk post these fields as JSON."""
    path = directory / "growth.lua"
    head = SIGNUP.read_text().rpartition("wrk.body")[0]
    path.write_text(f"{head}wrk.body = [==[{json.dumps(fields)}]==]\n")
    return path
