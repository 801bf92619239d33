"""Runs the compose files as a project of its own, which a test scales, kills and restarts."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import requests

from counterfoil_ledger.mails import mail_counts
from dev.processes import free_port
from shared.contracts import fingerprint
from support.compose_files import ROOT
from support.ledger_verdict import StoredRow
from support.polling import eventually
from support.service import clean_environment

UP_LIMIT_S = 420
HEALTHY_LIMIT_S = 120
SMTP_TIMEOUT_S = 20
"""A killed notify's mail is sent again after this and 15 s more."""


class Stack:
    """The project `counterfoil-test`; `files` are the compose files, from the repository's root. `forms` is a folder
    with a `forms.toml`, else it has those of a new installation."""

    def __init__(self, *files: str, project: str = "counterfoil-test", forms: Path | None = None) -> None:
        self._files = files or ("docker-compose.yml",)
        self.settings = {
            "COMPOSE_PROJECT_NAME": project,
            "COUNTERFOIL_VERSION": project,
            "COUNTERFOIL_RATE_LIMIT": "none",
            "COUNTERFOIL_CONFIRMATIONS_PER_RECIPIENT": "none",
            "COUNTERFOIL_CONFIRMATIONS_PER_SOURCE": "none",
            "COUNTERFOIL_CONFIRMATIONS_PER_FORM": "none",
            "COUNTERFOIL_OWNER_MAILS_MOST": "1000000",
            "COUNTERFOIL_SMTP_TIMEOUT_S": str(SMTP_TIMEOUT_S),
            "PORT": str(free_port()),
            "MAIL_PORT": str(free_port()),
        }
        if forms is not None:
            self.settings["COUNTERFOIL_FORMS"] = str(forms)
        self.url = f"http://127.0.0.1:{self.settings['PORT']}"
        self._keys: dict[str, str] = {}
        self._mail_url = f"http://127.0.0.1:{self.settings['MAIL_PORT']}"

    def compose(self, *arguments: str, timeout_s: float = UP_LIMIT_S) -> str:
        """Run `docker compose …` and return what it prints; fails with all it said where it fails."""
        files = [part for file in self._files for part in ("--file", str(ROOT / file))]
        return _run(["compose", "--env-file", os.devnull, *files, *arguments], self.settings, timeout_s)

    def up(self, **replicas: int) -> None:
        """Build and start everything, and wait until it is healthy; `storage_service=3` runs three of it."""
        scales = [f"--scale={name.replace('_', '-')}={count}" for name, count in replicas.items()]
        self.compose("up", "--build", "--wait", *scales)

    def set(self, name: str, value: str) -> None:
        """Change a setting; containers that run have it after the next `up` or `update`."""
        self.settings[name] = value

    def down(self, *, volumes: bool = False) -> None:
        """Remove every container, and the data too if told."""
        if volumes:
            self._keys.clear()
        self.compose("down", "--remove-orphans", *(["--volumes"] if volumes else []))

    def containers(self, *services: str) -> list[str]:
        """Return the ids of the running containers of some services, or of all."""
        return self.compose("ps", "--quiet", *services).split()

    def inspect(self) -> dict[str, dict[str, Any]]:
        """Return what the engine says of every running container, by name."""
        return {each["Name"]: each for each in json.loads(_run(["inspect", *self.containers()], {}, 60))}

    def kill(self, container: str) -> None:
        """End a container with SIGKILL. The engine takes it for meant, and leaves it down."""
        _run(["kill", container], {}, 60)

    def pause(self, container: str) -> None:
        """Freeze a container: its connections stay open, and nothing answers."""
        _run(["pause", container], {}, 60)

    def resume(self, container: str) -> None:
        """Let it go on after `pause`."""
        _run(["unpause", container], {}, 60)

    def start(self, container: str) -> None:
        """Start it again and wait until it is healthy."""
        _run(["start", container], {}, 60)
        self.await_healthy(container)

    def restart(self, container: str) -> None:
        """Stop it in order, start it again, and wait until it is healthy."""
        _run(["restart", "-t", "90", container], {}, 150)
        self.await_healthy(container)

    def update(self, **replicas: int) -> None:
        """Update to the files as they are now, by the steps of docs/operations.md."""
        self.compose("build")
        self.compose("run", "--rm", "credentials")
        self.compose("exec", "-T", "rabbitmq", "rabbitmqctl", "import_definitions", "/users/definitions.json")
        for once in ("topology", "storage-migrate", "notify-migrate", "setup"):
            self.compose("run", "--rm", "--no-deps", once)
        for service in ("storage-service", "notify-service"):
            count = replicas[service.replace("-", "_")]
            self.compose("up", "--no-deps", "--wait", f"--scale={service}={count}", service)
        self.compose("up", "--no-deps", "--wait", f"--scale=console={replicas['console']}", "console")
        old = self.containers("gateway")
        both = f"--scale=gateway={len(old) + replicas['gateway']}"
        self.compose("up", "--no-deps", "--no-recreate", "--wait", both, "gateway")
        _run(["stop", "-t", "30", *old], {}, 60)
        _run(["rm", *old], {}, 60)

    def await_healthy(self, container: str) -> None:
        """Wait until its own check says so."""

        def is_healthy() -> bool:
            return (
                _run(
                    [
                        "inspect",
                        "--format",
                        "{{.State.Health.Status}}",
                        container,
                    ],
                    {},
                    60,
                ).strip()
                == "healthy"
            )

        eventually(is_healthy, HEALTHY_LIMIT_S, f"{container} is healthy")

    def psql(self, database: str, query: str) -> list[str]:
        """Return the lines that a query brings, columns with tabs between."""
        asked = ["psql", "-U", "postgres", "-d", database, "-At", "-F", "\t", "-c", query]
        return self.compose("exec", "-T", "postgres", *asked).splitlines()

    def stored(self) -> list[StoredRow]:
        """Return every row of the storage service, its hash computed from its fields."""
        rows = (line.split("\t", 1) for line in self.psql("storage", "SELECT id, fields FROM submissions"))
        return [StoredRow(row_id, fingerprint(json.loads(fields))) for row_id, fields in rows]

    def unsettled(self) -> int:
        """Return how many submissions have no row that says *sent* at the notify service yet."""
        [stored] = self.psql("storage", "SELECT count(*) FROM submissions")
        [sent] = self.psql("notify", "SELECT count(*) FROM deliveries WHERE state = 'sent'")
        return int(stored) - int(sent)

    def mailed(self) -> Counter[str]:
        """Return how many mails each address has in MailDev."""
        return mail_counts(self._mail_url)

    def as_owner(self, path: str, key: str | None = None) -> requests.Response:
        """Ask for something at `/v1` through the proxy, with a key: the first start's unless another is given."""
        return requests.get(
            f"{self.url}{path}", headers={"Authorization": f"Bearer {key or self.api_key()}"}, timeout=10
        )

    def api_key(self) -> str:
        """Return the key to read with that the first start showed."""
        return self._shown("API key")

    def operator_key(self) -> str:
        """Return the operator's key that the first start showed."""
        return self._shown("Operator key")

    def _shown(self, name: str) -> str:
        """Return a key that the log of the first `setup` shows; remembered, for `down` removes that log."""
        if name not in self._keys:
            found = re.search(rf"{name} \(shown once\): (\S+)", self.compose("logs", "--no-log-prefix", "setup"))
            assert found, f"setup has shown no {name}"
            self._keys[name] = found[1]
        return self._keys[name]


def engine_problem() -> str | None:
    """Say why nothing can be started here; None where it can."""
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, text=True)
    if done.returncode == 0:
        done = subprocess.run(["docker", "info"], capture_output=True, text=True)
    return None if done.returncode == 0 else f"Docker with Compose v2 is needed, and running:\n{done.stderr}"


def _run(arguments: list[str], settings: dict[str, str], timeout_s: float) -> str:
    done = subprocess.run(
        ["docker", *arguments],
        env=clean_environment() | settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done.stdout
