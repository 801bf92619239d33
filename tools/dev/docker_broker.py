"""Runs a private RabbitMQ in a container, for a machine that has Docker and no RabbitMQ."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from dev import docker_volume
from dev.amqp import accepts
from dev.processes import StartFailed, poll
from dev.rabbitmq_files import remember, write_private_json

IMAGE = "rabbitmq:4.3.6-management"
START_TIMEOUT_S = 120


class DockerBroker:
    """One container and one volume, named after `directory`, where its port and password are kept."""

    description = f"RabbitMQ (a container of {IMAGE}; Docker fetches it the first time)"

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self._state = remember(self._directory, port=0)
        self._name = docker_volume.name_of(self._directory)

    @property
    def url(self) -> str:
        """Its address, with the password in it."""
        return f"amqp://counterfoil:{self._state['password']}@127.0.0.1:{self._state['port']}/%2F"

    def start(self) -> None:
        """Start and wait until it accepts connections; raises `StartFailed`."""
        self.stop()
        self._directory.mkdir(parents=True, exist_ok=True)
        write_private_json(self._directory / "node.json", self._state)
        options = [f"--name={self._name}", "--hostname=counterfoil", f"--volume={self._name}:/var/lib/rabbitmq"]
        options += [f"--publish=127.0.0.1:{self._state['port']}:5672", "--detach"]
        options += ["--env=RABBITMQ_DEFAULT_USER", "--env=RABBITMQ_DEFAULT_PASS"]
        variables = {"RABBITMQ_DEFAULT_USER": "counterfoil", "RABBITMQ_DEFAULT_PASS": self._state["password"]}
        command = ["docker", "run", *options, IMAGE]
        if subprocess.run(command, env=dict(os.environ) | variables, stdout=subprocess.DEVNULL).returncode:
            raise StartFailed("docker could not start RabbitMQ; what it said stands above")
        if not poll(lambda: accepts(self.url), START_TIMEOUT_S, every_s=0.5):
            raise StartFailed(f"RabbitMQ was not ready after {START_TIMEOUT_S} s: see docker logs {self._name}")

    def wait(self) -> str:
        """Wait until it has ended, and return how."""
        command = ["docker", "wait", self._name]
        said = subprocess.run(command, capture_output=True, text=True, start_new_session=True).stdout.strip()
        return f"ended by itself with {said}" if said else "was removed"

    def start_again(self) -> None:
        """Start it again; raises `StartFailed`."""
        self.start()

    def kill(self) -> None:
        """End it at once; the volume stays."""
        self._call("rm", "--force")

    def stop(self) -> None:
        """End it in good order; the volume stays. Does nothing when it does not run."""
        self._call("stop", "--time=30")
        self._call("rm", "--force")

    def _call(self, *command: str) -> None:
        subprocess.run(["docker", *command, self._name], capture_output=True, start_new_session=True)
