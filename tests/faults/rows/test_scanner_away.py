"""Row 28: ClamAV is away, or frozen, while files come.

Where a form says so each is taken, and scanned when ClamAV is back; else the answer is 503, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from dev.clamd_server import EICAR, ClamdServer
from dev.mail_sink import MailSink
from shared.files.directory import DirectoryFiles
from support.faulty.table import Row
from support.installation import Installation
from support.polling import eventually

FORMS = """
[forms.accepting]
rate_limit = "none"
files = {undeclared = true, when_away = "accept"}
[forms.refusing]
rate_limit = "none"
files = {undeclared = true}
"""
TIMEOUT_S = 60
"""Longer than a visitor waits for a verdict, and than the console rests between two tries."""

Fault = Callable[[ClamdServer], None]
FAULTS: Mapping[str, tuple[Fault, Fault]] = {
    "stopped": (ClamdServer.stop, ClamdServer.start),
    "frozen": (ClamdServer.pause, ClamdServer.resume),
}


@dataclass
class Scanned:
    """An installation with a scanner. `bodies` is what was accepted, by the ids of the submissions."""

    installation: Installation
    clamd: ClamdServer
    bodies: dict[str, bytes] = field(default_factory=dict)

    def post(self, form: str, content: bytes) -> requests.Response:
        url = f"{self.installation.gateway_url}/f/{form}"
        file = {"cv": ("cv.txt", content, "text/plain")}
        return requests.post(url, files=file, headers={"Accept": "application/json"}, timeout=TIMEOUT_S)

    def accept(self, form: str, content: bytes) -> str:
        answer = self.post(form, content)
        assert answer.status_code == 202, answer.text
        key = str(answer.json()["id"])
        self.bodies[key] = content
        return key

    def refuse(self, _: int) -> str:
        answer = self.post("refusing", b"a letter")
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) > 0
        return str(answer.json()["errors"][0]["code"])

    def get(self, path: str) -> requests.Response:
        key = {"Authorization": f"Bearer {self.installation.api_key}"}
        return requests.get(f"{self.installation.gateway_url}{path}", headers=key, timeout=TIMEOUT_S)

    def file(self, key: str) -> dict[str, Any] | None:
        answer = self.get(f"/v1/submissions/{key}")
        if answer.status_code != 200:
            return None
        [file] = answer.json()["files"]
        return dict(file)

    def await_said(self, key: str, said: str) -> None:
        """Wait until the scanner is known to have said this of its file."""
        eventually(lambda: (file := self.file(key)) and file["scan"].startswith(said), TIMEOUT_S, f"{key} is {said}")

    def download(self, key: str) -> requests.Response:
        return self.get(f"/v1/submissions/{key}/files/1")

    def kept(self) -> int:
        return len(list(DirectoryFiles(self.installation.directory / "files").keys()))


@pytest.fixture
def scanned(
    tmp_path: Path, mortal_broker: Broker, postgres_url: str, mail_sink: MailSink, row: Row
) -> Iterator[Scanned]:
    place, forms = tmp_path / "installation", tmp_path / "forms.toml"
    forms.write_text(FORMS)
    (place / "files").mkdir(parents=True)
    with ClamdServer(tmp_path / "clamd") as clamd:
        files = {"COUNTERFOIL_FILES_URL": (place / "files").as_uri(), "COUNTERFOIL_CLAMAV_URL": clamd.url}
        many = {"COUNTERFOIL_UPLOADS_PER_SOURCE": "64"}
        with Installation(
            place,
            broker_url=mortal_broker.fresh_vhost(),
            smtp_url=mail_sink.url,
            database_url=postgres_url,
            forms=forms,
            consoles=1,
            settings=files | many,
        ) as installation:
            yield Scanned(installation, clamd)


@pytest.mark.parametrize("fault", FAULTS)
def test_row_28_the_scanner_is_away(scanned: Scanned, row: Row, fault: str) -> None:
    begin, end = FAULTS[fault]
    before = scanned.accept("refusing", b"before")
    scanned.await_said(before, "clean")
    begin(scanned.clamd)
    with ThreadPoolExecutor(8) as at_once:
        accepted = at_once.map(lambda n: scanned.accept("accepting", b"a letter %d" % n), range(4))
        virus = at_once.submit(scanned.accept, "accepting", EICAR)
        codes = list(at_once.map(scanned.refuse, range(3)))
        letters, infected = list(accepted), virus.result()
    assert codes == ["FILES_UNAVAILABLE"] * 3
    for key in (*letters, infected):
        scanned.await_said(key, "unscanned")
    assert scanned.kept() == len(scanned.bodies), "what was refused was kept"
    end(scanned.clamd)
    scanned.await_said(infected, "infected")
    for key in letters:
        scanned.await_said(key, "clean")
        assert scanned.download(key).content == scanned.bodies[key]
    assert scanned.download(infected).status_code == 409
    scanned.await_said(scanned.accept("refusing", b"after"), "clean")
    assert scanned.post("accepting", EICAR).status_code == 422
    row.note({"refused": len(codes), "scanned later": len(letters) + 1})
