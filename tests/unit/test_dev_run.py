"""What `make run` decides and says, without starting anything."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
from pathlib import Path

import pytest

from dev import first_owner, ports, run, run_directory, run_settings, run_words
from dev.processes import free_port
from dev.steps import CannotGoOn
from support.console_stand_in import StandIn, fixed
from support.own_templates import written

MADE = {"BIND": "127.0.0.1:8080", "BROKER_URL": "amqp://private/"}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "BROKER_URL",
        "DATABASE_URL",
        "SMTP_URL",
        "OWNER_MAIL",
        "FORMS",
        "BIND",
        "API_KEY_HASHES",
        "SECRET",
        "CONSOLE_BIND",
        "PUBLIC_URL",
        "CONSOLE_PUBLIC_URL",
        "SETUP_TOKEN",
    ):
        monkeypatch.delenv(f"COUNTERFOIL_{name}", raising=False)
        monkeypatch.delenv(f"COUNTERFOIL_{name}_FILE", raising=False)
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("MAIL_PORT", raising=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - what another program may do
def test_a_busy_port_is_named_with_the_mend(host: str) -> None:
    port = free_port()
    with socket.socket() as another:
        another.bind((host, port))
        another.listen()

        with pytest.raises(CannotGoOn, match=rf"Port {port} is busy.*PORT={port + 1} make run"):
            ports.check(port)


def test_a_port_that_is_bound_but_answers_nobody_is_busy_too() -> None:
    port = free_port()
    with socket.socket() as another:
        another.bind(("127.0.0.1", port))

        with pytest.raises(CannotGoOn, match=f"Port {port} is busy"):
            ports.check(port)


def test_a_port_that_is_kept_for_root_is_said_to_be_with_one_that_is_not() -> None:
    said = str(ports.refusal(80, PermissionError(errno.EACCES, "Permission denied")))
    assert "Port 80 is kept for root" in said
    assert "PORT=8080 make run" in said
    assert "PORT=81 " not in said


def test_the_port_of_http_itself_is_served_and_not_named(tmp_path: Path) -> None:
    said = run_words.ready(tmp_path, 80, "", None)
    assert "Counterfoil is ready:  http://127.0.0.1/console\n" in said
    assert ":80" not in said


def test_the_sink_has_mails_to_an_owner_too_unless_somebody_says_who_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = MADE | {"OWNER_MAIL": run_settings.OWNER}
    assert run_settings.environment(tmp_path, "notify", made)["COUNTERFOIL_OWNER_MAIL"] == "owner@example.org"
    monkeypatch.setenv("COUNTERFOIL_OWNER_MAIL", "me@example.org")
    assert run_settings.environment(tmp_path, "notify", made)["COUNTERFOIL_OWNER_MAIL"] == "me@example.org"
    assert "to whoever submits and to the owner" in run_words.ready(tmp_path, 80, "", "http://127.0.0.1:8025/")


def test_mails_to_the_owner_link_to_the_console_of_the_run_unless_somebody_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "COUNTERFOIL_CONSOLE_PUBLIC_URL"
    assert run_settings.environment(tmp_path, "notify", MADE)[name] == "http://127.0.0.1:8080"
    assert name not in run_settings.environment(tmp_path, "console", MADE)
    monkeypatch.setenv(name, "https://console.example.org")
    assert run_settings.environment(tmp_path, "notify", MADE)[name] == "https://console.example.org"
    monkeypatch.delenv(name)
    monkeypatch.setenv("COUNTERFOIL_PUBLIC_URL", "https://forms.example.org")
    assert name not in run_settings.environment(tmp_path, "notify", MADE)


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "8080 "])
def test_what_is_no_port_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(CannotGoOn, match="is no port"):
        ports.chosen()


def test_port_chooses_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("PORT", str(port))
    assert ports.chosen() == port


def test_mail_port_chooses_where_the_mails_are(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("MAIL_PORT", str(port))
    assert ports.for_mails(8080) == port
    with pytest.raises(CannotGoOn, match=f"PORT and MAIL_PORT are both {port}"):
        ports.for_mails(port)
    with socket.socket() as another:
        another.bind(("127.0.0.1", port))
        with pytest.raises(CannotGoOn, match=f"Port {port} is busy.* MAIL_PORT={port + 1} make run"):
            ports.for_mails(8080)
    monkeypatch.setenv("MAIL_PORT", "web")
    with pytest.raises(CannotGoOn, match="MAIL_PORT=web is no port"):
        ports.for_mails(8080)


def test_where_the_mails_usual_port_is_busy_the_other_is_said_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = free_port()
    monkeypatch.setattr(ports, "_MAILS", usual)
    assert ports.for_mails(8080) == usual
    assert capsys.readouterr().out == ""
    assert ports.for_mails(usual) != usual, "the gateway is about to listen there"
    capsys.readouterr()
    with socket.socket() as another:
        another.bind(("127.0.0.1", usual))
        port = ports.for_mails(8080)
    assert f"Port {usual} is busy: the mails are at http://127.0.0.1:{port}/ " in capsys.readouterr().out


def test_what_is_wrong_in_any_services_settings_and_in_the_forms_is_said_at_once_and_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    forms = tmp_path / "forms.toml"
    forms.write_text("[forms.a]\ntitel = 'A'\n")
    wrong = {"SMTP_URL": "nonsense", "RATE_LIMIT": "many", "LOG_LEVEL": "loud", "BATCH_SIZE": "0", "SECRET_FILE": "no"}
    own = written(tmp_path / "own", de_body_txt="{{ nmae }}")
    for name, value in (wrong | {"FORMS": str(forms), "TEMPLATES": str(own)}).items():
        monkeypatch.setenv(f"COUNTERFOIL_{name}", value)
    before = dict(os.environ)
    with pytest.raises(CannotGoOn) as refused:
        run.check(tmp_path / "run")
    said = str(refused.value)
    for name in wrong:
        assert said.count(f"  - COUNTERFOIL_{name.removesuffix('_FILE')}") == 1, said
    assert said.count("these settings are wrong:") == 1
    assert f"{forms}:2: forms.a.titel" in said
    assert f"{own}/confirmation/de.body.txt:1: there is no variable nmae" in said
    assert dict(os.environ) == before
    assert not (tmp_path / "run").exists()


def test_what_a_run_makes_itself_is_not_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run.check(tmp_path / "run")
    for name in ("SMTP_URL", "BROKER_URL", "DATABASE_URL"):
        path = tmp_path / name
        path.write_text({"SMTP_URL": "smtp://a", "BROKER_URL": "amqp://a/"}.get(name, "postgresql://a/b"))
        monkeypatch.setenv(f"COUNTERFOIL_{name}_FILE", str(path))
    run.check(tmp_path / "run")


def test_what_is_set_goes_before_what_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://mine/")
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL_FILE", "/run/secrets/database")

    environment = run_settings.environment(tmp_path, "storage", MADE)

    assert environment["COUNTERFOIL_BROKER_URL"] == "amqp://mine/"
    assert "COUNTERFOIL_DATABASE_URL" not in environment
    assert environment["COUNTERFOIL_SECRET_FILE"] == str(tmp_path / "secrets" / "secret")


def test_each_service_has_a_database_of_its_own(tmp_path: Path) -> None:
    urls = {
        run_settings.environment(tmp_path, name, MADE)["COUNTERFOIL_DATABASE_URL"] for name in ("storage", "notify")
    }
    assert urls == {f"sqlite:///{tmp_path}/storage.db", f"sqlite:///{tmp_path}/notify.db"}


def test_all_services_have_the_files_in_the_runs_own_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    services = ("gateway", "storage", "console", "notify")
    urls = {run_settings.environment(tmp_path, name, MADE)["COUNTERFOIL_FILES_URL"] for name in services}
    assert urls == {(tmp_path / "files").as_uri()}
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", "s3://bucket")
    assert run_settings.environment(tmp_path, "storage", MADE)["COUNTERFOIL_FILES_URL"] == "s3://bucket"


def test_port_decides_where_the_gateway_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COUNTERFOIL_BIND", "0.0.0.0:80")
    assert run_settings.environment(tmp_path, "gateway", MADE)["COUNTERFOIL_BIND"] == "127.0.0.1:8080"


def test_the_key_is_told_at_the_first_start_only(tmp_path: Path) -> None:
    said = "API key (shown once): cf_abc\nOperator key (shown once): cf_op_xyz"
    first = run_words.ready(tmp_path, 8080, said, "http://127.0.0.1:8025/")
    later = run_words.ready(tmp_path, 8080, "", "http://127.0.0.1:8025/")

    assert "API key   cf_abc" in first
    assert "Operator  cf_op_xyz" in first
    assert "Bearer cf_abc" in first
    assert "`make key NAME=mine SCOPES=read` makes another" in later
    assert "`make key NAME=mine SCOPES=operate` makes another" in later
    assert "http://127.0.0.1:8025/" in later


def test_the_first_owners_link_is_said_first_of_all_while_there_is_no_owner(tmp_path: Path) -> None:
    said = "First owner (works once, …): http://127.0.0.1:8080/console/setup/abc"
    port = free_port()
    with StandIn(port) as console:
        link = first_owner.link_for_nobody_yet(said, port)
        assert console.heard[0].target == "/console/setup/abc"
        console.answers["/console/setup/"] = fixed(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        assert first_owner.link_for_nobody_yet(said, port) is None
    assert link == "http://127.0.0.1:8080/console/setup/abc"
    assert first_owner.link_for_nobody_yet(said, port) == link, "it cannot be asked"
    lines = run_words.ready(tmp_path, 8080, said, None, link).splitlines()
    assert next(line.strip() for line in lines if "http" in line) == link
    later = run_words.ready(tmp_path, 8080, said, None, None)
    assert "/console/setup/" not in later


def test_the_words_name_a_form_that_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forms = tmp_path / "mine.toml"
    forms.write_text('[forms.guestbook]\ntitle = "Guests"\n')
    monkeypatch.setenv("COUNTERFOIL_FORMS", str(forms))

    assert "http://127.0.0.1:8080/f/guestbook" in run_words.ready(tmp_path, 8080, "", None)


@pytest.mark.parametrize(
    ("fields", "takes"),
    [
        ("", True),
        ('fields.name = {type = "text"}\nfields.email = {type = "email", required = true}', True),
        ('fields.name = {type = "text", required = true}', False),
        ('fields.name = {type = "text"}\nfields.email = {type = "email"}\nfields.age = {required = true}', False),
    ],
)
def test_the_words_give_a_line_that_the_form_takes_or_say_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fields: str, takes: bool
) -> None:
    forms = tmp_path / "mine.toml"
    forms.write_text(f"[forms.mine]\n{fields}\n")
    monkeypatch.setenv("COUNTERFOIL_FORMS", str(forms))
    said = run_words.ready(tmp_path, 8080, "", None)
    assert ("curl -d 'name=Ada Lovelace'" in said) == takes
    assert ("http://127.0.0.1:8080/ has a line for each form" in said) == (not takes)
    commands = [line for line in said.partition("Try it")[2].splitlines() if line.startswith("  ")]
    assert len(commands) == (3 if takes else 1)
    assert all(line.startswith("  curl ") for line in commands), "what is set apart can be copied"


def test_the_gateway_passes_on_to_the_console_that_reads_storages_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = run_settings.addresses(8080, 8097)
    console, gateway = (run_settings.environment(tmp_path, name, made) for name in ("console", "gateway"))
    assert console["COUNTERFOIL_CONSOLE_BIND"] == "127.0.0.1:8097"
    assert console["COUNTERFOIL_DATABASE_URL"] == f"sqlite:///{tmp_path}/storage.db"
    assert gateway["COUNTERFOIL_CONSOLE_URL"] == "http://127.0.0.1:8097"
    monkeypatch.setenv("COUNTERFOIL_CONSOLE_BIND", "127.0.0.1:9000")
    assert run_settings.addresses(8080, 8097)["CONSOLE_URL"] == "http://127.0.0.1:9000", "one's own address goes before"


def test_a_command_finds_the_settings_of_a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    directory = tmp_path / "it's here"
    directory.mkdir()
    monkeypatch.setenv("COUNTERFOIL_MAIL_FROM", "Ada's forms <forms@example.org>")
    monkeypatch.setenv(run_directory.MARK, "of a run")
    run_settings.write(directory, "storage", MADE)

    file = directory / "storage.env"
    assert file.stat().st_mode & 0o777 == 0o600
    command = ["sh", "-c", 'set -a; . "$1"; env -0', "sh", str(file)]
    said = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True).stdout
    settings = dict(line.split("=", 1) for line in said.split("\0") if line.startswith("COUNTERFOIL_"))
    given = run_settings.environment(directory, "storage", MADE).items()
    assert settings == {
        name: value for name, value in given if name.startswith("COUNTERFOIL_") and name != run_directory.MARK
    }
    assert settings["COUNTERFOIL_BROKER_URL"] == "amqp://private/"
    assert settings["COUNTERFOIL_DATABASE_URL"] == f"sqlite:///{directory}/storage.db"
    assert settings["COUNTERFOIL_MAIL_FROM"] == "Ada's forms <forms@example.org>"


@pytest.mark.parametrize("name", ["COUNTERFOIL_SMTP_URL", "COUNTERFOIL_SMTP_URL_FILE"])
def test_a_mail_server_that_is_named_is_the_one_that_notify_gets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv(name, "given")
    environment = run_settings.environment(tmp_path, "notify", MADE)
    assert {key: value for key, value in environment.items() if "SMTP_URL" in key} == {name: "given"}
    assert run_settings.is_given("SMTP_URL")


def test_ones_own_forms_are_found_here_or_in_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_settings, "ROOT", tmp_path)
    monkeypatch.setattr(run_settings, "EXAMPLE", tmp_path / "forms.example.toml")
    (tmp_path / "forms").mkdir()
    found = [run_settings.forms()]
    for path in (tmp_path / "forms" / "forms.toml", tmp_path / "forms.toml"):
        path.touch()
        found.append(run_settings.forms())
    monkeypatch.setenv("COUNTERFOIL_FORMS", str(tmp_path / "forms"))
    found.append(run_settings.forms())
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "forms.example.toml",
        "forms/forms.toml",
        "forms.toml",
        "forms/forms.toml",
    ]
