"""The ledger as an operator runs it: send to an installation, and check over its API, its broker and its mails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from counterfoil_ledger.records import Ledger
from dev.mail_page import MailPage
from dev.mail_sink import MailSink
from dev.processes import free_port
from support.installation import Installation
from support.pace import stretched_s
from support.service import ROOT


def run_ledger(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / ".venv" / "bin" / "counterfoil-ledger"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=stretched_s(120))


@pytest.fixture
def key_file(whole: Installation, tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text(whole.api_key)
    return str(path)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def test_what_was_sent_is_found_over_the_api_and_on_the_mails_page(
    whole: Installation, whole_sink: MailSink, key_file: str, ledger: Path
) -> None:
    sent = run_ledger("run", whole.gateway_url, "--ledger", str(ledger), "--submissions", "30", "--retries", "0.5")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert "30 acked" in sent.stdout
    page = MailPage(whole_sink.directory, free_port())
    page.start()
    mails = f"http://127.0.0.1:{page.port}"
    checked = run_ledger("check", str(ledger), "--api-key-file", key_file, "--mails", mails)
    page.stop()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.endswith("OK\n")
    assert len(Ledger(ledger).attempts()) > 30, "vacuous: nothing was sent twice"
    assert checked.stdout.count("not asked") == 9, "what nobody can know from here is said to be so"


def test_a_run_goes_on_only_where_it_is_told_to(whole: Installation, ledger: Path) -> None:
    order = ("run", whole.gateway_url, "--ledger", str(ledger), "--retries", "0", "--submissions")
    assert run_ledger(*order, "3").returncode == 0
    again = run_ledger(*order, "5")
    assert again.returncode == 2
    assert "--resume" in again.stdout
    assert run_ledger(*order, "5", "--resume").returncode == 0
    assert len(Ledger(ledger).attempts()) == 5


def test_an_empty_ledger_is_not_ok(whole: Installation, key_file: str, ledger: Path) -> None:
    ledger.touch()
    checked = run_ledger("check", str(ledger), "--url", whole.gateway_url, "--api-key-file", key_file)
    assert checked.returncode == 1
    assert "nothing was accepted" in checked.stdout


def test_a_wrong_key_is_no_verdict(whole: Installation, tmp_path: Path, ledger: Path) -> None:
    (tmp_path / "key").write_text("cf_wrong")
    assert run_ledger("run", whole.gateway_url, "--ledger", str(ledger), "--submissions", "1").returncode == 0
    checked = run_ledger("check", str(ledger), "--api-key-file", str(tmp_path / "key"))
    assert checked.returncode == 2
    assert "API key" in checked.stdout
