"""A fresh installation: it takes a submission, confirms it, and keeps it when it is taken down and started again."""

from __future__ import annotations

import base64
import re
import secrets
import subprocess
from pathlib import Path
from typing import Any

import requests

from support.compose_stack import Stack
from support.polling import eventually
from support.signed_in import SignedIn

JSON = {"Accept": "application/json"}


def submit(stack: Stack, address: str, **headers: str) -> dict[str, Any]:
    fields = {"name": "Ada Lovelace", "email": address}
    answer = requests.post(f"{stack.url}/f/signup", json=fields, headers=JSON | headers, timeout=10)
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


def state(receipt_url: str) -> str:
    return str(requests.get(receipt_url, headers=JSON, timeout=10).json()["state"])


def test_a_submission_through_the_published_port_is_confirmed_and_outlives_the_containers(stack: Stack) -> None:
    address = f"ada+{secrets.token_hex(4)}@example.org"
    receipt = submit(stack, address)["receipt_url"]
    assert receipt.startswith(f"{stack.url}/receipts/"), "the address that the client used"
    eventually(lambda: state(receipt) == "confirmed", 30, "the receipt says confirmed")
    assert stack.mailed()[address] == 1
    key, _ = stack.api_key(), stack.operator_key()
    stack.down()
    stack.up()
    assert state(receipt) == "confirmed"
    listed = stack.as_owner("/v1/forms/signup/submissions", key)
    assert [each["fields"]["email"] for each in listed.json()["submissions"]] == [address]
    another = submit(stack, f"ada+{secrets.token_hex(4)}@example.org")["receipt_url"]
    eventually(lambda: state(another) == "confirmed", 30, "it goes on")


def test_an_address_that_a_client_makes_up_does_not_count(stack: Stack) -> None:
    forged = {"X-Forwarded-For": "192.0.2.7", "X_Forwarded_For": "192.0.2.8", "X-Forwarded-Host": "forged.example"}
    address = f"ada+{secrets.token_hex(4)}@example.org"
    accepted = submit(stack, address, **forged, **{"X-Forwarded-Proto": "https", "X_Forwarded_Host": "forged.example"})
    assert accepted["receipt_url"].startswith(f"{stack.url}/receipts/")
    query = f"SELECT source FROM submissions WHERE id = '{accepted['id']}'"  # noqa: S608 - an id of our own making
    [source] = eventually(lambda: stack.psql("storage", query), 20, "it is stored")
    assert "192.0.2." not in source


def test_an_event_stream_comes_through_as_it_is_written(stack: Stack) -> None:
    receipt = submit(stack, f"ada+{secrets.token_hex(4)}@example.org")["receipt_url"]
    with requests.get(f"{receipt}/events", stream=True, timeout=20) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = (line for line in answer.iter_lines(chunk_size=1) if line.startswith(b"data:"))
        assert b"confirmed" in next(line for line in lines if b"confirmed" in line)


def test_a_gateway_that_does_not_answer_is_a_503_that_any_page_may_read(stack: Stack) -> None:
    [gateway] = stack.containers("gateway")
    fields = {"name": "Ada Lovelace", "email": "ada@example.org"}
    stack.pause(gateway)
    try:
        answer = requests.post(f"{stack.url}/f/signup", json=fields, headers=JSON, timeout=20)
        script = {**JSON, "Origin": "https://www.example.org"}
        to_script = requests.post(f"{stack.url}/f/signup", json=fields, headers=script, timeout=20)
    finally:
        stack.resume(gateway)
    assert answer.status_code == 503, "unknown, and never the 502 or 504 of a proxy"
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert to_script.status_code == 503
    assert to_script.headers["Access-Control-Allow-Origin"] == "https://www.example.org"
    assert to_script.headers["Access-Control-Allow-Credentials"] == "true"
    assert to_script.headers["Vary"] == "Accept, Origin"
    assert answer.json()["errors"][0]["code"] == "UNAVAILABLE"
    stack.await_healthy(gateway)
    eventually(lambda: requests.get(f"{stack.url}/readyz", timeout=20).ok, 20, "the proxy has it back")


