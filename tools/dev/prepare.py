"""Prepares a machine: `python3 -m dev.prepare run`, `… test` or `… bench`. Needs nothing but Python.

Safe to run again. It says what it does, and what it installs. The second time it takes a moment.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dev import clients, packages, ports, programs, python_packages, run_directory
from dev.steps import RUN, CannotGoOn, leave, say

_NO_RABBITMQ = """RabbitMQ is missing, and nothing here can install it: no root or sudo, no Homebrew, no Docker.
Either install it, on Debian and Ubuntu:

  apt install rabbitmq-server

or give the address of one that runs:

  COUNTERFOIL_BROKER_URL=amqp://user:password@host:5672/ make run"""

_NO_PROGRAM = """{name} is missing, which is needed here, and there is no way to install it from here.
Install it, on Debian and Ubuntu:

  apt install {apt}"""


_OLDEST_PYTHON = (3, 11)


def for_run() -> None:
    """Get ready for `make run`; raises `CannotGoOn`."""
    with run_directory.held(RUN):  # what a killed run left may have the port
        ports.chosen()
    python_packages.install()
    if not (os.environ.get("COUNTERFOIL_BROKER_URL") or os.environ.get("COUNTERFOIL_BROKER_URL_FILE")):
        _provide_rabbitmq(docker_will_do=True)


def for_test() -> None:
    """Get ready for `make test`; raises `CannotGoOn`."""
    python_packages.install_with_clients()
    _provide_rabbitmq(docker_will_do=False)
    _provide_postgresql()
    _provide("Redis", is_here=programs.has_redis(), apt="redis-server", brew="redis")
    _provide("Prometheus", is_here=programs.has_prometheus(), apt="prometheus", brew="prometheus")
    _provide("ClamAV", is_here=programs.has_clamd(), apt="clamav-daemon", brew="clamav")
    _provide("Dovecot", is_here=programs.has_dovecot(), apt="dovecot-imapd", brew="dovecot")
    _provide("faketime", is_here=shutil.which("faketime") is not None, apt="faketime", brew="libfaketime")
    _provide("curl", is_here=shutil.which("curl") is not None, apt="curl", brew="curl")
    clients.install()


def for_proxies() -> None:
    """Get ready for `make test-proxies`; raises `CannotGoOn`."""
    python_packages.install_with_clients()
    _provide_rabbitmq(docker_will_do=False)
    for name, apt in (("nginx", "nginx-light"), ("caddy", "caddy"), ("haproxy", "haproxy")):
        is_here = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is not None
        _provide(name, is_here=is_here, apt=apt, brew=name)


def for_bench() -> None:
    """Get ready for `make bench`; raises `CannotGoOn`."""
    python_packages.install_with_clients()
    clients.provide_chromium()
    _provide_rabbitmq(docker_will_do=False)
    _provide_postgresql()
    _provide("wrk", is_here=shutil.which("wrk") is not None, apt="wrk", brew="wrk")


def _provide_postgresql() -> None:
    _provide("PostgreSQL", is_here=programs.has_postgresql(), apt="postgresql", brew="postgresql@17")


def _provide_rabbitmq(*, docker_will_do: bool) -> None:
    if programs.has_rabbitmq():
        return
    if packages.can_apt():
        packages.apt("RabbitMQ", "rabbitmq-server")
    elif packages.can_brew():
        packages.brew("RabbitMQ", "rabbitmq")
    elif not (docker_will_do and packages.has_docker()):
        raise CannotGoOn(_NO_RABBITMQ)


def _provide(name: str, *, is_here: bool, apt: str, brew: str) -> None:
    if is_here:
        return
    if packages.can_apt():
        packages.apt(name, apt)
    elif packages.can_brew():
        packages.brew(name, brew)
    else:
        raise CannotGoOn(_NO_PROGRAM.format(name=name, apt=apt))


def _change_to_new_python() -> None:
    if sys.version_info >= _OLDEST_PYTHON:
        return
    found = next(filter(None, (shutil.which(f"python3.{minor}") for minor in (13, 12, 11, 14))), None)
    if found is None:
        raise CannotGoOn(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
    os.execv(found, [found, "-m", "dev.prepare", *sys.argv[1:]])  # noqa: S606 - the same program, by a newer Python


_WORK: dict[str, Callable[[], None]] = {
    "bench": for_bench,
    "proxies": for_proxies,
    "forms": python_packages.install,
    "python": python_packages.install_with_clients,
    "run": for_run,
    "test": for_test,
}


@contextmanager
def _alone() -> Iterator[None]:
    """Wait while another terminal gets ready: two at once would install over each other."""
    RUN.mkdir(mode=0o700, exist_ok=True)
    with (RUN / "prepare.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another `make` that is getting this machine ready …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Do what the command line asks for."""
    work = _WORK[sys.argv[1]]
    try:
        _change_to_new_python()
        with _alone():
            work()
    except CannotGoOn as error:
        leave(error)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
