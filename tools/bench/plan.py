"""`python -m bench.plan tools/bench/results/<date>.json` says what 1,000 to 100,000 submissions a second need.

The costs are read from a run of `make bench`; each can be given instead, or all of them without a file:
`--gateway-us 400 --queue-per-s 12000 …`. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from statistics import median

from bench.capacity import MOST_BUSY, REPLICATION, Costs, Plan, Sizes, costs_of, plan, walls

RATES_PER_S = (1_000, 10_000, 100_000)

_LINES: Mapping[str, str] = {
    "gateway_workers": "gateway workers, a core each",
    "storage_replicas": "storage replicas, a core each",
    "notify_replicas": "notify replicas, a core each",
    "shards": "queues for each kind of work",
    "broker_nodes": "broker nodes",
    "storage_databases": "databases for storage",
    "notify_databases": "databases for notify",
    "disk_gb_a_day": "disk of submissions, GB a day",
}


def main(arguments: list[str]) -> int:
    """Print the page; 2 where a cost is neither in the file nor given."""
    given = _parser().parse_args(arguments)
    try:
        costs = _costs(given)
    except KeyError as error:
        print(f"plan: not measured and not given: {error.args[0]}", file=sys.stderr)
        return 2
    sizes = Sizes(given.broker_cores, given.database_cores)
    print("\n".join(page(costs, sizes)))
    return 0


def page(costs: Costs, sizes: Sizes) -> Iterator[str]:
    """Yield the lines of the page."""
    plans = [plan(rate, costs, sizes) for rate in RATES_PER_S]
    yield f"| submissions a second | {' | '.join(f'{one.rate_per_s:,}' for one in plans)} |"
    yield "| --- |" + " ---: |" * len(plans)
    for name, words in _LINES.items():
        yield f"| {words} | {' | '.join(_shown(one, name) for one in plans)} |"
    yield ""
    yield (
        f"The plan has each core {MOST_BUSY:.0%} busy. Broker nodes have {sizes.broker_cores} cores; each message is "
        f"on {REPLICATION} nodes, and we assume that it costs each of them the same. "
        f"Databases have {sizes.database_cores} cores."
    )
    yield from ("", "| the limit is at | what it is | what changes there |", "| ---: | --- | --- |")
    for wall in walls(costs, sizes):
        yield f"| {wall.rate_per_s:,.0f}/s | {wall.what} | {wall.change} |"
    yield from (
        "",
        "The plan uses these costs of one submission, in microseconds of a core, and these speeds of one part:",
        "",
    )
    yield ", ".join(f"`{name}` {value:,.0f}" for name, value in asdict(costs).items())


def _shown(one: Plan, name: str) -> str:
    return f"{getattr(one, name):,.0f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.plan", description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, help="what a run of `make bench` wrote")
    for cost in fields(Costs):
        parser.add_argument(_option(cost.name), type=float, help="instead of what was measured")
    parser.add_argument("--broker-cores", type=int, default=8, help="of one broker node")
    parser.add_argument("--database-cores", type=int, default=16, help="of one database")
    return parser


def _costs(given: argparse.Namespace) -> Costs:
    chosen = {cost.name: value for cost in fields(Costs) if (value := getattr(given, cost.name)) is not None}
    if given.results is None:
        for cost in fields(Costs):
            if cost.name not in chosen and cost.name != "stored_bytes":
                raise KeyError(_option(cost.name))
        return Costs(**chosen)
    found = json.loads(given.results.read_text())["figures"]
    medians = {(each["metric"], each["subject"]): median(each["rounds"]) for each in found}
    return Costs(**(asdict(costs_of(medians)) | chosen))


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