def test_a_form_that_is_edited_in_place_or_replaced_counts_without_a_restart(stack: Stack) -> None:
    """`sed -i` and most editors write another file and put it in the old one's place."""
    forms = Path(stack.settings["COUNTERFOIL_FORMS"], "forms.toml")
    before = forms.stat().st_ino
    subprocess.run(["sed", "-i", 's/^title = "Sign up"/title = "Join us"/', str(forms)], check=True)
    assert forms.stat().st_ino != before, "vacuous: the file was not replaced"
    eventually(lambda: "Join us" in requests.get(f"{stack.url}/f/signup", timeout=5).text, 20, "every gateway has it")
    logged = "changed forms are taken over"
    eventually(lambda: logged in stack.compose("logs", "--no-color", "notify-service"), 20, "and notify")


def test_a_secret_of_a_form_is_seen_by_the_service_that_reads_it_alone(stack: Stack) -> None:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    put = f"umask 077; echo {secret} >/secrets/notify/forms/rsvp_webhook"
    stack.compose("run", "--rm", "-T", "credentials", "sh", "-c", put)
    assert stack.compose("exec", "-T", "notify-service", "cat", "/secrets/forms/rsvp_webhook").strip() == secret
    assert stack.compose("exec", "-T", "gateway", "ls", "/secrets/forms").split() == []


def test_the_keys_that_the_first_start_shows_and_one_that_is_made_open_what_they_should(stack: Stack) -> None:
    reader, operator = stack.api_key(), stack.operator_key()
    made = stack.compose(
        "exec", "-T", "console", "python", "-m", "storage_service", "key", "add", "reports", "--scopes", "read"
    )
    reports = re.findall(r"cf_\S+", made)[0]
    asked = {"/v1/forms/signup/submissions": (200, 403, 200), "/v1/parked": (403, 200, 403)}
    for path, expected in asked.items():
        found = tuple(stack.as_owner(path, key).status_code for key in (reader, operator, reports))
        assert found == expected, path
    assert stack.as_owner("/v1/forms", "cf_of_nobody").status_code == 401


def link_in(said: str) -> str:
    """Return the last link for a first owner that a log shows."""
    return str(re.findall(r"First owner [^:]*: (http\S+)", said)[-1])


def test_the_link_that_setup_shows_last_makes_the_first_owner_and_none_does_so_again(stack: Stack) -> None:
    first = link_in(stack.compose("logs", "--no-log-prefix", "setup"))
    last = link_in(stack.compose("run", "--rm", "--no-deps", "-T", "setup"))
    assert first.startswith(f"{stack.url}/console/setup/")
    assert requests.get(first, timeout=10).status_code == requests.codes.gone, "a later one has replaced it"
    owner = SignedIn(stack.url)
    owner.begin(last)
    assert owner.get("/console/inbox").status_code == requests.codes.ok
    assert requests.get(last, timeout=10).status_code == requests.codes.gone
    another = link_in(stack.compose("run", "--rm", "--no-deps", "-T", "setup"))
    assert requests.get(another, timeout=10).status_code == requests.codes.gone, "there is an owner"


def test_metrics_and_the_broker_are_not_published(stack: Stack) -> None:
    assert requests.get(f"{stack.url}/metrics", timeout=5).status_code == requests.codes.not_found
    published = {
        name: [place for places in (each["NetworkSettings"]["Ports"] or {}).values() for place in places or []]
        for name, each in stack.inspect().items()
    }
    assert {place["HostIp"] for places in published.values() for place in places} == {"127.0.0.1"}
    assert sorted(name.split("-")[2] for name, places in published.items() if places) == ["maildev", "proxy"]


def test_the_balance_is_even(stack: Stack) -> None:
    submit(stack, f"ada+{secrets.token_hex(4)}@example.org")
    said = stack.compose("run", "--rm", "--build", "ledger")
    [stored] = stack.psql("storage", "SELECT count(*) FROM submissions")
    figures = dict(line.rsplit(maxsplit=1) for line in said.splitlines() if line[-1:].isdigit())
    assert figures["+ nowhere"] == "0"
    assert figures["= stored"] == figures["known to storage or to notify"] == stored
