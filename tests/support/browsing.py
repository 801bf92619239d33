"""Starts Chromium, and acts in it as an owner of forms does."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, Page, expect, sync_playwright

from dev import clients
from dev.processes import by_the_real_clock
from support.pace import slowness

EMAIL = "ada@example.org"
PASSWORD = "nine hundred paper tickets"
AXE = clients.FOLDER / "node_modules" / "axe-core" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

_PATIENCE_MS = 20_000
_PR_CAPBSET_DROP, _CAP_SYS_NICE = 24, 23
"""Of linux/prctl.h and linux/capability.h."""


def patience_ms() -> float:
    """Return for how many milliseconds a fact is waited for on a page: on a machine that is slow now, for longer."""
    return _PATIENCE_MS * slowness()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Lend headless Chromium; each context has a profile of its own in it."""
    _let_nobody_go_first()
    expect.set_options(timeout=patience_ms())
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, which is what a container runs as; these pages are our own
        browser = playwright.chromium.launch(
            executable_path=clients.chromium(),
            args=["--no-sandbox", "--disable-gpu"],
            env=dict(by_the_real_clock()),  # by libfaketime's it opens no page
        )
        yield browser
        browser.close()


def _let_nobody_go_first() -> None:
    """Take from what is started from now on the right to go before others. As root Chromium goes before the very
    servers that it talks to, which then answer nobody."""
    with suppress(AttributeError):  # elsewhere than on Linux
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_SYS_NICE)


def become(page: Page, link: str, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Open a link for a new account, and choose a password there: then one is signed in."""
    page.goto(link)
    for box in page.locator("input[type=email]:not([readonly])").all():
        box.fill(email)
    for box in page.locator("input[type=password]").all():
        box.fill(password)
    page.locator("main form").get_by_role("button").first.click()
    page.wait_for_url("**/console/inbox**")


def wrong_with(page: Page) -> list[str]:
    """Return what is wrong with a page: axe-core's findings, and whether it has to be moved sideways.

    Its context bypasses the pages' policy, for the checker's own script.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": list(RULES), "resultTypes": ["violations"], "preload": False}
    run_it = "(options) => axe.run(document, options).then((found) => found.violations)"
    found = [f"{one['id']}: {one['nodes'][0]['html']}" for one in page.evaluate(run_it, options)]
    is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*found, *(["wider than the screen"] if is_wide else [])]


def complaints_of(page: Page) -> list[str]:
    """Return what a page complains of from now on, as it comes: errors and warnings, and what its scripts throw.

    What a browser just tells is left out: that it left the focus where somebody had been quicker is no fault.
    """
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints
