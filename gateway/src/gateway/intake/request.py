"""Holds what is known of one request that submits to a form."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from gateway.fields.inputs import Draft
from gateway.forms import control
from gateway.forms.control import ControlFields
from gateway.forms.dialects import NEXT
from gateway.forms.served import ServedForm
from gateway.http.cors import headers_for
from gateway.http.errors import Refused, blocked, hidden_page
from gateway.http.negotiation import Style
from gateway.http.request import Request
from gateway.http.site import Site
from gateway.uploads.kept import KeptFiles
from gateway.uploads.reading import Received
from shared.contracts import JsonValue, Source, SubmittedFile

_log = structlog.get_logger()

_SOURCE_LENGTH = 500
_QUERY_MOST = 2000
_OPEN_MS = re.compile(r"(?:^|&)open_ms=([0-9]{1,10})(?:&|$)")
_KEEPS_KEY = frozenset({422, 503})
"""The refusals after which the same submission is sent again; after any other, the next one has a key of its own."""


@dataclass(slots=True)
class SubmissionRequest:
    """One request to one form, and what is known of it so far.

    `values` are the fields without the control fields, None while the body was not read. `given_key` is the request's
    idempotency key, `made_key` the one that a submission without a key gets: for its retry, where a browser sends it,
    or out of its fields, where the form takes double clicks for one. `received` is what came where files may come with
    it, `kept` what was put of these.
    """

    request: Request
    served: ServedForm
    style: Style
    site: Site
    values: Mapping[str, JsonValue] | None = None
    control: ControlFields = field(default=control.NONE)
    given_key: str | None = None
    made_key: str | None = None
    received: Received | None = None
    kept: KeptFiles | None = None

    @property
    def files(self) -> Sequence[SubmittedFile]:
        """The files that belong to it: what a trap caught has none."""
        return self.received.files if self.received and not self.is_trapped else ()

    @property
    def key(self) -> str | None:
        """The key that the submission's id follows from; None where the id is a fresh one."""
        if self.given_key is None and self.made_key is None and self.style == "html":
            self.made_key = secrets.token_urlsafe(16)
        return self.given_key or self.made_key

    @property
    def is_trapped(self) -> bool:
        """Whether it filled in a trap."""
        return bool(self.control.trapped)

    @property
    def open_s(self) -> float | None:
        """For how many seconds its page had been open, where that told in the address; it may say what it likes.

        It stands there and not in the body: a gateway of the version before, which may be asked during an upgrade,
        would refuse a field that it does not know.
        """
        query = self.request.environ.get("QUERY_STRING")
        found = _OPEN_MS.search(query) if query and len(query) <= _QUERY_MOST else None
        return int(found[1]) / 1000 if found else None

    def check_page(self) -> None:
        """Raise `Refused` (403) where the page that the request comes from may not post to this form."""
        origins = self.served.origins
        if origins.takes_any:
            return
        page = origins.judge(self.request.headers, self.site.origin(self.request))
        if page == "hidden":
            _log.info("page not named", form=self.served.form.name)  # for the owner, whose own page it may be
            raise hidden_page()
        if page == "stranger":
            raise blocked()

    @property
    def base_url(self) -> str:
        """What the addresses in the answer begin with."""
        return self.site.base_url(self.request)

    @property
    def cors(self) -> Mapping[str, str]:
        """The headers that let a script on another site read the answer."""
        return headers_for(self.request.headers.get("Origin"))

    @property
    def destination(self) -> str | None:
        """Where a browser goes afterwards; None for the receipt. What a page asks for in vain is logged."""
        wanted = self.control.next
        if not wanted:
            return self.served.origins.redirect
        goal = self._permitted(wanted)
        if not goal:
            _log.info("destination not allowed", form=self.served.form.name)
        return goal or self.served.origins.redirect

    @property
    def source(self) -> Source:
        """Where the request came from, as it is stored."""
        headers = self.request.headers
        return Source(
            ip=self.request.remote_addr,
            user_agent=_short(headers.get("User-Agent")),
            referer=_short(headers.get("Referer")),
            language=_short(self.control.language or headers.get("Accept-Language")),
        )

    def draft(self, refusal: Refused) -> Draft | None:
        """Return what a page offers again after a refusal; None while the body was not read.

        Control fields go on as they came, but those with something wrong are shown, to be mended, and the destination
        is made absolute: it may have been relative to the page that our own now stands in for.
        """
        if self.values is None:
            return None
        wrong = {error.field for error in refusal.errors}
        carried = {name: text for name, text in self.control.carried.items() if name != self._useless_token(refusal)}
        hidden = {name: text for name, text in carried.items() if name not in wrong}
        if goal := self._permitted(self.control.next):
            hidden[NEXT] = goal
        return Draft(
            self.values,
            hidden=hidden,
            controls={name: text for name, text in carried.items() if name in wrong},
            key=(self.given_key or self.made_key) if refusal.status in _KEEPS_KEY else None,
            chosen=self.received.names if self.received else {},
        )

    def _useless_token(self, refusal: Refused) -> str | None:
        """Return the field of the captcha's token where that is of no use any more."""
        captcha = self.served.form.captcha
        failed = any(error.code == "CAPTCHA_FAILED" for error in refusal.errors)
        return captcha.token_field if captcha and failed else None

    def _permitted(self, wanted: str | None) -> str | None:
        headers = self.request.headers
        page = self.served.origins.page_of(headers)
        return self.served.origins.permitted(wanted, page=page, own=self.site.origin(self.request)) if wanted else None


def _short(text: str | None) -> str | None:
    return text[:_SOURCE_LENGTH].replace("\x00", "") if text else None
