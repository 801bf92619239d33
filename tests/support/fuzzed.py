"""Starts an installation, and lets schemathesis send it what its OpenAPI document names."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.mail_sink import MailSink
from support.gateway_app import FORMS
from support.installation import Installation

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)

WITH_FILES = """
[forms.apply]
fields.name = {type = "text", required = true}
fields.cv = {type = "file", max_size = "100 kB"}
fields.pictures = {type = "file", types = ["image"], max_count = 3}
[forms.photos]
files = {undeclared = true, max_size = "100 kB"}
"""

ACCEPTED = ("application/json", "application/problem+json", "text/html")


@contextmanager
def fuzzed_installation(place: Path, broker_url: str) -> Iterator[Installation]:
    """Run a whole installation with a form of every kind."""
    place.mkdir(parents=True, exist_ok=True)
    forms = place / "forms.toml"
    forms.write_text(FORMS + WITH_FILES, encoding="utf-8")
    (place / "files").mkdir(exist_ok=True)
    settings = {
        "COUNTERFOIL_FILES_URL": (place / "files").as_uri(),
        "COUNTERFOIL_OPERATOR_KEY_HASHES_FILE": str(place / "secrets" / "api_key_hashes"),  # one key for every address
    }
    with (
        MailSink(place / "mail") as sink,
        Installation(place, broker_url=broker_url, smtp_url=sink.url, forms=forms, settings=settings) as installation,
    ):
        yield installation


def schemathesis(
    installation: Installation, accept: str, *, seed: int, seconds: int
) -> subprocess.CompletedProcess[str]:
    """Let schemathesis check the document against the gateway for so long, asking for one type of answer."""
    document = f"{installation.gateway_url}/openapi.json"
    return checked(document, installation.api_key, installation.directory, accept, seed=seed, seconds=seconds)


def checked(
    document: str, key: str, directory: Path, accept: str = "*/*", *, seed: int, seconds: int
) -> subprocess.CompletedProcess[str]:
    """Let schemathesis check whether a document at an address is true, with a key, for so long."""
    options = [
        f"--header=Accept: {accept}",
        f"--header=Authorization: Bearer {key}",
        f"--checks={','.join(CHECKS)}",
        f"--seed={seed}",
        f"--max-time={seconds}",
        "--workers=1",  # with two, its generators fail now and then: they are not safe between threads
        "--generation-database=none",
        "--request-timeout=10",
        "--suppress-health-check=all",
        "--no-color",
    ]
    return subprocess.run(
        [str(Path(sys.executable).with_name("schemathesis")), "run", document, *options],
        check=False,
        cwd=directory,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds + 120,
    )
