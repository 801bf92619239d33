"""Runs a provider of single sign-on, the npm package oidc-provider, as a process."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from dev import clients
from dev.processes import free_port, tail
from support.polling import eventually
from support.service import ROOT

CLIENT_ID = "counterfoil"
CLIENT_SECRET = "a secret of the tests: 100 % safe?"  # with what a client has to escape (RFC 6749, 2.3.1)


class OidcProvider:
    """A provider that knows whom `know` says, and one client, whose people come back to `redirect_uri`."""

    def __init__(self, directory: Path, redirect_uri: str, **client: Any) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.redirect_uri = redirect_uri
        self._log = directory / "oidc-provider.log"
        self._client = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [redirect_uri],
            **client,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What a console is told of it."""
        return {
            "COUNTERFOIL_OIDC_ISSUER": self.issuer,
            "COUNTERFOIL_OIDC_CLIENT_ID": CLIENT_ID,
            "COUNTERFOIL_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }

    def know(self, accounts: Mapping[str, Mapping[str, Any]]) -> None:
        """Let it know these people and no others: what it says of each, by their subjects."""
        requests.post(f"{self.issuer}/accounts", json=accounts, timeout=10).raise_for_status()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        script = str(ROOT / "tests" / "clients" / "oidc-provider.mjs")
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [clients.node(), script, str(self.port), json.dumps(self._client)],
                env=os.environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        eventually(self._answers, 60, f"the provider answers\n{tail(self._log, 40)}")

    def stop(self) -> None:
        """End it; `start` brings it back."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def pass_through(self, browser: requests.Session, url: str, subject: str | None) -> str:
        """Go where a console sends somebody, sign in as `subject` (None cancels), and return the way back.

        A browser that is signed in already, is not asked.
        """
        answer = browser.get(url, timeout=20, allow_redirects=False)
        while (location := answer.headers.get("Location")) is not None:
            target = requests.compat.urljoin(answer.url, location)
            if not target.startswith(self.issuer):
                return target
            answer = browser.get(target, timeout=20, allow_redirects=False)
            if re.search("/interaction/", target):
                data = {} if subject is None else {"subject": subject}
                answer = browser.post(target, data=data, timeout=20, allow_redirects=False)
        raise AssertionError(f"the provider stopped with {answer.status_code}:\n{answer.text}")

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.issuer}/.well-known/openid-configuration", timeout=5).ok
        except requests.RequestException:
            return False

    def __enter__(self) -> OidcProvider:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        print(tail(self._log, 60))
