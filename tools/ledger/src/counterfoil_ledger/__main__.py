"""Sends a load to an installation, records each submission before it is sent, and compares later.

  counterfoil-ledger run http://127.0.0.1:8080 --ledger run.jsonl --submissions 500 --rate 50
  counterfoil-ledger check run.jsonl --api-key-file key
  counterfoil-ledger balance --storage-database URL --notify-database URL --broker-url URL

Between the first two, and during the first, break what you like. Each submission is a real one, and brings a real mail
to ada-<key>@example.org unless --field says otherwise. What others submit meanwhile is left out of the comparison.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback

import requests
from rich.console import Console
from rich.markup import escape

from counterfoil_ledger import balance
from counterfoil_ledger.api import Api, CannotAsk
from counterfoil_ledger.arguments import load_of, parse
from counterfoil_ledger.load import LoadClient
from counterfoil_ledger.mails import mail_counts
from counterfoil_ledger.records import Ledger, NoLedger, Run
from counterfoil_ledger.report import Waiting, follow, outcomes, print_names, print_verdict
from counterfoil_ledger.settling import PAUSE_S, Settling, Sources
from counterfoil_ledger.verdict import Allowed, Observed, compare, is_another_sink
from shared.messaging.rabbitmq.depths import BrokerAway

FIRST_ANSWER_S = 10.0
"""How long a run waits for somebody to answer at all: the installation may be starting."""

HOLDS, CONTRADICTED, CANNOT = 0, 1, 2
NOT_FOUND, MANY = 404, 429


def run() -> None:
    """Do what the command line asks for; exit with 0 where the promise holds, 1 where not, 2 where nobody can say."""
    try:
        code = main(sys.argv[1:])
    except Exception:  # noqa: BLE001 - Python's own exit code for a bug would read as a verdict
        traceback.print_exc()
        code = CANNOT
    sys.exit(code)


def main(arguments: list[str]) -> int:
    """Run or check, and return the exit code."""
    given = parse(arguments, __doc__)
    console = Console(highlight=False)
    try:
        return VERBS[given.verb](given, console)
    except (CannotAsk, NoLedger, BrokerAway) as error:
        said = str(error)
    except KeyboardInterrupt:
        said = "stopped"
    console.print("[bold red]cannot say:[/]", escape(said), soft_wrap=True)
    return CANNOT


def send(given: argparse.Namespace, console: Console) -> int:
    """Send the load and write the ledger; 0 where anything was acked."""
    ledger = Ledger(given.ledger, synced=given.fsync)
    if ledger.runs and not given.resume:
        raise CannotAsk(f"{given.ledger} holds a run already: give --resume to go on with it, or another --ledger")
    load = load_of(given, ledger.runs[-1].seed if ledger.runs else None)
    _greet(given.url, load.form)
    ledger.begin(Run(given.url, load.form, load.count, load.seed, time.time()))
    console.print(
        f"seed {load.seed}: {load.count} submissions to {given.url}, written into {given.ledger}", soft_wrap=True
    )
    client = LoadClient(given.url, load, ledger)
    client.start()
    try:
        follow(client, ledger, load.count, console)
    except KeyboardInterrupt:
        client.stop()
        console.print("stopped; --resume goes on")
    console.print(outcomes(ledger))
    if any(attempt.status == MANY for attempt in ledger.attempts()):
        console.print("some answers were 429: a rate limit of the installation's (COUNTERFOIL_RATE_LIMIT, rate_limit)")
    ledger.close()
    return HOLDS if ledger.count("acked") else CONTRADICTED


def _greet(url: str, form: str) -> None:
    """Ask for the form's own page: who sends to a wrong address would else wait a minute and a half for each."""
    deadline, status = time.monotonic() + FIRST_ANSWER_S, None
    while status is None:
        try:
            status = requests.get(f"{url}/f/{form}", timeout=10).status_code
        except requests.RequestException as error:
            if time.monotonic() > deadline:
                raise CannotAsk(f"nobody answers at {url}: {error}") from error
            time.sleep(PAUSE_S)
    if status == NOT_FOUND:
        raise CannotAsk(f"{url} has no form {form!r}")


def check(given: argparse.Namespace, console: Console) -> int:
    """Wait until the queues are empty, compare, and print the table; 0 where nothing contradicts the promise."""
    if not given.ledger.exists():
        raise CannotAsk(f"there is no ledger {given.ledger}")
    if given.mails:
        mail_counts(given.mails)  # who cannot be asked is named now, not after the waiting
    ledger = Ledger(given.ledger)
    url = given.url or (ledger.runs[-1].url if ledger.runs else None)
    if url is None:
        raise CannotAsk(f"{given.ledger} names no installation: give --url")
    sources = Sources(Api(url, given.api_key), given.mails, given.broker_url, given.alone, given.storage_database)
    settling = Settling(ledger, sources)
    with Waiting(console) as waiting:
        if not settling.wait(given.timeout_s, waiting.say):
            console.print(f"after {given.timeout_s:g} s there is no more waiting; {waiting.said}", style="bold red")
        observed = Observed(waiting=settling.waiting())
        holdings = settling.holdings()
    if is_another_sink(ledger.snapshot(), holdings):
        raise CannotAsk(f"none of these mails is at {given.mails}: is it the right sink? The receipts say confirmed")
    allowed = Allowed(given.allow_duplicate_mails, dict(given.expect) if given.expect else None)
    verdict = compare(ledger.snapshot(), holdings, allowed, answer_limit_s=given.answer_limit_s, observed=observed)
    print_verdict(verdict, console)
    return HOLDS if verdict.ok else CONTRADICTED


def weigh(given: argparse.Namespace, console: Console) -> int:
    """Print the conservation figure; 0 where nothing is missing, 1 where something is nowhere, and nothing waits."""
    places = balance.Places(given.storage_database, given.notify_database, given.broker_url)
    found, nowhere = balance.settled(places, given.timeout_s)
    for name, count in found.lines(len(nowhere)):
        console.print(f"{name:<34}{count:>10}")
    if nowhere:
        print_names(f"neither stored nor parked, while {found.waiting} wait", sorted(nowhere), console)
    if nowhere and found.waiting:
        raise CannotAsk("these may be among what waits; ask again when nothing does")
    return CONTRADICTED if nowhere else HOLDS


VERBS = {"run": send, "check": check, "balance": weigh}

if __name__ == "__main__":
    run()
