"""Real servers for the tests. One that is missing makes a test fail, never skip: `make test` installs them."""

from __future__ import annotations

import gc
import logging
import re
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from structlog.stdlib import ProcessorFormatter
from xdist.workermanage import Producer, WorkerController

import notify_service.tables
import storage_service.tables
from dev.broker import Broker
from dev.clamd_server import ClamdServer
from dev.dovecot_server import DovecotServer
from dev.mail_sink import MailSink
from dev.postgres import Postgres
from dev.redis_server import RedisServer
from dev.seaweed import Seaweed
from shared.files import FilesSettings
from storage_service.spam.threads import keep_to_one
from support import compiled_once, left_behind, migrating, rewritten, schedule

# One example may wait for a database, or for two cores that do something else.
settings.register_profile("default", max_examples=100, deadline=None)
settings.register_profile("fuzz", max_examples=1000, deadline=None, database=None, print_blob=True)


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C reach what tests start: whoever runs tests in the background may have them ignore it, and programs
    inherit that. What each application compiles is remembered; tracebacks in its logs are not painted by rich."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    compiled_once.remember()
    keep_to_one()
    rewritten.rewrite_share(config)
    structlog.get_config()["processors"][-1].exception_formatter = structlog.dev.plain_traceback


_A_NEW_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-(?!0{12})[0-9a-f]{12}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes long begin first. Each process of a run has to know the tests by the same names."""
    if others := [item.nodeid for item in items if _A_NEW_ID.search(item.nodeid)]:
        raise pytest.UsageError(f"named by an id that is another one each time; take a fixed one: {others[0]}")
    schedule.sort(items)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the tests and modules, which stay: a third of the processor's time went into
    looking through them again for each test that makes an application."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 20, 20)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Say for `.ci/run` whether tests failed (1), or the run broke off (2 and more)."""
    cache = getattr(session.config, "cache", None)  # none with `-p no:cacheprovider`
    if cache and not hasattr(session.config, "workerinput"):
        cache.set("counterfoil/exit_status", int(exitstatus))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> schedule.Schedule:
    """Give what shares a server to one process."""
    return schedule.Schedule(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController, error: object | None) -> None:
    """Stop what a process has left behind that died, as one does that hangs: see `faulthandler_exit_on_timeout`."""
    if error:
        run = node.workerinput["testrunuid"]
        left_behind.kill_what_has({"PYTEST_XDIST_TESTRUNUID": run, "PYTEST_XDIST_WORKER": node.gateway.id})


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Take back what a command that ran in this process set up for its logs: they would go to its closed output."""
    before, was_set_up = structlog.get_config(), structlog.is_configured()
    yield
    if structlog.get_config() != before:
        structlog.configure(**before) if was_set_up else structlog.reset_defaults()
        root = logging.getLogger()
        root.handlers = [one for one in root.handlers if not isinstance(one.formatter, ProcessorFormatter)]


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """A place below which other users can reach their files: PostgreSQL is not run as root."""
    directory = Path(tempfile.mkdtemp(prefix="counterfoil-tests-"))
    directory.chmod(0o755)
    yield directory
    # Gigabytes of small files, at the end of all tests: nobody waits for it.
    nothing = subprocess.DEVNULL
    subprocess.Popen(["rm", "-rf", directory], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)


@pytest.fixture(scope="session")
def rabbitmq(server_directory: Path) -> Iterator[Broker]:
    """A RabbitMQ node for the whole run. A test that kills or pauses a broker makes its own."""
    broker = Broker(server_directory / "rabbitmq")
    broker.start()
    yield broker
    broker.kill()  # its data is thrown away: no need to wait until it has put everything in order


@pytest.fixture(scope="session")
def mortal_broker(server_directory: Path) -> Iterator[Broker]:
    """A broker that tests kill and start again, one test at a time."""
    broker = Broker(server_directory / "mortal-rabbitmq")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def broker_url(rabbitmq: Broker) -> Iterator[str]:
    """The address of an empty virtual host for one test."""
    url = rabbitmq.fresh_vhost()
    yield url
    rabbitmq.retire(url)


@pytest.fixture(scope="session")
def postgres(server_directory: Path) -> Iterator[Postgres]:
    """A PostgreSQL server for the whole run. A test that kills or pauses a database server makes its own."""
    with Postgres(server_directory / "postgres", is_durable=False) as server:
        yield server
        server.drop()


@pytest.fixture(scope="session")
def storage_template(postgres: Postgres) -> str:
    """The name of a PostgreSQL database with storage's tables."""
    return migrating.template_in(postgres, storage_service.tables.MIGRATIONS)


@pytest.fixture(scope="session")
def notify_template(postgres: Postgres) -> str:
    """The name of a PostgreSQL database with notify's tables."""
    return migrating.template_in(postgres, notify_service.tables.MIGRATIONS)


@pytest.fixture
def postgres_url(postgres: Postgres, storage_template: str) -> str:
    """The address of a PostgreSQL database for one test, with storage's tables: most tests need them."""
    return postgres.create_database(f"test_{secrets.token_hex(6)}", storage_template)


@pytest.fixture
def notify_postgres_url(postgres: Postgres, notify_template: str) -> str:
    """The address of a PostgreSQL database for one test, with notify's tables."""
    return postgres.create_database(f"test_{secrets.token_hex(6)}", notify_template)


@pytest.fixture
def empty_postgres_url(postgres: Postgres) -> str:
    """The address of an empty PostgreSQL database for one test."""
    return postgres.create_database(f"test_{secrets.token_hex(6)}")


@pytest.fixture(scope="session")
def redis_server(server_directory: Path) -> Iterator[RedisServer]:
    """A Redis server for the whole run. A test that stops or pauses one makes its own."""
    with RedisServer(server_directory / "redis") as server:
        yield server


@pytest.fixture(scope="session")
def clamd(server_directory: Path) -> Iterator[ClamdServer]:
    """A ClamAV daemon for the whole run. A test that stops or pauses one makes its own."""
    with ClamdServer(server_directory / "clamd") as server:
        yield server


@pytest.fixture(scope="session")
def dovecot(server_directory: Path) -> Iterator[DovecotServer]:
    """An IMAP server for the whole run; each test has a mailbox of its own. One that stops a server makes its own."""
    with DovecotServer(server_directory / "dovecot") as server:
        yield server


@pytest.fixture(scope="session")
def seaweed(server_directory: Path) -> Iterator[Seaweed]:
    """An S3 server for the whole run. A test that stops, fills or pauses one makes its own."""
    with Seaweed(server_directory / "seaweed") as server:
        yield server


@pytest.fixture
def s3_settings(seaweed: Seaweed) -> FilesSettings:
    """What names an empty place in a bucket, for one test."""
    return seaweed.settings(f"test-{secrets.token_hex(6)}")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database for one test, which is not there yet; `migrating` gives it its tables."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database for one test of storage, which runs once on each kind; `migrating` makes its tables."""
    return _url_of(request, "postgres_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def notify_database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database for one test of notify, which runs once on each kind; `migrating` makes its tables."""
    return _url_of(request, "notify_postgres_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database for one test, which runs once on each kind."""
    return _url_of(request, "empty_postgres_url")


def _url_of(request: pytest.FixtureRequest, on_postgresql: str) -> str:
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": on_postgresql}[request.param])
    return url


@pytest.fixture
def mail_sink(tmp_path: Path) -> Iterator[MailSink]:
    """An SMTP server for one test, which keeps what it receives."""
    with MailSink(tmp_path / "mail") as sink:
        yield sink
