"""Starts a cluster of three RabbitMQ nodes on this machine, and kills them one at a time."""

from __future__ import annotations

import json
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from dev.broker import Broker, mapper_command, spawn
from dev.processes import free_port
from dev.rabbitmq_files import Membership
from support.polling import eventually

NODES = 3
REJOIN_TIMEOUT_S = 60
ELECTION_TIMEOUT_S = 30


class BrokerCluster:
    """A cluster of private nodes below `directory`, found by each other through their configuration."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        run = secrets.token_hex(4)
        names = tuple(f"counterfoil-{run}-{number}@localhost" for number in range(1, NODES + 1))
        common = (names, secrets.token_hex(16), secrets.token_urlsafe(24), free_port())
        self.nodes = [Broker(directory / name.split("@")[0], membership=Membership(name, *common)) for name in names]
        self._epmd_port = common[-1]
        self._epmd: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start all nodes at once, and wait until they are one cluster."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "epmd.log").open("ab") as log:
            self._epmd = spawn(mapper_command(self._epmd_port), {}, log)
        try:
            with ThreadPoolExecutor(NODES) as pool:
                list(pool.map(Broker.start, self.nodes))
            eventually(lambda: len(self.running()) == NODES, REJOIN_TIMEOUT_S, "all nodes are one cluster")
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End everything with SIGKILL: the data is thrown away."""
        for node in self.nodes:
            node.kill()
        if self._epmd:
            self._epmd.kill()
            self._epmd.wait()

    def running(self) -> list[str]:
        """Return the names of the nodes that are up and in the cluster, as one of them sees it."""
        found: list[str] = json.loads(self.ctl("cluster_status", "--formatter", "json"))["running_nodes"]
        return found

    def fresh_vhost(self) -> str:
        """Return the addresses of an empty virtual host, one of each node, with commas between."""
        vhost = self._living.fresh_vhost().rpartition("/")[2]
        return ",".join(node.url_of(vhost) for node in self.nodes)

    def leader_of(self, queue: str, vhost: str) -> Broker:
        """Return the node that leads a quorum queue; waits while one is elected."""
        name = eventually(lambda: self._queue(queue, vhost).get("leader"), ELECTION_TIMEOUT_S, f"{queue} has a leader")
        return next(node for node in self.nodes if node.name == name)

    def members_online(self, vhost: str) -> dict[str, int]:
        """Return how many nodes hold each quorum queue and follow its leader, or are it."""
        return {each["name"]: len(each.get("online", ())) for each in self._queues(vhost)}

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl on a node that is up."""
        return self._living.ctl(*arguments)

    @property
    def _living(self) -> Broker:
        return next(node for node in self.nodes if node.is_running())

    def _queue(self, name: str, vhost: str) -> dict[str, Any]:
        """Return what is known of a queue; nothing while it has no leader that answers."""
        return next((each for each in self._queues(vhost) if each["name"] == name), {})

    def _queues(self, vhost: str) -> list[dict[str, Any]]:
        listed = self.ctl("list_queues", "-p", vhost, "name", "leader", "online", "--formatter", "json")
        queues: list[dict[str, Any]] = json.loads(listed)
        return queues

    def __enter__(self) -> BrokerCluster:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
