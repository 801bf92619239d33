"""The ledger as an operator runs it: send to an installation, and check over its API alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.installation import Installation
from support.polling import eventually
from support.service import ROOT


def run_ledger(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.ledger", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_what_was_sent_is_found_over_the_api(whole: Installation, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(whole.api_key)
    places = ("--url", whole.gateway_url, "--ledger", str(tmp_path / "run.jsonl"))
    sent = run_ledger("send", *places, "--count", "30")
    assert sent.returncode == 0, sent.stderr
    assert "30 acked" in sent.stdout

    def check() -> bool:
        checked = run_ledger("check", *places, "--api-key-file", str(key))
        assert checked.returncode == 0, checked.stdout + checked.stderr
        return checked.stdout.endswith("OK\n")

    eventually(check, 60, "the ledger agrees")


def test_an_empty_ledger_is_not_ok(whole: Installation, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(whole.api_key)
    places = ("--url", whole.gateway_url, "--ledger", str(tmp_path / "empty.jsonl"))
    checked = run_ledger("check", *places, "--api-key-file", str(key))
    assert checked.returncode == 1
    assert "nothing was accepted" in checked.stdout
