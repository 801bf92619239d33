"""A gateway with files that is killed where it matters, and one whose store is away: a 202 has its files, always."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import requests

from dev.seaweed import Seaweed
from shared.contracts import SubmissionAccepted
from shared.files import FilesSettings, FileStore, store_at
from support.polling import eventually
from support.uploads import UploadServer

KEY = {"Idempotency-Key": "the same"}


def send(server: UploadServer, content: bytes = b"one") -> requests.Response:
    return requests.post(f"{server.url}/f/photos", files={"a": ("1.txt", content)}, headers=KEY, timeout=15)


@dataclass
class Kept:
    """A gateway, and the store that it puts into."""

    server: UploadServer
    store: FileStore

    def keys(self) -> list[str]:
        return sorted(one.key for one in self.store.keys())  # noqa: SIM118 - no dictionary

    def assert_files_of(self, event: SubmissionAccepted) -> None:
        for one in event.files:
            with self.store.open(one.key) as opened:
                assert hashlib.sha256(b"".join(opened)).hexdigest() == one.sha256


@pytest.fixture(params=["directory", "s3"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, broker_url: str) -> Iterator[Kept]:
    """A gateway that is not started, with a directory or with a bucket of a real S3 server."""
    prefix = f"killed-{secrets.token_hex(6)}"
    seaweed: Seaweed | None = request.getfixturevalue("seaweed") if request.param == "s3" else None
    server = UploadServer(tmp_path, broker_url, **(seaweed.environment(prefix) if seaweed else {}))
    settings = seaweed.settings(prefix) if seaweed else FilesSettings(server.folder.as_uri())
    yield Kept(server, store_at(settings))
    if server.is_running():
        server.kill()


@pytest.mark.parametrize(
    ("failpoint", "published"),
    [
        pytest.param("after-put", 0, id="between put and publish"),
        pytest.param("after-confirm", 1, id="between confirm and answer"),
    ],
)
def test_a_gateway_that_dies_leaves_what_its_event_needs_and_a_retry_is_the_same(
    kept: Kept, failpoint: str, published: int
) -> None:
    server = kept.server
    server.start(COUNTERFOIL_FAILPOINT=failpoint)
    server.await_ready()
    with pytest.raises(requests.ConnectionError):
        send(server)
    eventually(lambda: len(server.events()) == published, 10, "what was published is on the queue")
    assert len(kept.keys()) == 1, "the event may be on its way: its file stays, or is swept as an orphan"
    server.kill()
    server.start()
    server.await_ready()
    answer = send(server)
    assert answer.status_code == 202, answer.text
    events = server.events()
    assert {event.id for event in events} == {UUID(answer.json()["id"])}
    assert len({event.fingerprint for event in events}) == 1
    assert len(events) == published + 1
    for event in events:
        kept.assert_files_of(event)


def test_two_requests_under_one_key_with_different_files_both_have_theirs(kept: Kept) -> None:
    kept.server.start()
    kept.server.await_ready()
    first, second = send(kept.server, b"one"), send(kept.server, b"two")  # nobody stores: neither is known to the other
    assert first.json()["id"] == second.json()["id"]
    one, two = kept.server.events()
    assert one.fingerprint != two.fingerprint, "storage cannot tell that it is a conflict"
    for event in (one, two):
        kept.assert_files_of(event)


def test_a_store_that_is_away_is_503_soon_and_everything_else_goes_on(tmp_path: Path, broker_url: str) -> None:
    with UploadServer(tmp_path, broker_url) as server:
        away = server.folder.rename(tmp_path / "away")
        answer = send(server)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "FILES_UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.elapsed.total_seconds() < 5
        assert server.post().status_code == 202
        away.rename(server.folder)
        assert send(server).status_code == 202
        assert [event.form for event in server.events()] == ["signup", "photos"]
        Kept(server, store_at(FilesSettings(server.folder.as_uri()))).assert_files_of(server.events()[1])
