"""`make run` runs a broker, a mail sink, the three services and the console until Ctrl-C, after `dev.prepare`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

import requests

from dev import check_settings, first_owner, ports, processes, programs, run_directory, run_settings, run_words
from dev.broker import Broker
from dev.docker_broker import DockerBroker
from dev.steps import RUN, CannotGoOn, doing, leave
from dev.supervisor import Supervisor
from notify_service.channels.mail.template_set import TemplatesError
from notify_service.channels.mail.templates import Templates
from shared import forms

_READY_TIMEOUT_S = 30
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SERVICES = {
    "storage": ["storage_service"],
    "console": ["storage_service", "console"],
    "notify": ["notify_service"],
    "gateway": ["gateway"],
}


class Asked(Exception):
    """Somebody wants us to end: Ctrl-C, SIGTERM, or the terminal was closed."""


class Run:
    """One run with its data in `directory`; `until_something_ends` does all of it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = 0
        self._broker: Broker | DockerBroker | None = None
        self._made: dict[str, str] = {}
        self._supervisor = Supervisor(colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)

    def until_something_ends(self) -> str | None:
        """Start everything, and return what ended for good; whatever happens, all of it is ended then."""
        with ExitStack() as stack:
            check(self._directory)
            stack.enter_context(run_directory.held(self._directory))
            os.environ.update(run_directory.mark(self._directory))
            (self._directory / run_settings.FILES).mkdir(mode=0o700, exist_ok=True)
            self._port = ports.chosen()
            has_mails = not run_settings.is_given("SMTP_URL")
            if has_mails and os.environ.get("MAIL_PORT"):
                ports.for_mails(self._port)  # what is wrong with it is said before anything is started
            self._made |= run_settings.addresses(self._port, processes.free_port())
            stack.callback(self._supervisor.say, "Stopped.")
            if not run_settings.is_given("BROKER_URL"):
                self._start_broker(stack)
            made = self._set_up()
            with doing("Bringing the databases up to date"):
                self._call("storage_service", "migrate")
                self._call("notify_service", "migrate")
            stack.callback(self._supervisor.stop)
            stack.callback(_listen_for, self.end_now)
            mail_page = self._start_mail_sink() if has_mails else None
            for name, module in _SERVICES.items():
                run_settings.write(self._directory, name, self._made)
                self._supervisor.start(name, [sys.executable, "-m", *module], self._environment(name))
            if ended := self._await_ready():
                return ended
            self._supervisor.bring_back()
            link = first_owner.link_for_nobody_yet(made, self._port)
            self._supervisor.say(run_words.ready(self._directory, self._port, made, mail_page, link))
            return self._supervisor.wait()

    def end_now(self) -> NoReturn:
        """Kill everything, and end this process."""
        processes.send(processes.descendants(os.getpid()), signal.SIGKILL)
        if isinstance(self._broker, DockerBroker):
            self._broker.kill()
        os._exit(130)

    def _set_up(self) -> str:
        """Make what is missing, and a new link for the first owner; returns what was said of it."""
        url = first_owner.public_url(self._port)
        return self._call("gateway", "setup", str(self._directory / "secrets"), "--url", url).strip()

    def _start_broker(self, stack: ExitStack) -> None:
        kind = Broker if programs.has_rabbitmq() else DockerBroker
        self._broker = broker = kind(self._directory / "rabbitmq")
        with doing(f"Starting {broker.description}"):
            stack.callback(broker.stop)
            broker.start()
        self._supervisor.watch("RabbitMQ", broker.wait, broker.start_again)
        self._made["BROKER_URL"] = broker.url

    def _start_mail_sink(self) -> str:
        # chosen now: another `make run` that starts meanwhile would have taken the same
        smtp, web = processes.free_port(), ports.for_mails(self._port)
        program = [sys.executable, "-m", "dev.mail_sink", str(self._directory / "mail")]
        self._supervisor.start("mail", [*program, f"--smtp-port={smtp}", f"--web-port={web}"], os.environ)
        self._made |= {"SMTP_URL": f"smtp://127.0.0.1:{smtp}?starttls=never", "OWNER_MAIL": run_settings.OWNER}
        return f"http://127.0.0.1:{web}/"

    def _await_ready(self) -> str | None:
        """Wait until the gateway and the console are ready; returns what ended by itself in the meantime."""
        asked = (f"http://127.0.0.1:{self._port}", self._made["CONSOLE_URL"])
        for _ in range(_READY_TIMEOUT_S * 4):
            if ended := self._supervisor.wait(timeout_s=0.25):
                return ended
            try:
                if all(requests.get(f"{url}/readyz", timeout=5).ok for url in asked):
                    return None
            except requests.RequestException:
                continue
        self._supervisor.say("Not all of it is ready yet: see what it says above. It goes on trying.")
        return None

    def _call(self, module: str, *arguments: str) -> str:
        command = [sys.executable, "-m", module, *arguments]
        environment = self._environment(module.removesuffix("_service"))
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise CannotGoOn(f"python -m {module} {arguments[0]} failed.\n{done.stdout}")
        return done.stdout

    def _environment(self, service: str) -> dict[str, str]:
        return run_settings.environment(self._directory, service, self._made)


