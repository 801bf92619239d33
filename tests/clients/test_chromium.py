"""The browser of the tests shares the machine with what it is to show."""

from __future__ import annotations

import os

from playwright.sync_api import Browser

from dev.processes import descendants, is_alive


def test_it_goes_before_nobody(browser: Browser) -> None:
    page = browser.new_page()
    page.goto("data:text/html,<p>shown")
    own = os.getpriority(os.PRIO_PROCESS, 0)
    started = [pid for pid in descendants(os.getpid()) if is_alive(pid)]
    assert len(started) > 3, "vacuous"
    assert {pid: left for pid in started if (left := os.getpriority(os.PRIO_PROCESS, pid)) < own} == {}
    page.close()
