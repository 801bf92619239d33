"""An installation as it is after some weeks, and its owner, who is signed in at the console in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from shared import database
from shared.setup_token import new_setup_token
from support.browsing import become, patience_ms
from support.faulty.moody_smtp import MoodySink
from support.installation import Installation
from support.pictures import history, lively
from support.search_rows import indexed
from support.signed_in import SignedIn

SOME = 240
HELD = {"COUNTERFOIL_CONFIRMATIONS_PER_RECIPIENT": "2/day"}


COLLEAGUE = "charles@example.org"


@dataclass(frozen=True, slots=True)
class Owned:
    """The installation; `ids` are submissions by what is odd about them, see `lively`. `colleague` is an editor."""

    installation: Installation
    browser: Browser
    ids: Mapping[str, str]
    signed_in: StorageState
    colleague: str = COLLEAGUE

    @property
    def url(self) -> str:
        """Where its gateway is reached."""
        return self.installation.gateway_url

    def page(self, path: str = "/console/inbox", **screen: Any) -> Page:
        """Open a page in a context of its own, which is for whoever asks to close; `screen` is Chromium's."""
        page = self.context(**screen).new_page()
        page.goto(self.url + path)
        return page

    def context(self, **screen: Any) -> BrowserContext:
        """Return a context in which the owner is signed in. The pages' policy is bypassed there for axe."""
        context = self.browser.new_context(storage_state=self.signed_in, bypass_csp=True, **screen)
        context.set_default_timeout(patience_ms())
        return context


@contextmanager
def unowned(place: Path, broker_url: str, count: int = 0) -> Iterator[tuple[Installation, str]]:
    """Run one below `place` to which `count` submissions came in the last month, and return it with its first link."""
    setup = new_setup_token(datetime.now(UTC))
    special = {"console": {"COUNTERFOIL_SETUP_TOKEN": setup.told}}
    place.mkdir(parents=True)
    with MoodySink(place / "mail", lambda address: "550" if address.startswith("nobody@") else "") as sink:
        installation = Installation(
            place, consoles=1, broker_url=broker_url, smtp_url=sink.url, settings=HELD, special=special
        )
        installation.prepare()
        _fill(installation.database_urls["storage"], count)
        with installation:
            yield installation, setup.link(installation.gateway_url)


def take_over(installation: Installation, link: str, browser: Browser, ids: Mapping[str, str]) -> Owned:
    """Become its owner, by its link."""
    context = browser.new_context()
    become(context.new_page(), link)
    state = context.storage_state()
    context.close()
    SignedIn(installation.gateway_url).begin(installation.invite(COLLEAGUE, "editor"), COLLEAGUE)
    return Owned(installation, browser, ids, state)


@contextmanager
def an_owned(place: Path, broker_url: str, browser: Browser) -> Iterator[Owned]:
    """Run one below `place` with something of everything in it, and become its owner."""
    with unowned(place, broker_url, SOME) as (installation, link):
        yield take_over(installation, link, browser, lively.enliven(installation))


def _fill(url: str, count: int) -> None:
    engine = database.create(url)
    history.keep(engine, count, datetime.now(UTC))
    indexed(engine)
    engine.dispose()
