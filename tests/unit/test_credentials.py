"""The users of an installation: made once, kept, and shown to nobody but their service."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
from pathlib import Path

import pytest

from credentials.__main__ import make
from credentials.broker import password_hash
from credentials.database import verifier
from dev.seaweed import Seaweed
from shared.files import FilesSettings, StoreUnavailable, store_at


def test_a_password_is_hashed_as_rabbitmqs_page_does_it() -> None:
    # the example of RabbitMQ's page "Credentials and Passwords": test12 with the salt 908DC60A
    assert password_hash("test12", bytes.fromhex("908DC60A")) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


def test_a_password_is_hashed_as_the_example_of_the_scram_document() -> None:
    # RFC 7677, section 3: user `user`, password `pencil`; the server's key as its verification tells it
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    stored, server = verifier("pencil", salt).rpartition("$")[2].split(":")
    said = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.digest(base64.b64decode(server), said, "sha256")
    assert base64.b64encode(signature).decode() == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    mask = hmac.digest(base64.b64decode(stored), said, "sha256")
    client_key = bytes(a ^ b for a, b in zip(proof, mask, strict=True))
    assert base64.b64encode(hashlib.sha256(client_key).digest()).decode() == stored


def test_run_again_it_keeps_every_password(tmp_path: Path) -> None:
    make(tmp_path, ["rabbitmq"], "postgres")
    before = addresses(tmp_path)
    make(tmp_path, ["rabbitmq"], "postgres")
    assert addresses(tmp_path) == before
    assert len(before) == 9
    assert len(set(before.values())) == 8, "only storage and its console have one database"


def test_each_broker_of_a_cluster_stands_in_the_address(tmp_path: Path) -> None:
    make(tmp_path, ["one", "two"], "postgres")
    first, second = (tmp_path / "gateway" / "broker_url").read_text().strip().split(",")
    assert first.replace("@one:", "@two:") == second


def test_what_the_servers_get_holds_no_password_and_the_rest_is_for_its_owner_alone(tmp_path: Path) -> None:
    make(tmp_path, ["rabbitmq"], "postgres")
    public = {tmp_path / "broker" / "definitions.json", tmp_path / "database" / "init.sql"}
    cookie = (
        tmp_path / "broker" / "erlang_cookie"
    )  # in a directory that only the brokers are given, who are other users
    secret = [path for path in tmp_path.rglob("*") if path.is_file() and path not in public | {cookie}]
    passwords = [path.read_text().strip() for path in secret if path.name.endswith("password")]
    assert len(passwords) == 7
    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}
    for path in public:
        assert not any(password in path.read_text() for password in passwords)
        assert path.stat().st_mode & 0o777 == 0o644


def test_nobody_at_the_broker_is_an_administrator(tmp_path: Path) -> None:
    make(tmp_path, ["rabbitmq"], "postgres")
    users = json.loads((tmp_path / "broker" / "definitions.json").read_text())["users"]
    assert {user["name"]: user["tags"] for user in users} == dict.fromkeys(
        ["gateway", "storage", "notify", "console", "topology"], ""
    )


def addresses(directory: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in [*directory.rglob("*_url"), directory / "broker" / "erlang_cookie"]}


def test_the_same_passwords_make_the_same_files(tmp_path: Path) -> None:
    make(tmp_path, ["rabbitmq"], "postgres")
    before = {path: path.read_text() for path in tmp_path.rglob("*.*")}
    make(tmp_path, ["rabbitmq"], "postgres")
    assert {path: path.read_text() for path in tmp_path.rglob("*.*")} == before
    assert {path.name for path in before} == {"definitions.json", "init.sql", "s3.json"}


def test_the_secrets_of_forms_have_a_folder_apart_in_each_service_that_reads_them(tmp_path: Path) -> None:
    for _ in range(2):
        make(tmp_path, ["rabbitmq"], "postgres")
    for name in ("gateway", "notify"):
        assert stat.S_IMODE((tmp_path / name / "forms").stat().st_mode) == 0o700
        assert list((tmp_path / name / "forms").iterdir()) == []


def test_the_console_works_in_storages_database_and_is_another_user_of_the_broker(tmp_path: Path) -> None:
    make(tmp_path, ["rabbitmq"], "postgres")
    assert (tmp_path / "console" / "database_url").read_text() == (tmp_path / "storage" / "database_url").read_text()
    assert (tmp_path / "console" / "broker_url").read_text().startswith("amqp://console:")


def keys(directory: Path) -> dict[str, tuple[str, str]]:
    names = ("gateway", "storage", "console", "notify")
    return {
        name: ((directory / name / "files_key_id").read_text(), (directory / name / "files_secret").read_text())
        for name in names
    }


def test_one_key_to_the_files_is_made_for_all_and_for_the_server(tmp_path: Path) -> None:
    make(tmp_path, ["rabbitmq"], "postgres")
    [(key, secret)] = set(keys(tmp_path).values())
    [identity] = json.loads((tmp_path / "objects" / "s3.json").read_text())["identities"]
    assert identity["credentials"] == [{"accessKey": key.strip(), "secretKey": secret.strip()}]
    assert len(secret) > 40


def test_a_key_that_somebody_put_there_goes_to_all(tmp_path: Path) -> None:
    make(tmp_path, ["rabbitmq"], "postgres")
    (tmp_path / "gateway" / "files_key_id").write_text("AKIAEXAMPLE\n")
    (tmp_path / "gateway" / "files_secret").write_text("with/slashes+and=signs\n")
    make(tmp_path, ["rabbitmq"], "postgres")
    assert set(keys(tmp_path).values()) == {("AKIAEXAMPLE\n", "with/slashes+and=signs\n")}


def test_the_server_takes_the_key_that_is_made_and_no_other(tmp_path: Path) -> None:
    make(tmp_path / "secrets", ["rabbitmq"], "postgres")
    key, secret = keys(tmp_path / "secrets")["storage"]
    server = Seaweed(tmp_path / "server", identities=tmp_path / "secrets" / "objects" / "s3.json")
    with server:
        store_at(FilesSettings("s3://files", key.strip(), secret.strip(), server.endpoint, "us-east-1")).check()
        with pytest.raises(StoreUnavailable, match="COUNTERFOIL_FILES_SECRET"):
            store_at(FilesSettings("s3://files", key.strip(), "another", server.endpoint, "us-east-1")).check()
