"""Somebody who is signed in at the console, over HTTP: what a browser does without JavaScript."""

from __future__ import annotations

import re
from html import unescape

import requests

from support.browsing import EMAIL, PASSWORD


class SignedIn:
    """Keeps the cookies; what it posts has the token of the page that it saw last."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._token = ""

    def begin(self, link: str, email: str = EMAIL, password: str = PASSWORD) -> None:
        """Open a link for a new account, and choose its password."""
        path = link.removeprefix(self._url)
        page = self.get(path)
        assert page.status_code == 200, page.text
        names = set(re.findall(r'name="([a-z_]*password[a-z_]*)"', page.text))
        answer = self.post(path, email=email, **dict.fromkeys(names, password))
        assert answer.status_code == 303, answer.text

    def get(self, path: str) -> requests.Response:
        """Ask for a page; a redirect is not followed."""
        answer = self._session.get(self._url + path, timeout=20, allow_redirects=False)
        if found := re.search(r'name="csrf_token" value="([^"]+)"', answer.text):
            self._token = unescape(found[1])
        return answer

    def post(self, path: str, **fields: str) -> requests.Response:
        """Send a form; a redirect is not followed."""
        data = {"csrf_token": self._token, **fields}
        headers = {"Referer": self._url + path, "Origin": self._url}
        return self._session.post(self._url + path, data=data, headers=headers, timeout=20, allow_redirects=False)
