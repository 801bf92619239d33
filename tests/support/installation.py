"""Runs a whole Counterfoil as processes, for e2e and fault tests to use, kill and compare."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Literal

import requests

import notify_service.tables
import storage_service.tables
from dev.processes import free_port
from gateway.server.installation import set_up
from shared import database
from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE
from shared.settings import host_and_port
from support.balanced import Balanced
from support.parked_rows import parked_messages
from support.polling import eventually
from support.queues import Queues
from support.service import ROOT, Service, run

START_TIMEOUT_S = 60

EXAMPLE_FORMS = ROOT / "forms.example.toml"

NO_LIMITS = {
    "COUNTERFOIL_RATE_LIMIT": "none",
    "COUNTERFOIL_OWNER_MAILS_MOST": "1000000",
    **{f"COUNTERFOIL_CONFIRMATIONS_PER_{each}": "none" for each in ("RECIPIENT", "SOURCE", "FORM")},
}


class Installation:
    """Gateway, storage and notify services, and consoles where a test asks for some, against a given broker, mail
    server and databases.

    Without `database_url` each of storage and notify has an SQLite file below `directory`; with it both use that one.
    `forms` is a TOML file. `settings` go to every service; where they do not set the limits against abuse, these are
    off: a test posts more than people do from one address, and to one. `special` are settings of one kind of service:
    `{"gateway": {…}, "storage": {…}, "notify": {…}, "console": {…}}`. The gateway passes on to the consoles by one
    address. The services are `.gateways[i]` (the first is `.gateway`), `.storage[i]`, `.notify[i]`, `.consoles[i]`;
    after killing one, `.storage[0].start()` or `.restart()` brings it back, and `await_ready()` waits for all. What
    each tells about itself is at `.metrics_urls["storage-0"]`. Processes begin by themselves, or, of a test that starts
    them again and again, as forks where they can (`is_fresh`).
    """

    def __init__(
        self,
        directory: Path,
        *,
        broker_url: str,
        smtp_url: str,
        database_url: str | None = None,
        forms: Path = EXAMPLE_FORMS,
        replicas: int = 1,
        workers: int = 1,
        consoles: int = 0,
        gateways: int = 1,
        settings: dict[str, str] | None = None,
        special: Mapping[str, Mapping[str, str]] | None = None,
        is_fresh: bool = True,
    ) -> None:
        self.directory = directory
        self.broker_url = broker_url
        self.queues = Queues(broker_url)
        self.gateway_urls = [f"http://127.0.0.1:{free_port()}" for _ in range(gateways)]
        self.api_key = self.operator_key = ""
        self.metrics_urls: dict[str, str] = {}
        directory.mkdir(parents=True, exist_ok=True)
        self._common = {"COUNTERFOIL_BROKER_URL": broker_url, "COUNTERFOIL_FORMS": str(forms)}
        self._common |= NO_LIMITS | (settings or {})
        self._is_fresh = is_fresh
        special = special or {}
        self._storage_settings = {**self._with_database(database_url, "storage"), **special.get("storage", {})}
        self._notify_settings = {
            **self._with_database(database_url, "notify"),
            "COUNTERFOIL_SMTP_URL": smtp_url,
            "COUNTERFOIL_SECRET_FILE": str(self._secrets / "secret"),
            **special.get("notify", {}),
        }
        ports = [free_port() for _ in range(consoles)]
        self._balanced = Balanced(ports)
        opening = {"COUNTERFOIL_OPENING_KEYS_FILE": str(self._secrets / "opening_keys")}
        console_settings = {**self._storage_settings, **self._key_settings, **opening, **special.get("console", {})}
        self.console_urls = [f"http://127.0.0.1:{port}" for port in ports]
        self.consoles = [self._console(i, port, console_settings) for i, port in enumerate(ports)]
        gateway_settings = {**self._gateway_settings(workers), **special.get("gateway", {})}
        self.gateways = [self._gateway(i, url, gateway_settings) for i, url in enumerate(self.gateway_urls)]
        self.gateway = self.gateways[0]
        self.storage = [self._replica("storage", "storage_service", i, self._storage_settings) for i in range(replicas)]
        self.notify = [self._replica("notify", "notify_service", i, self._notify_settings) for i in range(replicas)]

    @property
    def gateway_url(self) -> str:
        """Where the first gateway is reached; a test that has it elsewhere says so."""
        return self.gateway_urls[0]

    @gateway_url.setter
    def gateway_url(self, url: str) -> None:
        self.gateway_urls[0] = url

    @property
    def services(self) -> list[Service]:
        """All services, in the order in which they start."""
        return [*self.storage, *self.notify, *self.consoles, *self.gateways]

    def start(self) -> None:
        """Prepare the first start, migrate, start everything and wait until it is ready."""
        self.prepare()
        self._balanced.start()
        for service in self.services:
            service.start()
        self.await_ready()

    def prepare(self) -> None:
        """Make the secrets and the tables, and start nothing: for a test that wants a part only.

        In this process: three commands would take three seconds of a processor, and have tests of their own.
        """
        made = set_up(self._secrets)
        self.api_key, self.operator_key = made.api or self.api_key, made.operator or self.operator_key
        for name, tables in (("storage", storage_service.tables), ("notify", notify_service.tables)):
            engine = database.create(self.database_urls[name])
            tables.MIGRATIONS.upgrade(engine)
            engine.dispose()

    def await_ready(self) -> None:
        """Wait until every service that runs is ready to do its work."""
        for gateway, url in zip(self.gateways, self.gateway_urls, strict=True):
            if gateway.is_running():
                ready = partial(_answers, f"{url}/readyz")
                eventually(ready, START_TIMEOUT_S, f"{gateway.name} is ready\n{gateway.tail()}")
        for replicas, queue in ((self.storage, STORAGE.name), (self.notify, NOTIFY_SUBMISSIONS.name)):
            running = sum(service.is_running() for service in replicas)
            expected = f"{running} consumers of {queue}\n{replicas[0].tail()}"
            eventually(partial(self._has_consumers, queue, running), START_TIMEOUT_S, expected)
            for service in filter(Service.is_running, replicas):
                # it consumes before it tells about itself, and before it obeys a signal
                listens = partial(_listens, self.metrics_urls[service.name])
                eventually(listens, START_TIMEOUT_S, f"{service.name} tells about itself\n{service.tail()}")
        for console, url in zip(self.consoles, self.console_urls, strict=True):
            if not console.is_running():
                continue
            ready = partial(_answers, f"{url}/readyz")
            eventually(ready, START_TIMEOUT_S, f"{console.name} is ready\n{console.tail()}")

    def stop(self) -> None:
        """Stop everything, and print the logs: pytest shows them where the test failed."""
        running = [service for service in self.services if service.is_running()]
        for service in running:
            service.resume()
            service.terminate()
        stuck = [service for service in running if not service.has_ended(timeout_s=20)]
        for service in stuck:
            service.kill()
        for service in self.services:
            print(f"--- {service.name}\n{service.tail()}")
        self._balanced.stop()
        assert not stuck, f"did not end on SIGTERM: {', '.join(service.name for service in stuck)}"

    @property
    def database_urls(self) -> dict[str, str]:
        """The databases of storage and notify, by their names."""
        kept = {"storage": self._storage_settings, "notify": self._notify_settings}
        return {name: settings["COUNTERFOIL_DATABASE_URL"] for name, settings in kept.items()}

    def parked(self) -> Counter[str]:
        """Return the message ids of all that waits for a person, in the tables and on the parked queues."""
        return parked_messages(self.queues, self.database_urls)

    def command(self, service: Literal["storage", "notify"], *arguments: str, exit_code: int = 0) -> str:
        """Run `python -m <service> parked …` and return what it prints."""
        module, settings = {
            "storage": ("storage_service", self._storage_settings),
            "notify": ("notify_service", self._notify_settings),
        }[service]
        return run(module, "parked", *arguments, settings=settings, exit_code=exit_code)

    def key(self, *scopes: str) -> str:
        """Return a new key with these scopes, for all forms."""
        name, listed = f"key-{token_hex(4)}", ",".join(scopes)
        return run("storage_service", "key", "add", name, "--scopes", listed, settings=self._storage_settings).strip()

    @property
    def secret(self) -> str:
        """The secret that gateway and notify have."""
        return (self._secrets / "secret").read_text(encoding="utf-8").strip()

    def invite(self, email: str, role: str) -> str:
        """Return the link by which somebody comes to an account with a role for all forms."""
        added = run("storage_service", "user", "add", email, "--role", role, settings=self._storage_settings)
        return self.gateway_url + added[added.index("/console/") :].split()[0]

    def resend(self, *arguments: str, exit_code: int = 0) -> str:
        """Run `python -m storage_service resend …` and return what it prints."""
        return run("storage_service", "resend", *arguments, settings=self._storage_settings, exit_code=exit_code)

    def receipt(self, receipt_url: str) -> dict[str, object]:
        """Return a receipt as JSON."""
        answer = requests.get(receipt_url, headers={"Accept": "application/json"}, timeout=10)
        answer.raise_for_status()
        found: dict[str, object] = answer.json()
        return found

    def _has_consumers(self, queue: str, at_least: int) -> bool:
        return self.queues.consumers(queue) >= at_least

    def _gateway_settings(self, workers: int) -> dict[str, str]:
        console = {"COUNTERFOIL_CONSOLE_URL": f"http://127.0.0.1:{self._balanced.port}"} if self.consoles else {}
        return {
            "COUNTERFOIL_WORKERS": str(workers),
            "COUNTERFOIL_SECRET_FILE": str(self._secrets / "secret"),
            "COUNTERFOIL_SEALING_KEY_FILE": str(self._secrets / "sealing_key"),
            **self._key_settings,
            **console,
        } | self._common

    @property
    def _key_settings(self) -> dict[str, str]:
        return {
            "COUNTERFOIL_API_KEY_HASHES_FILE": str(self._secrets / "api_key_hashes"),
            "COUNTERFOIL_OPERATOR_KEY_HASHES_FILE": str(self._secrets / "operator_key_hashes"),
        }

    def _gateway(self, number: int, url: str, settings: Mapping[str, str]) -> Service:
        bind = {"COUNTERFOIL_BIND": url.removeprefix("http://")}
        return self._service(f"gateway-{number}" if number else "gateway", "gateway", {**bind, **settings})

    def _console(self, number: int, port: int, settings: Mapping[str, str]) -> Service:
        bind = {"COUNTERFOIL_CONSOLE_BIND": f"127.0.0.1:{port}", "COUNTERFOIL_GATEWAY_URL": self.gateway_url}
        return self._service(f"console-{number}", "storage_service", {**settings, **bind}, "console")

    def _with_database(self, url: str | None, name: str) -> dict[str, str]:
        return {"COUNTERFOIL_DATABASE_URL": url or f"sqlite:///{self.directory / name}.db"} | self._common

    def _replica(self, name: str, module: str, number: int, settings: dict[str, str]) -> Service:
        return self._service(f"{name}-{number}", module, settings)

    def _service(self, name: str, module: str, settings: dict[str, str], *arguments: str) -> Service:
        bind = f"127.0.0.1:{free_port()}"
        self.metrics_urls[name] = f"http://{bind}"
        settings, log = settings | {"COUNTERFOIL_METRICS_BIND": bind}, self.directory / f"{name}.log"
        return Service(name, module, settings, log, arguments, is_fresh=self._is_fresh)

    @property
    def _secrets(self) -> Path:
        return self.directory / "secrets"

    def __enter__(self) -> Installation:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        self.queues.delete_all()


def _listens(url: str) -> bool:
    """Say whether somebody listens there; one that is frozen does."""
    try:
        with socket.create_connection(host_and_port(url.removeprefix("http://")), timeout=5):
            return True
    except OSError:
        return False


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False
