"""The settings about files: what they take, and what they say of the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gateway.settings
import notify_service.settings
import storage_service.console.settings
import storage_service.settings
from shared.files import FilesSettings
from shared.settings import SettingsError

LOADS: dict[str, Callable[[], Any]] = {
    "gateway": gateway.settings.load,
    "storage": storage_service.settings.load,
    "console": storage_service.console.settings.load,
    "notify": notify_service.settings.load,
}


@pytest.fixture(autouse=True)
def _needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_SECRET", "x" * 32)
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://u:p@localhost:5672/")
    monkeypatch.setenv("COUNTERFOIL_SMTP_URL", "smtp://localhost:25")
    for name in ("URL", "KEY_ID", "SECRET", "ENDPOINT", "REGION"):
        monkeypatch.delenv(f"COUNTERFOIL_FILES_{name}", raising=False)


@pytest.mark.parametrize("service", LOADS)
def test_no_files_are_taken_by_default(service: str) -> None:
    assert LOADS[service]().files is None


@pytest.mark.parametrize("service", LOADS)
def test_each_service_reads_them_and_shows_no_secret(
    service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", "s3://bucket/some/prefix")
    monkeypatch.setenv("COUNTERFOIL_FILES_KEY_ID", "hunter1")
    monkeypatch.setenv("COUNTERFOIL_FILES_SECRET_FILE", str(secret))
    monkeypatch.setenv("COUNTERFOIL_FILES_ENDPOINT", "https://s3.example.org/")
    monkeypatch.setenv("COUNTERFOIL_FILES_REGION", "eu-central-1")
    monkeypatch.setenv("COUNTERFOIL_CLAMAV_URL", "tcp://clamav:3310")

    loaded = LOADS[service]()

    assert loaded.files == FilesSettings(
        "s3://bucket/some/prefix",
        "hunter1",
        "hunter2",
        "https://s3.example.org",
        "eu-central-1",
        "tcp://clamav:3310",
    )
    assert "hunter" not in repr(loaded)


def test_a_directory_may_have_a_space(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "my files"
    folder.mkdir()
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", folder.as_uri())

    assert storage_service.settings.load().files == FilesSettings(folder.as_uri())
    assert FilesSettings(folder.as_uri()).folder == folder


@pytest.mark.parametrize("service", LOADS)
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/srv/files", "expected file:///srv/counterfoil/files, or s3://bucket/prefix"),
        ("https://s3.example.org/bucket", "expected file:///srv/counterfoil/files, or s3://bucket/prefix"),
        ("file://srv/files", "expected three slashes"),
        ("file:///", "expected three slashes"),
        ("file:///not/there", "/not/there is no directory: make it, owned by the user that this runs as"),
        ("s3://", "expected file:///srv"),
        (
            "s3://key:hunter2@bucket/x",
            "expected file:///srv/counterfoil/files, or s3://bucket/prefix; credentials have",
        ),
        ("s3://bucket/../x", "expected file:///srv"),
        ("s3://bucket/x?region=eu", "expected file:///srv"),
    ],
)
def test_another_address_is_refused_with_the_mend(
    service: str, url: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", url)

    with pytest.raises(SettingsError) as raised:
        LOADS[service]()

    assert f"COUNTERFOIL_FILES_URL: {said}" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(("given", "missing"), [("KEY_ID", "SECRET"), ("SECRET", "KEY_ID")])
@pytest.mark.parametrize("service", LOADS)
def test_half_a_key_is_refused(service: str, given: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", "s3://bucket")
    monkeypatch.setenv(f"COUNTERFOIL_FILES_{given}", "hunter2")

    with pytest.raises(SettingsError, match=f"COUNTERFOIL_FILES_{missing}: a key has two halves"):
        LOADS[service]()


@pytest.mark.parametrize("service", LOADS)
@pytest.mark.parametrize(
    ("key_id", "secret", "said"),
    [("", "", "Account must be specified"), ("account", "not base64: hunter2", "Invalid Access Key")],
)
def test_settings_that_make_no_store_are_refused(
    service: str, key_id: str, secret: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", "az://container/prefix")
    monkeypatch.setenv("COUNTERFOIL_FILES_KEY_ID", key_id)
    monkeypatch.setenv("COUNTERFOIL_FILES_SECRET", secret)

    with pytest.raises(SettingsError, match=f"COUNTERFOIL_FILES_URL: .*{said}.*see COUNTERFOIL_FILES_KEY_ID") as raised:
        LOADS[service]()

    assert "hunter2" not in str(raised.value)


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", "ftp://x")
    monkeypatch.setenv("COUNTERFOIL_FILES_ENDPOINT", "s3.example.org")
    monkeypatch.setenv("COUNTERFOIL_CLAMAV_URL", "clamav:3310")
    monkeypatch.setenv("COUNTERFOIL_BATCH_SIZE", "0")

    with pytest.raises(SettingsError) as raised:
        storage_service.settings.load()

    for said in (
        "COUNTERFOIL_FILES_URL: expected",
        "COUNTERFOIL_FILES_ENDPOINT: expected where the object store is, without a path: https://s3.example.org",
        "COUNTERFOIL_CLAMAV_URL: expected where ClamAV listens: tcp://clamav:3310, or unix:///run/clamav/clamd.ctl",
        "COUNTERFOIL_BATCH_SIZE",
    ):
        assert said in str(raised.value)


@pytest.mark.parametrize("url", ["tcp://clamav", "tcp://:3310", "tcp://h:x", "unix://run/x", "unix:///", "http://h:1"])
def test_no_other_place_is_a_scanner(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_CLAMAV_URL", url)

    with pytest.raises(SettingsError, match="COUNTERFOIL_CLAMAV_URL: expected"):
        storage_service.settings.load()
