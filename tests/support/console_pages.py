"""Readers of the console's pages: signed in with some roles, in this process, or at a real address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storage_service.accounts.asker import Asker
from storage_service.accounts.roles import Grant
from storage_service.accounts.user import User
from support.console_app import ConsoleApp

OWNER = Grant("owner")
PASSWORD = "three brave words of a test"
BY = Asker("the tests", frozenset())

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Reader:
    """A browser without scripts, in this process, at `http://localhost`."""

    def __init__(self, console: ConsoleApp, user: User | None = None) -> None:
        self.console = console
        self.user = user
        self.client: FlaskClient = console.app.test_client()
        if user is not None:
            self.enter(user)

    def enter(self, user: User) -> None:
        """Sign in without a page."""
        outcome = self.console.parts.accounts.signing_in.begin(user, "password", "127.0.0.1", None, "a test")
        self.client.set_cookie("counterfoil", outcome.session, path="/console")
        self.client.set_cookie("counterfoil-device", outcome.device, path="/console")

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, **options)

    def text(self, path: str) -> str:
        """Return a page that is answered with 200."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    def token(self, path: str = "/console/sign-in/done") -> str:
        """Return the token of a form, as a page has it: each of a reader's pages has one that is good."""
        found = _TOKEN.search(self.get(path).text) or _TOKEN.search(self.get("/console/account").text)
        found = found or _TOKEN.search(self.get("/console/sign-in").text)
        assert found, f"{path} has no form"
        return found[1]

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form, with a good token."""
        return self.client.post(path, data={"csrf_token": self.token(), **(fields or {})}, **options)


def reader(console: ConsoleApp, *grants: Grant, email: str = "ada@example.org", password: str | None = None) -> Reader:
    """Return a reader with a new account of these roles; without any, an owner of the installation."""
    users, passwords = console.parts.accounts.users, console.parts.accounts.passwords
    user = users.add(email, grants or [OWNER], BY)
    if password is not None:
        passwords.set(user.id, password, BY)
    return Reader(console, users.one(user.id))


def stranger(console: ConsoleApp) -> Reader:
    """Return a reader who is not signed in."""
    return Reader(console)


def signed_in_at(url: str, email: str, password: str = PASSWORD) -> requests.Session:
    """Sign in at an installation, by its page; `url` is the gateway's or the console's, without a slash at its end.

    Return what keeps the cookies.
    """
    browser = requests.Session()
    page = browser.get(f"{url}/console/sign-in", timeout=20)
    answer = browser.post(
        f"{url}/console/sign-in",
        data={"csrf_token": token_of(page.text), "email": email, "password": password},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.status_code == 303, answer.text
    return browser


def token_of(page: str) -> str:
    """Return the token of the first form of a page."""
    found = _TOKEN.search(page)
    assert found, page[:1000]
    return found[1]
