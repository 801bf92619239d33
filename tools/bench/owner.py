"""Is an owner in Chromium, who presses keys, and says how long the page took until it was painted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Request, sync_playwright

from bench.rounds import BenchFailed
from dev import clients

EMAIL, PASSWORD = "ada@example.org", "nine hundred paper tickets"
LIMIT_MS = 20_000

_WATCH = """
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const keep = () => sessionStorage.setItem("painted", now());
  const painted = () => requestAnimationFrame(() => requestAnimationFrame(keep));
  addEventListener("keydown", (event) => {
    if (event.key === "Enter") { sessionStorage.removeItem("painted"); sessionStorage.setItem("pressed", now()); }
  }, true);
  addEventListener("DOMContentLoaded", painted);
  addEventListener("htmx:afterSettle", painted);
})();
"""
"""Two frames after its content is there, a page has been painted. Moments are the clock's: pages follow each other."""


class Owner:
    """Somebody who is signed in at the console of an installation."""

    def __init__(self, browser: Browser, context: BrowserContext, url: str) -> None:
        self._browser = browser
        self._context = context
        self._url = url
        self._page = context.new_page()

    @classmethod
    @contextmanager
    def signed_in(cls, url: str, link: str) -> Iterator[Owner]:
        """Be the first owner, by a setup link."""
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox", "--disable-gpu"]  # Chromium refuses its sandbox to root
            browser = playwright.chromium.launch(executable_path=clients.chromium(), args=arguments)
            context = browser.new_context(viewport={"width": 1280, "height": 860}, bypass_csp=True)  # we look by eval
            context.set_default_timeout(LIMIT_MS)
            context.add_init_script(_WATCH)
            owner = cls(browser, context, url)
            owner._set_up(link)
            yield owner
            browser.close()

    def get(self, path: str) -> None:
        """Ask for a page, and for nothing that is in it."""
        answer = self._context.request.get(self._url + path)
        if answer.status != 200:
            raise BenchFailed(f"{path} answered {answer.status}")
        answer.body()

    def weight_bytes(self, path: str) -> int:
        """Return what a page weighs on its way, compressed, with all that it needs, where nothing is kept yet."""
        state = self._context.storage_state()
        context = self._browser.new_context(storage_state=state)
        page, found = context.new_page(), list[Request]()
        page.on("requestfinished", lambda request: found.append(request))  # noqa: PLW0108 - mypy reads the type from it
        page.goto(self._url + path)
        page.wait_for_timeout(500)
        sizes = [one.sizes() for one in found]
        context.close()
        return sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes)

    def searched_ms(self, line: str) -> float:
        """Type a query into the inbox's box; return the time from Enter to the rows that it brings."""
        if "/console/inbox" not in self._page.url:
            self._page.goto(f"{self._url}/console/inbox")
        box = self._page.locator("input[name=q]").first
        box.fill(line)
        return self._pressed(lambda: box.press("Enter"))

    def opened_ms(self) -> float:
        """Open the first row with the keyboard; return the time from Enter to its page."""
        self._page.goto(f"{self._url}/console/inbox")
        self._page.keyboard.press("j")
        return self._pressed(lambda: self._page.keyboard.press("Enter"))

    def _pressed(self, press: Callable[[], None]) -> float:
        self._page.evaluate("sessionStorage.removeItem('painted')")
        press()
        self._page.wait_for_function("sessionStorage.getItem('painted') && sessionStorage.getItem('pressed')")
        took: float = self._page.evaluate("sessionStorage.getItem('painted') - sessionStorage.getItem('pressed')")
        return took

    def _set_up(self, link: str) -> None:
        self._page.goto(link)
        self._page.locator("input[type=email]").fill(EMAIL)
        for box in self._page.locator("input[type=password]").all():
            box.fill(PASSWORD)
        self._page.locator("main form").get_by_role("button").first.click()
        self._page.wait_for_url("**/console/inbox**")