def check(directory: Path) -> None:
    """Find wrong forms and settings before anything is started; raises `CannotGoOn` with all of it.

    The services would find them one after the other, when all the rest runs.
    """
    wrong = [check_settings.problems(directory), _wrong_templates(run_settings.templates())]
    try:
        forms.load(run_settings.forms())
    except forms.FormsError as error:
        wrong.append(f"The form definitions are wrong.\n\n{error}")
    if any(wrong):
        raise CannotGoOn("\n\n".join(filter(None, wrong)))


def _wrong_templates(folder: Path | None) -> str:
    try:
        Templates(folder)
    except TemplatesError as error:
        return f"The templates of mails are wrong.\n\n{error}"
    return ""


def _listen_for(end_now: Callable[[], NoReturn]) -> None:
    """While all is being ended, let nothing disturb that but another Ctrl-C, which ends it at once."""

    def ending_now(_sign: int, _frame: object) -> NoReturn:
        _tell("Ending it now.")
        end_now()

    signal.signal(signal.SIGINT, ending_now)  # never ignored, not for a moment: one that came then would be lost
    for sign in set(_SIGNALS) - {signal.SIGINT}:
        signal.signal(sign, signal.SIG_IGN)


def _tell(text: str) -> None:
    """Print from within a signal's handler, which may have come in the middle of another print."""
    with suppress(OSError):
        os.write(sys.stdout.fileno(), f"\n{text}\n".encode())


def main() -> None:
    """Run until asked to end, or until something ends for good, which exits 1."""
    arguments = argparse.ArgumentParser(prog="python -m dev.run", description=__doc__)
    arguments.add_argument("--directory", type=Path, default=RUN, help="where the data is; .run by default")
    directory = arguments.parse_args().directory.absolute()
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    os.umask(0o077)
    run = Run(directory)

    def end(sign: int, _frame: object) -> NoReturn:
        _listen_for(run.end_now)
        _tell("Stopping … (Ctrl-C again ends it at once)")
        raise Asked(signal.Signals(sign).name)

    for sign in _SIGNALS:
        if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:  # under nohup it stays ignored
            signal.signal(sign, end)
    ended: str | None = None
    try:
        ended = run.until_something_ends()
    except Asked:
        pass
    except (CannotGoOn, processes.StartFailed, programs.NotInstalled) as error:
        leave(error)
    finally:
        _listen_for(run.end_now)
        processes.send(processes.descendants(os.getpid()), signal.SIGKILL)  # what was being started when we were asked
    if ended:
        leave(CannotGoOn(f"{ended}, so everything was stopped. What it said stands above."))


if __name__ == "__main__":
    main()
