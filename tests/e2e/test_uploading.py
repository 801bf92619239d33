"""The whole way of files: curl sends them, ClamAV looks at them, and the console hands them out byte by byte."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from dev.broker import Broker
from dev.clamd_server import EICAR, ClamdServer
from dev.mail_sink import MailSink
from shared.files.directory import DirectoryFiles
from support.installation import Installation
from support.polling import eventually
from support.sample_files import HONEST, picture, zipped

FORMS = """
[forms.apply]
rate_limit = "none"
fields.email = {type = "email", required = true}
fields.cv = {type = "file", types = ["pdf", "docx"]}
fields.photos = {type = "file", max_count = 3, types = ["image"]}
fields.more = {type = "file", max_count = 3, max_size = "1 MB"}
"""
TIMEOUT_S = 30
SECRET = "52.5163N 13.3777E"


@pytest.fixture(scope="module")
def uploading(
    server_directory: Path, rabbitmq: Broker, whole_sink: MailSink, clamd: ClamdServer
) -> Iterator[Installation]:
    """Gateway, storage, console and notify, a directory for files, and ClamAV."""
    place, forms = server_directory / "uploading", server_directory / "uploading.toml"
    forms.write_text(FORMS)
    (place / "files").mkdir(parents=True)
    files = {"COUNTERFOIL_FILES_URL": (place / "files").as_uri(), "COUNTERFOIL_CLAMAV_URL": clamd.url}
    with Installation(
        place,
        consoles=1,
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=whole_sink.url,
        forms=forms,
        settings=files,
    ) as installation:
        yield installation


def curl(installation: Installation, *arguments: str) -> dict[str, Any]:
    command = ["curl", "--silent", "--show-error", *arguments, f"{installation.gateway_url}/f/apply"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def get(installation: Installation, path: str, **headers: str) -> requests.Response:
    key = {"Authorization": f"Bearer {installation.api_key}"}
    return requests.get(f"{installation.gateway_url}{path}", headers=key | headers, timeout=TIMEOUT_S)


def stored(installation: Installation, key: str) -> list[dict[str, Any]]:
    def files() -> list[dict[str, Any]] | None:
        answer = get(installation, f"/v1/submissions/{key}")
        return answer.json()["files"] if answer.status_code == 200 else None

    return eventually(files, TIMEOUT_S, f"{key} is stored with its files")


def in_store(installation: Installation) -> int:
    return len(list(DirectoryFiles(installation.directory / "files").keys()))


def test_what_curl_sends_is_downloaded_byte_by_byte(uploading: Installation, tmp_path: Path) -> None:
    large = bytes(range(256)) * 4000
    sent = {
        "Lebenslauf März.pdf": HONEST["cv.pdf"][0] + large,
        "photo.png": picture("PNG"),
        "nothing.txt": b"",
        "a;b 'c'.zip": zipped("a.txt", content=large),
    }
    fields = {"Lebenslauf März.pdf": "cv", "photo.png": "photos"}
    arguments = ["-F", "email=ada@example.org"]
    for name, content in sent.items():
        (tmp_path / name).write_bytes(content)
        arguments += ["-F", f'{fields.get(name, "more")}=@"{tmp_path / name}"']
    accepted = curl(uploading, *arguments)
    assert accepted["ok"] is True, accepted
    files = stored(uploading, accepted["id"])
    assert [(each["field"], each["name"]) for each in files] == [(fields.get(name, "more"), name) for name in sent]
    for each in files:
        content = sent[each["name"]]
        answer = get(uploading, each["url"].removeprefix(uploading.gateway_url))
        assert answer.content == content
        assert (each["size"], each["scan"]) == (len(content), "clean")
        assert each["sha256"] == hashlib.sha256(content).hexdigest()
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_what_a_picture_tells_of_a_person_never_arrives(uploading: Installation, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = SECRET, 6
    Image.new("RGB", (40, 30), "red").save(tmp_path / "photo.jpg", exif=exif, comment=SECRET.encode())
    accepted = curl(uploading, "-F", "email=photo@example.org", "-F", f"photos=@{tmp_path / 'photo.jpg'}")
    [file] = stored(uploading, accepted["id"])
    answer = get(uploading, file["url"].removeprefix(uploading.gateway_url))
    assert SECRET.encode() in (tmp_path / "photo.jpg").read_bytes()
    assert SECRET.encode() not in answer.content
    (tmp_path / "after.jpg").write_bytes(answer.content)
    with Image.open(tmp_path / "after.jpg") as after, Image.open(tmp_path / "photo.jpg") as before:
        assert after.tobytes() == before.tobytes()
        assert dict(after.getexif()) == {0x0112: 6}


def test_a_virus_is_refused_with_everything_beside_it(uploading: Installation, tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_bytes(b"clean")
    (tmp_path / "packed.zip").write_bytes(zipped("a/b.com", content=EICAR))
    before = in_store(uploading)
    both = [f"more=@{tmp_path / name}" for name in ("clean.txt", "packed.zip")]
    refused = curl(uploading, "-F", "email=virus@example.org", "-F", both[0], "-F", both[1])
    assert [(error["code"], error["field"]) for error in refused["errors"]] == [("FILE_INFECTED", "more")]
    assert in_store(uploading) == before


def test_what_is_not_what_it_says_is_refused_with_everything_beside_it(uploading: Installation, tmp_path: Path) -> None:
    (tmp_path / "cv.pdf").write_bytes(b"<script>alert(1)</script>")
    (tmp_path / "photo.png").write_bytes(picture("PNG"))
    before = in_store(uploading)
    refused = curl(
        uploading,
        *("-F", "email=lie@example.org", "-F", f"photos=@{tmp_path / 'photo.png'}"),
        *("-F", f"cv=@{tmp_path / 'cv.pdf'};type=application/pdf"),
    )
    assert [(error["code"], error["field"]) for error in refused["errors"]] == [("FILE_TYPE_NOT_ALLOWED", "cv")]
    assert in_store(uploading) == before
