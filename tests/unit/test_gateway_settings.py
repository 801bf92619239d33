"""The gateway's settings, and the first start of an installation."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway import settings
from gateway.console.bounds import Bounds
from gateway.server.forms_file import load_forms
from gateway.server.installation import NewKeys, make_link, set_up
from gateway.uploads.filing import STORE_PIECE_S
from shared.api_keys import hash_of, key_hashes
from shared.files.objects import TURN_S
from shared.files.settings import LARGE_AT_ONCE
from shared.forms import FormsError
from shared.sealing.keys import opening_keys
from shared.sealing.settings import keys_that_open
from shared.settings import SettingsError, reader

SECRET = "a secret of the tests, longer than thirty-two characters"
GOOD = {"COUNTERFOIL_SECRET": SECRET, "COUNTERFOIL_BROKER_URL": "amqp://counterfoil:pw@127.0.0.1:5672/"}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("COUNTERFOIL_")]:
        monkeypatch.delenv(name)


def load(monkeypatch: pytest.MonkeyPatch, **given: str) -> settings.Settings:
    for name, value in {**GOOD, **given}.items():
        monkeypatch.setenv(name, value)
    return settings.load()


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(monkeypatch)
    assert loaded.bind == "127.0.0.1:8080"
    assert loaded.forms == Path("forms.toml")
    assert 1 <= loaded.workers <= 4
    assert loaded.public_url is None
    assert loaded.max_body_bytes == 128 * 1024
    assert loaded.trusted_hops == 0
    assert (loaded.rate_limit, loaded.rate_limit_url) == ("600/minute", None)
    assert (loaded.console_url, loaded.passed) == (None, Bounds(32, 12, 200, 60, 1024 * 1024))


def test_everything_wrong_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "COUNTERFOIL_SECRET": "",
        "COUNTERFOIL_BROKER_URL": "http://example.org",
        "COUNTERFOIL_BIND": "8080",
        "COUNTERFOIL_WORKERS": "0",
        "COUNTERFOIL_CONSOLE_URL": "http://console:8090/v1",
        "COUNTERFOIL_PASSED_REQUESTS": "0",
        "COUNTERFOIL_PASSED_REQUESTS_PER_SOURCE": "none",
        "COUNTERFOIL_PASSED_STREAMS": "1001",
        "COUNTERFOIL_PASSED_STREAMS_PER_SOURCE": "-1",
        "COUNTERFOIL_PASSED_BODY_BYTES": "12",
        "COUNTERFOIL_PUBLIC_URL": "forms.example.org",
        "COUNTERFOIL_MAX_BODY_BYTES": "many",
        "COUNTERFOIL_TRUSTED_HOPS": "-1",
        "COUNTERFOIL_RATE_LIMIT": "often",
        "COUNTERFOIL_INDEX": "all",
        "COUNTERFOIL_FILES_URL": "ftp://files.example.org",
        "COUNTERFOIL_RATE_LIMIT_URL": "http://:redis-password@redis/",
        "COUNTERFOIL_LOG_LEVEL": "loud",
    }
    with pytest.raises(SettingsError) as error:
        load(monkeypatch, **wrong)
    for name in wrong:
        assert name in str(error.value)
    assert "cf_a-key" not in str(error.value)
    assert "redis-password" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "index"),
    [
        ({}, "forms"),
        ({"BIND": "[::1]:8080"}, "forms"),
        ({"BIND": "localhost:8080", "PUBLIC_URL": "http://127.0.0.1:8080"}, "forms"),
        ({"BIND": "0.0.0.0:8080"}, "plain"),
        ({"BIND": "[::]:8080"}, "plain"),
        ({"PUBLIC_URL": "https://forms.example.org"}, "plain"),
        ({"TRUSTED_HOPS": "1"}, "plain"),
        ({"BIND": "0.0.0.0:8080", "INDEX": "forms"}, "forms"),
        ({"INDEX": "plain"}, "plain"),
        ({"INDEX": "console"}, "console"),
    ],
)
def test_the_forms_are_listed_by_default_where_nobody_else_can_ask(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], index: str
) -> None:
    assert load(monkeypatch, **{f"COUNTERFOIL_{name}": value for name, value in given.items()}).index == index


def test_a_form_that_takes_files_needs_a_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text('[forms.apply]\nfields.cv = {type = "file"}\n')
    monkeypatch.setenv("COUNTERFOIL_FORMS", str(path))
    with pytest.raises(FormsError, match=r"apply\.fields\.cv\.type: nothing keeps files: COUNTERFOIL_FILES_URL"):
        load_forms(load(monkeypatch))
    with_store = load(monkeypatch, COUNTERFOIL_FILES_URL=tmp_path.as_uri())
    assert load_forms(with_store)["apply"].takes_files


def test_no_address_may_have_all_turns_of_large_files_in_a_bucket(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bucket = {"FILES_URL": "s3://files", "FILES_KEY_ID": "id", "FILES_SECRET": "secret", "FILES_REGION": "eu-north-1"}
    for name, value in bucket.items():
        monkeypatch.setenv(f"COUNTERFOIL_{name}", value)
    assert load(monkeypatch).uploads.uploads_per_source < LARGE_AT_ONCE
    with pytest.raises(SettingsError, match=f"COUNTERFOIL_UPLOADS_PER_SOURCE: less than {LARGE_AT_ONCE} is needed"):
        load(monkeypatch, COUNTERFOIL_UPLOADS_PER_SOURCE=str(LARGE_AT_ONCE))
    load(monkeypatch, COUNTERFOIL_FILES_URL=tmp_path.as_uri())


def test_a_wait_for_a_turn_is_not_taken_for_a_store_that_is_away() -> None:
    """A gateway measures it as a part of what the store takes for a piece."""
    assert TURN_S < STORE_PIECE_S


def test_a_form_that_may_have_more_than_comes_in_is_said_at_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "forms.toml"
    path.write_text('[forms.apply]\nfields.cv = {type = "file"}\nfiles.max_total = "12 MB"\n')
    monkeypatch.setenv("COUNTERFOIL_FORMS", str(path))
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", tmp_path.as_uri())
    for most, is_said in ((11, True), (12, False)):
        with capture_logs() as logs:
            load_forms(load(monkeypatch, COUNTERFOIL_MAX_UPLOAD_BYTES=str(most * 1024 * 1024))).tell()
        said = [line for entry in logs for line in entry["warnings"]]
        assert ["COUNTERFOIL_MAX_UPLOAD_BYTES" in line for line in said] == [True] * is_said


@pytest.mark.parametrize(
    ("given", "is_said"),
    [
        ({"BIND": "0.0.0.0:8080", "BROKER_URL": "amqp://gateway:x@broker:5672/"}, True),
        ({"BIND": "0.0.0.0:8080", "BROKER_URL": "amqp://gateway:x@broker:5672/", "PUBLIC_URL": "https://x.org"}, False),
        ({"BIND": "127.0.0.1:8080"}, False),
    ],
)
def test_a_button_that_would_lead_nowhere_is_said_at_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], is_said: bool
) -> None:
    path = tmp_path / "forms.toml"
    path.write_text("[forms.news]\nconfirmation.opt_in = true\n")
    monkeypatch.setenv("COUNTERFOIL_FORMS", str(path))
    with capture_logs() as logs:
        load_forms(load(monkeypatch, **{f"COUNTERFOIL_{name}": value for name, value in given.items()})).tell()
    said = [line for entry in logs for line in entry["warnings"]]
    assert ["COUNTERFOIL_PUBLIC_URL" in line for line in said] == [True] * is_said


@pytest.mark.parametrize("bind", ["8080", ":8080", "127.0.0.1:http", "127.0.0.1:65536", "0.0.0.0..:80"])
def test_a_bind_that_no_socket_takes_is_refused(monkeypatch: pytest.MonkeyPatch, bind: str) -> None:
    with pytest.raises(SettingsError, match="COUNTERFOIL_BIND: expected host:port"):
        load(monkeypatch, COUNTERFOIL_BIND=bind)


@pytest.mark.parametrize("bind", ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:80", "gateway.example.org:80"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COUNTERFOIL_SECRET", "short"),
        ("COUNTERFOIL_BROKER_URL", "amqp://guest:guest@rabbitmq:5672/"),
        ("COUNTERFOIL_BROKER_URL", "amqp://rabbitmq:5672/"),
        ("COUNTERFOIL_BROKER_URL", "amqp://counterfoil:pw@one/,amqp://guest:guest@two/"),
    ],
)
def test_weak_credentials_are_refused_beyond_loopback(
    monkeypatch: pytest.MonkeyPatch, bind: str, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        load(monkeypatch, COUNTERFOIL_BIND=bind, **{name: value})


@pytest.mark.parametrize("bind", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
def test_and_allowed_on_loopback(monkeypatch: pytest.MonkeyPatch, bind: str) -> None:
    given = {"COUNTERFOIL_SECRET": "short", "COUNTERFOIL_BROKER_URL": "amqp://guest:guest@127.0.0.1/"}
    assert load(monkeypatch, COUNTERFOIL_BIND=bind, **given).bind == bind


@pytest.mark.parametrize("url", ["https://forms.example.org/", "http://127.0.0.1:8080", "http://[::1]:8080"])
def test_a_public_url(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert load(monkeypatch, COUNTERFOIL_PUBLIC_URL=url).public_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/forms",
        "https://example.org//",
        "https://example.org?a",
        "https://example.org#a",
        "https://a@b",
        "ftp://a",
        "https://[::1",
    ],
)
def test_a_public_url_with_more_than_scheme_host_and_port_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(SettingsError, match=r"COUNTERFOIL_PUBLIC_URL: expected .* without a path"):
        load(monkeypatch, COUNTERFOIL_PUBLIC_URL=url)


@pytest.mark.parametrize(
    ("size", "allowed"), [(1023, False), (1024, True), (2 * 1024**2, True), (2 * 1024**2 + 1, False)]
)
def test_how_large_a_body_may_be_allowed(monkeypatch: pytest.MonkeyPatch, size: int, allowed: bool) -> None:
    if allowed:
        assert load(monkeypatch, COUNTERFOIL_MAX_BODY_BYTES=str(size)).max_body_bytes == size
    else:
        with pytest.raises(SettingsError, match="COUNTERFOIL_MAX_BODY_BYTES"):
            load(monkeypatch, COUNTERFOIL_MAX_BODY_BYTES=str(size))


def test_printed_settings_show_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = repr(load(monkeypatch))
    assert "bind='127.0.0.1:8080'" in shown
    for credential in (SECRET, "counterfoil:pw"):
        assert credential not in shown


def test_the_keys_of_before_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    load(monkeypatch, COUNTERFOIL_API_KEY_HASHES="a" * 64, COUNTERFOIL_OPERATOR_KEY_HASHES_FILE="/nowhere")


def test_what_is_passed_on_is_bounded_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("REQUESTS", "REQUESTS_PER_SOURCE", "STREAMS", "STREAMS_PER_SOURCE", "BODY_BYTES")
    given = {f"COUNTERFOIL_PASSED_{name}": str(2000 + i) for i, name in enumerate(names)}
    with pytest.raises(SettingsError):
        load(monkeypatch, **given)
    given |= {f"COUNTERFOIL_PASSED_{name}": str(i) for i, name in enumerate(names[:4], 1)}
    loaded = load(monkeypatch, COUNTERFOIL_CONSOLE_URL="https://console:8443/", **given)
    assert (loaded.console_url, loaded.passed) == ("https://console:8443", Bounds(1, 2, 3, 4, 2004))


def test_what_setup_writes_is_what_the_settings_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    directory = tmp_path / "new"
    made = set_up(directory)
    assert made.api is not None
    assert made.operator is not None
    assert made.api.startswith("cf_")
    assert made.operator.startswith("cf_op_")
    assert set_up(directory) == NewKeys(None, None)
    names = ["api_key_hashes", "opening_keys", "operator_key_hashes", "sealing_key", "secret"]
    for name in names:
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600
        monkeypatch.setenv(f"COUNTERFOIL_{name.upper()}_FILE", str(directory / name))
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", GOOD["COUNTERFOIL_BROKER_URL"])
    loaded = settings.load()
    keys = [key_hashes(reader(), name) for name in ("API_KEY_HASHES", "OPERATOR_KEY_HASHES")]
    assert keys == [(hash_of(made.api),), (hash_of(made.operator),)]
    assert len(loaded.secret) >= settings.SECRET_LENGTH
    assert loaded.secret.strip() == loaded.secret
    [opens] = keys_that_open(reader())
    assert loaded.sealing_key == opens.sealing
    assert sorted(path.name for path in directory.iterdir()) == names


def test_the_half_that_opens_goes_where_it_is_told(tmp_path: Path) -> None:
    console = tmp_path / "console" / "opening_keys"
    console.parent.mkdir()
    set_up(tmp_path / "gateway", console)
    [opens] = opening_keys(console.read_text())
    assert stat.S_IMODE(console.stat().st_mode) == 0o600
    assert (tmp_path / "gateway" / "sealing_key").read_text().strip() == str(opens.sealing)
    assert not any(opens.written() in path.read_text() for path in (tmp_path / "gateway").iterdir())


def test_a_half_that_is_kept_elsewhere_is_not_replaced_by_one_that_opens_nothing(tmp_path: Path) -> None:
    set_up(tmp_path)
    sealing = (tmp_path / "sealing_key").read_text()
    (tmp_path / "opening_keys").unlink()
    set_up(tmp_path)
    assert not (tmp_path / "opening_keys").exists()
    assert (tmp_path / "sealing_key").read_text() == sealing


def test_of_several_setups_at_once_one_shows_a_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: set_up(tmp_path / "new"), range(8)))
    [opens] = opening_keys((tmp_path / "new" / "opening_keys").read_text())
    assert (tmp_path / "new" / "sealing_key").read_text().strip() == str(opens.sealing)
    [api] = [keys.api for keys in made if keys.api]
    [operator] = [keys.operator for keys in made if keys.operator]
    assert (tmp_path / "new" / "api_key_hashes").read_text().strip() == hash_of(api)
    assert (tmp_path / "new" / "operator_key_hashes").read_text().strip() == hash_of(operator)


def test_a_link_for_the_first_owner_replaces_the_last_one_and_no_file_holds_its_token(tmp_path: Path) -> None:
    file, links = tmp_path / "setup_token", []
    for _ in range(2):
        links.append(make_link(tmp_path, "https://forms.example.org/"))
        beginning, _, token = links[-1].rpartition("/")
        assert beginning == "https://forms.example.org/console/setup"
        told, moment = file.read_text().split()
        assert told == hash_of(token)
        assert abs(datetime.now(UTC) - datetime.fromisoformat(moment)) < timedelta(minutes=1)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert links[0] != links[1]
    assert [path.name for path in tmp_path.iterdir()] == ["setup_token"]


def test_what_forms_name_is_looked_for_where_the_settings_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load(monkeypatch).form_secrets.folder == Path("secrets/forms")
    (tmp_path / "forms.toml").touch()
    given = {"COUNTERFOIL_FORMS": str(tmp_path), "COUNTERFOIL_FORM_SECRETS": "/secrets/forms"}
    loaded = load(monkeypatch, **given, COUNTERFOIL_CAPTCHA_ALLOW="10.1.2.0/24")
    assert loaded.forms == tmp_path / "forms.toml", "the folder stands for the file in it"
    assert loaded.form_secrets.folder == Path("/secrets/forms")
    assert [str(network) for network in loaded.captcha_allow] == ["10.1.2.0/24"]
    with pytest.raises(SettingsError, match="COUNTERFOIL_CAPTCHA_ALLOW: 'intranet' is no network"):
        load(monkeypatch, COUNTERFOIL_CAPTCHA_ALLOW="intranet")


def test_the_address_of_redis_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://:redis-password@redis:6379/0\n")
    loaded = load(monkeypatch, COUNTERFOIL_RATE_LIMIT_URL="", COUNTERFOIL_RATE_LIMIT_URL_FILE=str(tmp_path / "url"))
    assert loaded.rate_limit_url == "redis://:redis-password@redis:6379/0"
    assert load(monkeypatch, COUNTERFOIL_RATE_LIMIT_URL_FILE="").rate_limit_url is None
