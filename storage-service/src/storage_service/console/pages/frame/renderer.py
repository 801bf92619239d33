"""Renders pages, and parts of them, from templates that escape everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import unquote

from flask import Response, request
from flask_wtf.csrf import generate_csrf
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from storage_service.accounts.ways import Ways
from storage_service.console.pages.frame import current, notices
from storage_service.console.pages.frame.assets import Assets
from storage_service.console.pages.frame.browser import Browser
from storage_service.console.pages.frame.headers import html
from storage_service.console.pages.frame.moments import filters, zone_of
from storage_service.console.pages.frame.notices import Notice

HTMX_CONFIG = {
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "defaultSwapStyle": "outerHTML",
    "scrollIntoViewOnBoost": False,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "401|413|429", "swap": False, "error": True},
        {"code": "[234]..", "swap": True},
        {"code": "...", "swap": False, "error": True},
    ],
}
"""htmx under our policy: nothing is evaluated, no style or script is put into a page, and no page is kept in the
browser's storage. A part that is refused (409, 422) is shown in its place."""


class Pages:
    """Renders every page. `clock` says what "3 minutes ago" counts from; `browser` is who sees it.

    In each template: `me` (the user, None for nobody), `may(scope, form)`, `csrf_token()`, `asset(name)`, the macros of
    `macros.html` as `ui`, the `ways` to sign in, `reached()` (by which origin the browser came), and the filters `ago`,
    `exact`, `size` and `attributes`.
    """

    def __init__(self, assets: Assets, clock: Callable[[], datetime], browser: Browser, ways: Ways) -> None:
        self.browser = browser
        self._environment = Environment(
            loader=PackageLoader("storage_service.console.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            asset=assets.address,
            csrf_token=generate_csrf,
            may=current.may,
            htmx_config=HTMX_CONFIG,
            ways=ways,
            reached=lambda: browser.reached().origin,
        )
        self._environment.filters.update(filters(clock, reader_zone), attributes=attributes)
        self._environment.globals["ui"] = self._environment.get_template("macros.html").module

    def page(self, template: str, status: int = 200, *, form_actions: Sequence[str] = (), **content: Any) -> Response:
        """Return a page; `template` is below `templates/`: `inbox/inbox.html`.

        `form_actions` are where its forms may lead beside our own addresses.
        """
        text = self._environment.get_template(template).render(_frame() | content)
        return html(text, status, form_actions=form_actions)

    def part(self, template: str, block: str, status: int = 200, **content: Any) -> Response:
        """Return a block of a page alone, for htmx to put in its place, and what there is to tell beside it."""
        return html(self._block(template, block, content) + self._told(), status)

    def notice(self, text: str, status: int) -> Response:
        """Return a notice alone, for htmx: nothing else on the page changes, and nothing typed is lost."""
        return _unswapped(html(self._told(Notice(text, kind="wrong")), status))

    def bare(self, text: str, status: int) -> Response:
        """Return a line for a script: nothing on its page changes."""
        return _unswapped(html(escape(text), status))

    def _block(self, template: str, block: str, content: dict[str, Any]) -> str:
        found = self._environment.get_template(template)
        return "".join(found.blocks[block](found.new_context(_frame() | content)))

    def _told(self, *more: Notice) -> str:
        told = [*notices.taken(), *more]
        return self._environment.get_template("frame/told.html").render(_frame() | {"notices": told}) if told else ""


def is_part_wanted() -> bool:
    """Return whether htmx asks, for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def reader_zone() -> tzinfo:
    """Return the time zone of whoever reads: that of the account, else that of the browser, else UTC."""
    return zone_of(reader_zone_name())


def reader_zone_name() -> str | None:
    """Return its name, as queries take it; None for nobody knows which."""
    found = current.signed_in()
    return (
        (found.user.time_zone if found else None) or unquote(request.cookies.get("counterfoil-zone", ""))[:64] or None
    )


def _unswapped(answer: Response) -> Response:
    answer.headers["HX-Reswap"] = "none"
    return answer


def _frame() -> dict[str, Any]:
    found = current.signed_in()
    return {"me": found.user if found else None, "take_notices": notices.taken}


def attributes(given: Mapping[str, object]) -> Markup:
    """Return attributes with a space before each. `hx_get` is `hx-get`; True has no value, None and False are none."""
    said = {name.replace("_", "-"): value for name, value in given.items() if value is not None and value is not False}
    return Markup("").join(
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in said.items()
    )
