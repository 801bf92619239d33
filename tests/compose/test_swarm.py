"""The compose files on a Swarm of one node: deployed, scaled, and deployed again."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from support.compose_files import ROOT
from support.compose_stack import Stack, engine_problem
from support.polling import eventually
from support.service import clean_environment

STACK = "counterfoil-swarm-test"
DEPLOY_LIMIT_S = 420
READY_LIMIT_S = 120
CONFIRM_LIMIT_S = 90
"""The mail server may still be on its way when the first mail is tried: the next attempt comes after half a minute."""


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=DEPLOY_LIMIT_S)
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stderr}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def swarm() -> Iterator[None]:
    """A Swarm of this engine alone, left again unless it was there before."""
    problem = engine_problem()
    assert problem is None, problem
    was_there = docker("info", "--format", "{{.Swarm.LocalNodeState}}") == "active"
    if not was_there:
        docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
    yield
    if not was_there:
        docker("swarm", "leave", "--force")


class Deployed:
    """The stack as it runs; `deploy` brings it there, and is what an operator runs."""

    def __init__(self, secrets: Path) -> None:
        self._compose = Stack(project=STACK)
        self._settings = self._compose.settings | {"COUNTERFOIL_SECRETS": str(secrets)}
        self.url = self._compose.url
        self.key = ""

    def build(self) -> None:
        """Build the images, under tags of their own."""
        self._compose.compose("build")

    def deploy(self) -> str:
        """Deploy, and return what is said."""
        command = [sys.executable, str(ROOT / "deploy" / "swarm"), STACK]
        done = subprocess.run(
            command, env=clean_environment() | self._settings, capture_output=True, text=True, timeout=DEPLOY_LIMIT_S
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def remove(self) -> None:
        """Remove the stack and its data."""
        docker("stack", "rm", STACK)
        eventually(lambda: not self._left("ps", "--all", "--quiet"), READY_LIMIT_S, "its containers are gone")
        eventually(lambda: not self._left("network", "ls", "--quiet"), READY_LIMIT_S, "its networks are gone")
        for volume in self._left("volume", "ls", "--quiet"):
            docker("volume", "rm", volume)

    def replicas(self, service: str) -> str:
        """Return how many of a service run, and should: `2/2`."""
        return docker("service", "ls", "--filter", f"name={STACK}_{service}", "--format", "{{.Replicas}}")

    def submit(self, number: int) -> requests.Response:
        """Post one submission through the proxy."""
        fields = {"name": "Ada Lovelace", "email": f"ada+{number}@example.org"}
        return requests.post(f"{self.url}/f/signup", json=fields, headers={"Accept": "application/json"}, timeout=10)

    def stored(self) -> int | None:
        """Return how many submissions the owner sees; None while there is no answer."""
        who = {"Authorization": f"Bearer {self.key}"}
        answer = requests.get(f"{self.url}/v1/forms/signup/submissions", headers=who, timeout=10)
        return len(answer.json()["submissions"]) if answer.ok else None

    def _left(self, *listing: str) -> list[str]:
        return docker(*listing, "--filter", f"label=com.docker.stack.namespace={STACK}").split()


@pytest.fixture(scope="module")
def deployed(swarm: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The stack, deployed once."""
    stack = Deployed(tmp_path_factory.mktemp("swarm") / "secrets")
    stack.build()
    try:
        shown = re.search(r"API key \(shown once\): (\S+)", stack.deploy())
        assert shown, "the first run shows the key"
        stack.key = shown[1]
        yield stack
    finally:
        print(docker("stack", "ps", "--no-trunc", STACK))
        stack.remove()


def is_accepted(deployed: Deployed, number: int) -> str | None:
    """Return the receipt's address of a 202, else None."""
    try:
        answer = deployed.submit(number)
    except requests.RequestException:
        return None
    return str(answer.json()["receipt_url"]) if answer.status_code == requests.codes.accepted else None


def state(receipt_url: str) -> str:
    return str(requests.get(receipt_url, headers={"Accept": "application/json"}, timeout=10).json()["state"])


def test_a_submission_is_confirmed_before_and_after_scaling(deployed: Deployed) -> None:
    receipts = [eventually(lambda: is_accepted(deployed, 0), READY_LIMIT_S, "a submission is accepted")]
    eventually(lambda: state(receipts[0]) == "confirmed", CONFIRM_LIMIT_S, "it is confirmed")
    eventually(lambda: deployed.stored() == 1, READY_LIMIT_S, "the owner sees it")
    scaled = ("gateway", "storage-service", "console")
    docker("service", "scale", *(f"{STACK}_{service}=2" for service in scaled))
    assert [deployed.replicas(service) for service in scaled] == ["2/2"] * 3
    answers = [deployed.submit(number) for number in range(1, 21)]
    assert {answer.status_code for answer in answers} == {202}
    receipts += [answer.json()["receipt_url"] for answer in answers]
    eventually(lambda: {state(each) for each in receipts} == {"confirmed"}, CONFIRM_LIMIT_S, "all are confirmed")


def test_deployed_again_it_keeps_its_secrets_and_its_data(deployed: Deployed) -> None:
    receipt = eventually(lambda: is_accepted(deployed, 100), READY_LIMIT_S, "a submission is accepted")
    secrets = docker("secret", "ls", "--quiet")
    assert "API key" not in deployed.deploy()
    assert docker("secret", "ls", "--quiet") == secrets
    eventually(lambda: state(receipt) == "confirmed", CONFIRM_LIMIT_S, "the receipt is known as before")
