"""Sends submissions from several threads, and writes each into a ledger before and after."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from random import Random
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

from counterfoil_ledger.records import Attempt, Entry, Ledger, Outcome
from shared.contracts import fingerprint

KEY = "{key}"
FIELDS: Mapping[str, str] = {"name": "Ada Lovelace {key}", "email": "ada-{key}@example.org"}
"""What is sent unless told otherwise; `KEY` stands for the submission's key. Not ada+{key}, which is one mailbox, and
a mailbox gets so many confirmations a day and no more."""

ANSWER_LIMIT_S = 20.0
"""How long a client waits for an answer. Far above the gateway's deadline, so that a late answer is seen as late."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: `count` submissions from serial number `first`.

    `rate_per_s` None means as fast as the connections go; `give_up_s` ends the retries of one. `{key}` in `fields` is
    replaced by the submission's own key; one of them should be `email`, where its confirmation goes.
    """

    count: int
    seed: int
    first: int = 0
    form: str = "signup"
    connections: int = 8
    rate_per_s: float | None = None
    repeats: float = 0.0
    give_up_s: float = 90.0
    fields: Mapping[str, str] = field(default_factory=lambda: dict(FIELDS))


class LoadClient:
    """Sends a load to a gateway; retries what is unknown with the same Idempotency-Key until it is acked.

    A share of the acked ones (`repeats`) is sent once more with the same key, as a client that lost the answer would.
    What the ledger has an answer for already is not sent again; what it has none for is, with its key of then.
    """

    def __init__(self, gateway_url: str, load: Load, ledger: Ledger) -> None:
        self._url = urlsplit(gateway_url)
        self._load = load
        self._ledger = ledger
        self._serials: Iterator[int] = iter(range(load.first, load.first + load.count))
        self._lock = Lock()
        self._stopped = Event()
        self._began = time.monotonic()
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(load.connections)]

    def start(self) -> None:
        """Begin to send, in threads."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def is_running(self) -> bool:
        """Say whether anything is still to be sent or answered."""
        return any(thread.is_alive() for thread in self._threads)

    def join(self, timeout_s: float) -> None:
        """Return when all is sent and answered, or `timeout_s` have passed."""
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def stop(self) -> None:
        """Send no further submissions."""
        self._stopped.set()

    def wait(self, *, timeout_s: float) -> None:
        """Wait until all is sent and answered; raises `TimeoutError`."""
        self.join(timeout_s)
        if self.is_running():
            self.stop()
            raise TimeoutError(f"the load was not through after {timeout_s} s: {len(self._ledger.entries)} were sent")

    def run(self, *, timeout_s: float) -> None:
        """Send all of it and wait."""
        self.start()
        self.wait(timeout_s=timeout_s)

    def _work(self) -> None:
        line = Line(self._url.scheme, self._url.netloc)
        while not self._stopped.is_set():
            with self._lock:
                serial = next(self._serials, None)
            if serial is None:
                break
            self._pace(serial)
            self._submit(line, serial)
        line.close()

    def _pace(self, serial: int) -> None:
        if self._load.rate_per_s is not None:
            due = self._began + (serial - self._load.first) / self._load.rate_per_s
            self._stopped.wait(max(0.0, due - time.monotonic()))

    def _submit(self, line: Line, serial: int) -> None:
        chance = Random(f"{self._load.seed}/{serial}")  # noqa: S311 - a seeded load, not a secret
        entry, fields = submission(self._load, serial)
        known = self._ledger.entries.get(entry.key)
        if known is not None and known.outcome != "unknown":
            return
        self._ledger.will_send(entry)
        path = f"{self._url.path}/f/{self._load.form}"
        give_up = time.monotonic() + self._load.give_up_s
        pause_s = 0.05
        while self._attempt(line, path, entry.key, fields) == "unknown" and time.monotonic() < give_up:
            if self._stopped.wait(pause_s * chance.uniform(0.5, 1.5)):
                return
            pause_s = min(pause_s * 2, 1.0)
        if chance.random() < self._load.repeats:
            self._attempt(line, path, entry.key, fields)

    def _attempt(self, line: Line, path: str, key: str, fields: dict[str, str]) -> Outcome:
        began = time.monotonic()
        status, submission_id = line.post(path, key, fields)
        took_s = time.monotonic() - began
        outcome = _outcome_of(status)
        self._ledger.did_send(key, Attempt(outcome, status, time.time(), round(took_s, 4), submission_id))
        return outcome


class Line:
    """One kept-alive connection to the gateway, opened again whenever it is lost."""

    def __init__(self, scheme: str, netloc: str) -> None:
        kind = HTTPSConnection if scheme == "https" else HTTPConnection
        self._connection = kind(netloc, timeout=ANSWER_LIMIT_S)

    def post(self, path: str, key: str, fields: dict[str, str]) -> tuple[int, str | None]:
        """Post a submission as JSON; return the status and the id of a 202, or (0, None) where no answer came."""
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": key}
        try:
            self._connection.request("POST", path, json.dumps(fields), headers)
            answer = self._connection.getresponse()
            body = answer.read()
            return answer.status, _id_of(body) if answer.status == 202 else None
        except (OSError, HTTPException):
            self._connection.close()
            return 0, None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _id_of(body: bytes) -> str | None:
    """Return the id that a 202 carries; None where it carries none, which the verdict names."""
    try:
        return str(json.loads(body)["id"])
    except (ValueError, TypeError, KeyError):
        return None


def submission(load: Load, serial: int) -> tuple[Entry, dict[str, str]]:
    """Make the submission with this serial number; the same seed and serial make the same one again."""
    key = f"{load.seed}-{serial}"
    fields = {name: text.replace(KEY, key) for name, text in load.fields.items()}
    return Entry(key, load.form, address_in(fields), fingerprint(fields), time.time()), fields


def address_in(fields: Mapping[str, str]) -> str:
    """Return where the confirmation of a submission goes; empty where nowhere."""
    return fields.get("email") or fields.get("Email") or ""


def _outcome_of(status: int) -> Outcome:
    if status == 202:
        return "acked"
    return "rejected" if 400 <= status < 500 and status != 429 else "unknown"
