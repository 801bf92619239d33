"""A file goes through the compose files into a bucket, past ClamAV, and comes back to its owner byte by byte.

The profiles `s3` and `clamav`, as docs/operations.md has them.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator

import pytest
import requests

from dev.clamd_server import EICAR
from support.compose_files import ROOT
from support.compose_stack import Stack, engine_problem
from support.polling import eventually
from support.signed_in import SignedIn

FORM = """
[forms.apply]
fields.email = {type = "email", required = true}
fields.cv = {type = "file", required = true, max_size = "10 MB"}
"""
SETTINGS = {
    "COMPOSE_PROFILES": "s3,clamav",
    "COUNTERFOIL_FILES_URL": "s3://files",
    "COUNTERFOIL_FILES_ENDPOINT": "http://objects:8333",
    "COUNTERFOIL_CLAMAV_URL": "tcp://clamav:3310",
}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A new installation with both profiles."""
    problem = engine_problem()
    assert problem is None, problem
    folder = tmp_path_factory.mktemp("forms")
    for above in (folder, *folder.parents[:2]):
        above.chmod(0o755)  # the containers' user reads it
    shutil.copy(ROOT / "forms.example.toml", folder / "forms.toml")
    with (folder / "forms.toml").open("a", encoding="utf-8") as forms:
        forms.write(FORM)
    stack = Stack(project="counterfoil-files-test", forms=folder)
    for name, value in SETTINGS.items():
        stack.set(name, value)
    stack.down(volumes=True)
    try:
        stack.up()
        yield stack
    finally:
        print(stack.compose("logs", "--no-color", "--tail", "60"))
        stack.down(volumes=True)


def apply(stack: Stack, name: str, content: bytes) -> requests.Response:
    fields, file = {"email": "ada@example.org"}, {"cv": (name, content)}
    return requests.post(f"{stack.url}/f/apply", data=fields, files=file, headers=JSON, timeout=60)


def test_a_clean_file_is_kept_in_the_bucket_and_read_in_the_console_byte_by_byte(filed: Stack) -> None:
    content = b"%PDF-1.7\n" + secrets.token_bytes(6_000_000)
    answer = apply(filed, "cv.pdf", content)
    assert answer.status_code == 202, answer.text
    key, path = filed.api_key(), f"/v1/submissions/{answer.json()['id']}"
    eventually(lambda: filed.as_owner(path, key).ok, 30, "it is stored")
    [file] = filed.as_owner(path, key).json()["files"]
    assert (file["name"], file["size"], file["scan"]) == ("cv.pdf", len(content), "clean")
    assert filed.as_owner(f"{path}/files/1", key).content == content
    owner = SignedIn(filed.url)
    owner.begin(str(re.findall(r"First owner [^:]*: (http\S+)", filed.compose("logs", "--no-log-prefix", "setup"))[-1]))
    read = owner.get(f"/console/submissions/{answer.json()['id']}/files/1")
    assert (read.status_code, read.content == content) == (200, True)
    assert read.headers["Content-Disposition"].startswith("attachment")
    in_volume = filed.compose("exec", "-T", "gateway", "find", "/files", "-type", "f")
    assert not in_volume.split(), "it is in the bucket, and not in the volume"


def test_a_virus_is_refused(filed: Stack) -> None:
    answer = apply(filed, "cv.txt", EICAR)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "FILE_INFECTED")
