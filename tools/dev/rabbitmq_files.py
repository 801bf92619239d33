"""Writes the files and variables of a private RabbitMQ node."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dev.processes import by_the_real_clock, free_port, is_free
from dev.programs import search_path

_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
default_user = counterfoil
default_pass = {password}
loopback_users.counterfoil = true
log.file = {directory}/log/node.log
log.file.level = info
collect_statistics_interval = 60000
disk_free_limit.absolute = 256MB
vm_memory_high_watermark.relative = 0.4
raft.wal_max_size_bytes = 67108864
"""

_SELDOM = "[{rabbit, [{quorum_tick_interval, 10000}]}].\n"
"""How many milliseconds a quorum queue rests before it counts what it has, for who lists queues: it has seventy
neighbours. In a cluster its followers need that more often."""

_CLUSTER = """\
cluster_formation.peer_discovery_backend = classic_config
cluster_partition_handling = pause_minority
net_ticktime = 10
"""


@dataclass(frozen=True, slots=True)
class Membership:
    """What the nodes of one cluster have in common, and which of them one is."""

    name: str
    names: tuple[str, ...]
    cookie: str
    password: str
    epmd_port: int


def remember(directory: Path, port: int, membership: Membership | None = None) -> dict[str, Any]:
    """Return the state of the node that was in this directory, else that of a new one; `port` 0 chooses a free one."""
    kept = directory / "node.json"
    if kept.exists():
        return dict(json.loads(kept.read_text())) | ({"port": port} if port else {})
    name, cookie = f"counterfoil-{secrets.token_hex(4)}@localhost", secrets.token_hex(16)
    alone = {"name": name, "cookie": cookie, "password": secrets.token_urlsafe(24), "port": port or free_port()}
    return alone | (asdict(membership) if membership else {})


def write_private_json(path: Path, state: dict[str, Any]) -> None:
    """Write a file that only its owner can read."""
    _write_private(path, json.dumps(state))


def write_files(directory: Path, state: dict[str, Any]) -> dict[str, Any]:
    """Write the node's configuration; return its state with every port chosen, the old ones where still free."""
    own = ("port", "dist_port") if "names" in state else ("port", "dist_port", "epmd_port")
    state = state | {name: _port(int(state.get(name, 0))) for name in own}
    for folder in ("data", "log", "home"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    cookie = directory / "home" / ".erlang.cookie"
    cookie.unlink(missing_ok=True)
    _write_private(cookie, state["cookie"], mode=0o400)
    write_private_json(directory / "node.json", state)
    _write_private(directory / "rabbitmq.conf", _CONFIGURATION.format(directory=directory, **state) + _peers(state))
    (directory / "advanced.config").write_text("[].\n" if "names" in state else _SELDOM)
    (directory / "enabled_plugins").write_text("[].\n")
    (directory / "env.conf").write_text("")
    return state


def environment(directory: Path, state: dict[str, Any]) -> dict[str, str]:
    """Return the variables for the node and its tools: nothing of the system's node is read."""
    inherited = {
        name: value
        for name, value in by_the_real_clock().items()
        if not name.startswith(("RABBITMQ_", "ERL_", "NOTIFY_"))
    }
    loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
    return inherited | {
        "HOME": str(directory / "home"),
        "PATH": search_path(),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(state["epmd_port"]),
        "RABBITMQ_NODENAME": state["name"],
        "RABBITMQ_NODE_PORT": str(state["port"]),
        "RABBITMQ_DIST_PORT": str(state["dist_port"]),
        "RABBITMQ_MNESIA_BASE": str(directory / "data"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(directory / "data"),
        "RABBITMQ_LOG_BASE": str(directory / "log"),
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(directory / "advanced.config"),
        "RABBITMQ_CONF_ENV_FILE": str(directory / "env.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"+S 2:2 {loopback} -counterfoil {state['name']}",
        "RABBITMQ_CTL_ERL_ARGS": f"+S 1:1 {loopback}",
    }


def _peers(state: dict[str, Any]) -> str:
    peers = enumerate(state.get("names", ()), start=1)
    lines = [f"cluster_formation.classic_config.nodes.{number} = {name}\n" for number, name in peers]
    return _CLUSTER + "".join(lines) if lines else ""


def _port(kept: int) -> int:
    return kept if kept and is_free(kept) else free_port()


def _write_private(path: Path, text: str, mode: int = 0o600) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
    path.chmod(mode)
