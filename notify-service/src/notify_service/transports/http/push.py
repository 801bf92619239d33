"""Has Apprise make a request, without letting it send anything.

Apprise knows the services, and sends by `requests.post`, wherever a URL leads, with time limits of its own and none of
our checks. So its modules are given a `requests` that sends nothing: what would be sent is taken down, and goes out as
every other request does. That fits services that send one POST; another is an error. Nothing of its log is kept, which
has what it sends in it.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from notify_service.transports.http.sender import Request

_NOT_ONE = "the URL leads to none or to several places: expected one topic, room, user or device"
_NOTHING = "Apprise makes nothing of the URL: see https://appriseit.com for how it is written"


class _Unfit(Exception):
    """A service does something else than to send one POST."""


class _Notepad:
    """`requests`, as far as a module of Apprise that sends one POST needs it. Safe to use from many threads."""

    def __init__(self, requests: ModuleType) -> None:
        self.codes = requests.codes
        self.RequestException = requests.RequestException
        self._requests = requests
        self._noting = threading.local()

    def post(
        self,
        url: str,
        data: Any = None,
        json: Any = None,
        *,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
        files: Any = None,
        **_: Any,
    ) -> Any:
        """Take down what would be posted, and answer that it was."""
        noted: list[Request] | None = getattr(self._noting, "noted", None)
        if noted is None or files is not None:
            raise _Unfit
        made = self._requests.Request("POST", url, headers, data=data, json=json, params=params, auth=auth).prepare()
        body = made.body or b""
        sent = {name: value for name, value in made.headers.items() if name.lower() != "content-length"}
        noted.append(Request(made.url, body if isinstance(body, bytes) else body.encode(), sent))
        answer = self._requests.Response()
        answer.status_code = 200
        answer._content = b"{}"  # noqa: SLF001 - nothing else fills an answer in
        return answer

    @contextmanager
    def noting(self) -> Iterator[list[Request]]:
        """Collect what this thread would post."""
        self._noting.noted = []
        try:
            yield self._noting.noted
        finally:
            self._noting.noted = None


@dataclass(frozen=True, slots=True)
class Push:
    """What a URL leads to: how long a title and a body may be, and the request that a notification is."""

    plugin: Any = field(repr=False)
    notepad: _Notepad = field(repr=False)

    @property
    def title_most(self) -> int:
        """Characters of a title at most; 0 where there is none."""
        return int(self.plugin.title_maxlen)

    @property
    def body_most(self) -> int:
        """Characters of a body at most."""
        return int(self.plugin.body_maxlen)

    def request(self, title: str, body: str) -> Request:
        """Return the one request; raises ValueError where a notification is not just one."""
        with self.notepad.noting() as noted:
            try:
                self.plugin.send(body=body, title=title)
            except _Unfit:
                raise ValueError(_NOT_ONE) from None
            found = list(noted)
        if len(found) != 1:
            raise ValueError(_NOT_ONE)
        return found[0]


class Pushes:
    """Finds what a URL of Apprise leads to. The library is imported when it is first needed, which takes a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._apprise: Any = None
        self._asset: Any = None
        self._notepad: Any = None

    def __call__(self, url: str) -> Push:
        """Return what it leads to; raises ValueError with a reason that shows nothing of it."""
        with self._lock:
            if self._apprise is None:
                self._import()
            plugin = self._apprise.Apprise.instantiate(url, asset=self._asset, suppress_exceptions=True)
            if plugin is None:
                raise ValueError(_NOTHING)
            plugin.notify_format = self._apprise.NotifyFormat.TEXT  # whatever the URL says: a stranger could write more
            sys.modules[type(plugin).__module__].requests = self._notepad  # type: ignore[attr-defined]
        return Push(plugin, self._notepad)

    def _import(self) -> None:
        logging.getLogger("apprise").disabled = True
        apprise = import_module("apprise")
        self._asset = apprise.AppriseAsset(app_id="Counterfoil", app_desc="Counterfoil", image_url_mask=None)
        self._notepad = _Notepad(import_module("requests"))
        self._apprise = apprise


def pushes() -> Callable[[str], Push] | None:
    """Return what finds where URLs of Apprise lead to; None where Apprise is not installed."""
    return Pushes() if find_spec("apprise") else None
