"""Runs a private RabbitMQ node for one installation or one test run.

It shares nothing with a node that the system runs: name, ports, cookie, port mapper (epmd), data and configuration
are its own, and it listens on loopback only. Variables: https://www.rabbitmq.com/docs/configure
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from dev.amqp import accepts
from dev.processes import (
    StartFailed,
    await_start,
    descendants,
    end,
    ending,
    free_port,
    freeze,
    is_alive,
    is_free,
    poll,
    send,
)
from dev.programs import rabbitmq
from dev.rabbitmq_files import Membership, environment, remember, write_files

START_TIMEOUT_S = 90
_VHOSTS_AT_ONCE = 8


class Broker:
    """One RabbitMQ node below `directory`. Started again there, it has its data, its ports and its password.

    The nodes of a cluster (`membership`) share a port mapper that somebody else runs.
    """

    description = "RabbitMQ (a private node)"

    def __init__(self, directory: Path, port: int = 0, membership: Membership | None = None) -> None:
        self.directory = directory.absolute()
        self._state = remember(self.directory, port, membership)
        self._is_member = membership is not None
        self._node: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._spare: list[str] = []
        self._retired: list[str] = []

    @property
    def url(self) -> str:
        """The address of its default virtual host, with the password in it."""
        return self.url_of("%2F")

    @property
    def name(self) -> str:
        """The name of the node among Erlang's."""
        return str(self._state["name"])

    @property
    def port(self) -> int:
        """The port it speaks AMQP on."""
        return int(self._state["port"])

    @property
    def pid(self) -> int:
        """The process id of the node; raises `StartFailed` when it was not started."""
        return self._running.pid

    def is_running(self) -> bool:
        """Say whether the node was started and has not ended."""
        return self._node is not None and self._node.poll() is None

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._node is None:
            raise StartFailed("the broker is not running")
        return self._node

    @property
    def _log(self) -> Path:
        return self.directory / "log" / "console.log"

    def url_of(self, vhost: str) -> str:
        """Return the address of one virtual host."""
        return f"amqp://counterfoil:{self._state['password']}@127.0.0.1:{self.port}/{vhost}"

    def start(self) -> None:
        """Start and wait until it accepts connections; raises `NotInstalled`, or `StartFailed` with its log's end."""
        self._end_leftover()
        self._state = write_files(self.directory, self._state)
        try:
            self._spawn()
            await_start("RabbitMQ", self._running, self.is_ready, self._log, START_TIMEOUT_S)
        except BaseException:
            self.kill()
            raise

    def _spawn(self) -> None:
        variables = environment(self.directory, self._state)
        with self._log.open("ab") as out:
            if not self._is_member:
                self._epmd = spawn(mapper_command(self._state["epmd_port"]), variables, out)
            # as under systemd the script becomes the node, where it would otherwise stay as a shell above it
            self._node = spawn([rabbitmq("rabbitmq-server")], variables | {"RUNNING_UNDER_SYSTEMD": "true"}, out)
        self._pid_file.write_text(" ".join(str(each.pid) for each in (self._node, self._epmd) if each))

    def is_ready(self) -> bool:
        """Say whether it accepts an AMQP connection now."""
        return not is_free(self.port) and accepts(self.url)

    def wait(self) -> str:
        """Wait until the node has ended, and return how."""
        return ending(self._running.wait())

    def start_again(self) -> None:
        """Start a node that has ended, at the address that it had; raises as `start`."""
        self.kill()
        if not is_free(self.port):
            raise StartFailed(f"another program has its port, {self.port}")
        self.start()

    def stop(self) -> None:
        """End it in good order and wait until none of its processes is left."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would.

        A quorum queue that was declared less than half a second before is lost with its messages: RabbitMQ (3.10 and
        4.0) writes down which queues there are only that often. Wait for `has_written_down` where that matters.
        """
        self._end(signal.SIGKILL)

    def has_written_down(self, queue: str, *, url: str | None = None) -> bool:
        """Say whether a quorum queue of the virtual host at `url` would survive `kill`: the registry on disk has it."""
        name = f"{(url or self.url).rpartition('/')[2]}_{queue}".encode()
        return any(name in registry.read_bytes() for registry in (self.directory / "data").rglob("quorum/*/names.dets"))

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open, nothing answers."""
        freeze([self.pid])

    def resume(self) -> None:
        """Let it go on after `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def export_metrics(self) -> str:
        """Let Prometheus read it until it ends, and return the `host:port` for that; takes some seconds."""
        port = free_port()
        address = f'[{{ip, "127.0.0.1"}}, {{port, {port}}}]'
        self.ctl("eval", f"application:set_env(rabbitmq_prometheus, tcp_config, {address}, [{{persistent, true}}]).")
        self._run("rabbitmq-plugins", "enable", "rabbitmq_prometheus")
        return f"127.0.0.1:{port}"

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl (about a second) and return what it prints; raises `CalledProcessError`."""
        return self._run("rabbitmqctl", *arguments)

    def _run(self, program: str, *arguments: str) -> str:
        command = [rabbitmq(program), "--quiet", *arguments]
        variables = environment(self.directory, self._state)
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=120).stdout

    def fresh_vhost(self) -> str:
        """Return the address of an empty virtual host that no one had before.

        They are made several at a time, and those that were retired deleted then: a call of rabbitmqctl takes a second.
        """
        if not self._spare:
            self._spare = [f"v{secrets.token_hex(4)}" for _ in range(_VHOSTS_AT_ONCE)]
            self._replace_vhosts(self._retired, self._spare)
            self._retired = []
        return self.url_of(self._spare.pop())

    def retire(self, url: str) -> None:
        """Say that nobody uses the virtual host at this address any more."""
        self._retired.append(url.rpartition("/")[2])

    def _replace_vhosts(self, old: list[str], new: list[str]) -> None:
        names = "[{}]".format
        self.ctl(
            "eval",
            f'[rabbit_vhost:delete(V, <<"dev">>) || V <- {names(",".join(map(_binary, old)))}],'
            f'[begin ok = rabbit_vhost:add(V, <<"dev">>), ok = rabbit_auth_backend_internal:set_permissions('
            f'<<"counterfoil">>, V, <<".*">>, <<".*">>, <<".*">>, <<"dev">>) end || '
            f"V <- {names(','.join(map(_binary, new)))}].",
        )

    def _end(self, sign: signal.Signals) -> None:
        helpers = descendants(self._node.pid) if self._node else []
        end(self._node, sign, timeout_s=60)
        end(self._epmd, signal.SIGKILL)
        if not poll(lambda: not any(map(is_alive, helpers)), timeout_s=5):
            send(helpers, signal.SIGKILL)
        self._node = self._epmd = None
        self._pid_file.unlink(missing_ok=True)

    def _end_leftover(self) -> None:
        """End what a runner that was itself killed left behind in this directory."""
        if not self._pid_file.exists():
            return
        pids = [pid for pid in map(int, self._pid_file.read_text().split()) if self._is_ours(pid)]
        helpers = [helper for pid in pids for helper in descendants(pid)]
        send(pids + helpers, signal.SIGKILL)
        poll(lambda: not any(map(is_alive, pids)), timeout_s=10)

    def _is_ours(self, pid: int) -> bool:
        shown = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True).stdout
        return self._state["name"] in shown or f"epmd -address 127.0.0.1 -port {self._state['epmd_port']}" in shown

    @property
    def _pid_file(self) -> Path:
        return self.directory / "pids"

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def mapper_command(port: int) -> list[str]:
    """Return the command that runs Erlang's port mapper (epmd) on loopback."""
    return [rabbitmq("epmd"), "-address", "127.0.0.1", "-port", str(port)]


def spawn(command: list[str], variables: Mapping[str, str], out: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, which a Ctrl-C at the terminal does not reach."""
    return subprocess.Popen(
        command, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
    )


def _binary(name: str) -> str:
    return f'<<"{name}">>'
