"""Programs that post: curl, and vendors' and others' packages in Node."""

from __future__ import annotations

import json
import subprocess

import pytest

from clients.conftest import HERE
from dev import clients
from support.installation import Installation
from support.owner import Owner

TIMEOUT_S = 60


def output_of(*command: str) -> str:
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


CURL = {
    "urlencoded": lambda email: ["-d", "name=Ada Lovelace", "--data-urlencode", f"email={email}"],
    "multipart": lambda email: ["-F", "name=Ada Lovelace", "-F", f"email={email}"],
    "json": lambda email: ["--json", json.dumps({"name": "Ada Lovelace", "email": email})],
}


@pytest.mark.parametrize("way", CURL)
def test_curl_gets_202_and_a_receipt(installation: Installation, owner: Owner, way: str) -> None:
    address = f"curl+{way}@example.org"
    status = ["--silent", "--show-error", "--write-out", "\n%{http_code}"]
    url = f"{installation.gateway_url}/f/anything"
    body, _, code = output_of("curl", *status, *CURL[way](address), url).rpartition("\n")
    assert code == "202", body
    assert installation.receipt(json.loads(body)["receipt_url"])["form"] == "anything"
    assert owner.await_stored("anything", address) == {"name": "Ada Lovelace", "email": address}


def test_formspree_core_posts_to_a_project_s_form(installation: Installation, owner: Owner) -> None:
    script = str(HERE / "formspree-core.mjs")
    lines = output_of(clients.node(), script, installation.gateway_url, "core@example.org").splitlines()
    as_json, as_form, wrong = map(json.loads, lines)
    assert (as_json["kind"], as_form["kind"]) == ("success", "success")
    assert as_json["next"].startswith(f"{installation.gateway_url}/receipts/")
    assert wrong["kind"] == "error"
    ((field, [error]),) = wrong["errors"]
    assert (field, error["code"]) == ("email", "TYPE_EMAIL")


def test_axios_in_node_posts_json_and_multipart(installation: Installation) -> None:
    url = f"{installation.gateway_url}/f/anything"
    said = output_of(clients.node(), str(HERE / "axios.mjs"), url, "axios@example.org")
    assert said.splitlines() == ["202 true", "202 true"]
