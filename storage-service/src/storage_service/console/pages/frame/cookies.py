"""Names, sets and reads the pages' cookies: for `/console` alone, for no script, over no line that others listen to."""

from __future__ import annotations

from flask import Request, Response

from shared.public_addresses import Network
from storage_service.console.pages.frame.reached import reached

PATH = "/console"

SESSION = "counterfoil"
TOKENS = "counterfoil-page"
DEVICE = "counterfoil-device"
"""What is signed in; what posts are checked by, and notices; a browser that has signed in before."""


class Cookies:
    """Cookies with the prefix `__Secure-`; without it by http on the browser's own machine; else none at all.

    A browser takes a cookie with the prefix from https alone, so that nobody on the way can put one of theirs there.
    """

    def __init__(self, proxies: tuple[Network, ...]) -> None:
        self._proxies = proxies

    def are_kept(self, asked: Request) -> bool:
        """Return whether a browser may keep any here."""
        return reached(asked, self._proxies).is_private

    def name(self, asked: Request, kind: str) -> str:
        """Return what a cookie is called."""
        return f"__Secure-{kind}" if self.is_secure(asked) else kind

    def is_secure(self, asked: Request) -> bool:
        """Return whether they are for https alone."""
        return reached(asked, self._proxies).scheme == "https"

    def read(self, asked: Request, kind: str) -> str | None:
        """Return what was set."""
        return asked.cookies.get(self.name(asked, kind)) if self.are_kept(asked) else None

    def set(self, answer: Response, asked: Request, kind: str, value: str, seconds: int | None = None) -> None:
        """Set a cookie: for so long, or until the browser is closed."""
        answer.set_cookie(
            self.name(asked, kind),
            value,
            max_age=seconds,
            path=PATH,
            secure=self.is_secure(asked),
            httponly=True,
            samesite="Lax",
        )

    def remove(self, answer: Response, asked: Request, kind: str) -> None:
        """Take a cookie back."""
        answer.delete_cookie(
            self.name(asked, kind), path=PATH, secure=self.is_secure(asked), httponly=True, samesite="Lax"
        )
