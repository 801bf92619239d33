"""A browser, a page on another origin, and one installation whose forms are made for what clients send."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from dev import clients
from dev.broker import Broker
from dev.mail_sink import MailSink
from shared.files.directory import DirectoryFiles
from support.browsing import chromium, patience_ms
from support.installation import Installation
from support.owned import Owned, an_owned
from support.owner import Owner
from support.site import Site
from support.uploaded import Uploads

HERE = Path(__file__).parent
Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; each test has a profile of its own in it."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The site whose pages post to the gateway."""
    with Site(HERE) as site:
        yield site


@pytest.fixture(scope="session")
def client_sink(server_directory: Path) -> Iterator[MailSink]:
    """The mail server of the installation."""
    with MailSink(server_directory / "clients-mail") as sink:
        yield sink


@pytest.fixture(scope="session")
def installation(server_directory: Path, rabbitmq: Broker, client_sink: MailSink, site: Site) -> Iterator[Installation]:
    """Gateway, storage and notify as processes, with the forms of forms.toml open to the site."""
    with install(server_directory / "clients", rabbitmq, client_sink, site) as installation:
        yield installation


def install(place: Path, broker: Broker, sink: MailSink, site: Site) -> Installation:
    """Return an installation below `place` that is not started yet."""
    place.mkdir()
    forms = place / "forms.toml"
    forms.write_text((HERE / "forms.toml").read_text().replace("https://www.example.org", site.origin))
    files = place / "files"
    files.mkdir()
    store = {"COUNTERFOIL_FILES_URL": files.as_uri()}
    broker_url = broker.fresh_vhost()
    return Installation(place, consoles=1, broker_url=broker_url, smtp_url=sink.url, forms=forms, settings=store)


@pytest.fixture(scope="session")
def owned(server_directory: Path, rabbitmq: Broker, browser: Browser) -> Iterator[Owned]:
    """An installation with something of everything in it, and its owner, who is signed in."""
    with an_owned(server_directory / "owned", rabbitmq.fresh_vhost(), browser) as owned:
        yield owned


@pytest.fixture
def owner(installation: Installation, client_sink: MailSink) -> Owner:
    """The owner of the forms, who reads what came in."""
    return Owner(installation, client_sink)


@pytest.fixture
def uploads(installation: Installation, owner: Owner) -> Uploads:
    """The files that came with submissions."""
    store = DirectoryFiles(installation.directory / "files")
    return Uploads(owner, installation.database_urls["storage"], store)


@pytest.fixture
def visit(browser: Browser, site: Site, installation: Installation) -> Iterator[Visit]:
    """Open a page of pages/, in which each address of a vendor's was changed for ours, and nothing else.

    `package` is the npm package that a page loads as PACKAGE.
    """
    contexts = []

    def open_page(
        name: str,
        addresses: dict[str, str],
        *,
        package: str = "",
        javascript: bool = True,
        gateway_url: str = installation.gateway_url,
    ) -> Page:
        text = bundle(name) if name.endswith(".jsx") else (HERE / "pages" / name).read_text()
        for vendor, ours in addresses.items():
            assert vendor in text, f"{name} does not name {vendor}"
            text = text.replace(vendor, gateway_url + ours)
        text = text.replace("https://www.example.org", site.origin).replace("PACKAGE", package)
        context = browser.new_context(java_script_enabled=javascript)
        context.set_default_timeout(patience_ms())
        contexts.append(context)
        page = context.new_page()
        if name.endswith(".jsx"):
            script = site.put(f"/{name}.js", text)
            text = f'<!doctype html><meta charset="utf-8"><div id="root"></div><script src="{script}"></script>'
        page.goto(site.put(f"/{name}", text))
        return page

    yield open_page
    for context in contexts:
        context.close()


def bundle(name: str) -> str:
    """Return a script with all that it imports, as a site's build step would make it."""
    esbuild = str(HERE / "node_modules" / "esbuild" / "bin" / "esbuild")
    options = [
        "--bundle",
        "--jsx=automatic",
        "--minify",
        "--charset=utf8",
        '--define:process.env.NODE_ENV="production"',
    ]
    command = [clients.node(), esbuild, str(HERE / "pages" / name), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
