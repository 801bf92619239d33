"""The newcomer's way: a fresh `make run`, in a browser, from the link that it prints to the first submission's page."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.processes import free_port
from support.browsing import become
from support.pace import stretched_s
from support.runner import Runner

MOST_S = 60


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    runner = Runner(tmp_path / "run", free_port())
    yield runner
    runner.end()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_from_the_link_to_the_first_submissions_page_in_a_minute(runner: Runner, page: Page) -> None:
    runner.await_ready()
    link = runner.first_link()
    assert "/console/setup/" in link, "it is what is printed first of all"
    began_s, took = time.monotonic(), {}

    def reached(what: str) -> None:
        took[what] = time.monotonic() - began_s

    become(page, link)
    reached("signed in")
    line = page.locator("code", has_text="curl").first
    expect(line).to_be_visible()
    reached("the empty inbox says how to send")
    posted = subprocess.run(
        shlex.split(line.inner_text()), capture_output=True, text=True, timeout=stretched_s(20), check=True
    )
    assert "receipt_url" in posted.stdout, posted.stdout
    row = page.locator("main a[href*='/console/submissions/']").first
    expect(row).to_be_visible()
    reached("the row appeared by itself")
    row.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for word in ("Accepted", "Stored"):
        expect(page.get_by_text(word).first).to_be_visible()
    reached("the timeline")
    print("\n".join(f"{seconds:5.1f} s  {what}" for what, seconds in took.items()))
    assert took["the timeline"] < MOST_S


def test_a_second_start_shows_no_link_once_there_is_an_owner(runner: Runner, page: Page, tmp_path: Path) -> None:
    runner.await_ready()
    link = runner.first_link()
    become(page, link)
    page.goto(link)
    assert "/console/inbox" not in page.url, "a link counts once"
    runner.end()
    again = Runner(tmp_path / "run", int(runner.url.rpartition(":")[2]))
    try:
        again.await_ready()
        assert again.first_link() == f"{again.url}/console"
        page.goto(again.first_link())
        expect(page).to_have_url(f"{again.url}/console/inbox")
    finally:
        again.end()
