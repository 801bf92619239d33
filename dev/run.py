"""`make run`: a private broker, a mail sink and the three services, until Ctrl-C. `dev.prepare` has run before."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import requests

from dev import ports, processes, programs, run_settings, run_words
from dev.broker import Broker
from dev.docker_broker import DockerBroker
from dev.steps import RUN, CannotGoOn, doing, leave
from dev.supervisor import Supervisor

_MAIL_PAGE_PORT = 8025
_READY_TIMEOUT_S = 30
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Asked(Exception):
    """Somebody wants us to end: Ctrl-C, SIGTERM, or the terminal was closed."""


def main() -> None:
    """Run until asked to end, or until something ends by itself, which exits 1."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    for sign in _SIGNALS:
        if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:  # under nohup it stays ignored
            signal.signal(sign, _end)
    failure: str | None = None
    try:
        failure = _run(ports.chosen())
    except Asked:
        pass
    except (CannotGoOn, processes.StartFailed, programs.NotInstalled) as error:
        leave(error)
    finally:
        _ignore_signals()
        processes.send(processes.descendants(os.getpid()), signal.SIGKILL)  # what was being started when we were asked
    if failure:
        leave(CannotGoOn(f"{failure}, so everything was stopped. What it said stands above."))


def _run(port: int) -> str | None:
    with ExitStack() as stack:
        stack.enter_context(_only_one())
        supervisor = Supervisor(colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
        stack.callback(supervisor.say, "Stopped.")
        made = {"BIND": f"127.0.0.1:{port}"}
        if not run_settings.is_given("BROKER_URL"):
            made["BROKER_URL"] = _start_broker(stack, supervisor)
        api_key = _call("gateway", "setup", str(RUN / "secrets"), made=made).strip()
        with doing("Bringing the databases up to date"):
            _call("storage_service", "migrate", made=made)
            _call("notify_service", "migrate", made=made)
        stack.callback(supervisor.stop)
        stack.callback(_ignore_signals)
        mail_page = _start_mail_sink(supervisor, made)
        _start_services(supervisor, made)
        ended = _await_ready(supervisor, port)
        if not ended:
            supervisor.say(run_words.ready(port, api_key, mail_page))
            ended = supervisor.wait()
        return ended


def _start_broker(stack: ExitStack, supervisor: Supervisor) -> str:
    directory = RUN / "rabbitmq"
    broker = Broker(directory) if programs.has_rabbitmq() else DockerBroker(directory)
    with doing(f"Starting {broker.description}"):
        stack.callback(broker.stop)
        broker.start()
    supervisor.watch("RabbitMQ", broker.wait)
    return broker.url


def _start_mail_sink(supervisor: Supervisor, made: dict[str, str]) -> str | None:
    if run_settings.is_given("SMTP_URL"):
        return None
    smtp, web = processes.free_port(), _MAIL_PAGE_PORT
    if not processes.is_free(web):
        web = processes.free_port()
    command = [sys.executable, "-m", "dev.mail_sink", str(RUN / "mail"), f"--smtp-port={smtp}", f"--web-port={web}"]
    supervisor.start("mail", command, os.environ)
    made["SMTP_URL"] = f"smtp://127.0.0.1:{smtp}?starttls=never"
    return f"http://127.0.0.1:{web}/"


def _start_services(supervisor: Supervisor, made: Mapping[str, str]) -> None:
    for name, module in (("storage", "storage_service"), ("notify", "notify_service"), ("gateway", "gateway")):
        supervisor.start(name, [sys.executable, "-m", module], run_settings.environment(RUN, name, made))


def _await_ready(supervisor: Supervisor, port: int) -> str | None:
    """Wait until the gateway is ready; returns what ended by itself in the meantime."""
    for _ in range(_READY_TIMEOUT_S * 4):
        if ended := supervisor.wait(timeout_s=0.25):
            return ended
        try:
            answer = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5)
        except requests.RequestException:
            continue
        if answer.ok:
            return None
    supervisor.say("The gateway is not ready yet: see what it says above. It goes on trying.")
    return None


def _call(module: str, *arguments: str, made: Mapping[str, str]) -> str:
    service = module.removesuffix("_service")
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=run_settings.environment(RUN, service, made), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise CannotGoOn(f"python -m {module} {arguments[0]} failed.\n{done.stdout}")
    return done.stdout


@contextmanager
def _only_one() -> Iterator[None]:
    RUN.mkdir(exist_ok=True)
    with (RUN / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotGoOn(f"Counterfoil already runs from this folder: it holds {Path('.run/lock')}.") from None
        yield


def _end(sign: int, _frame: object) -> NoReturn:
    _ignore_signals()
    raise Asked(signal.Signals(sign).name)


def _ignore_signals() -> None:
    """Let nothing disturb the ending: it takes a bounded time."""
    for sign in _SIGNALS:
        signal.signal(sign, signal.SIG_IGN)


if __name__ == "__main__":
    main()
