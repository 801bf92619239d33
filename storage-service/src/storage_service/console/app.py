"""Builds the Flask application of the console from its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import Flask, Response

from shared.public_addresses import Network
from storage_service.console import access
from storage_service.console.access import open_to_all
from storage_service.console.answers import json_answer
from storage_service.console.api import RESOURCES
from storage_service.console.errors import answer_errors
from storage_service.console.methods import keep_to_own
from storage_service.console.openapi import Resource, document_of
from storage_service.console.pages import ROOMS
from storage_service.console.pages.frame.assets import Assets
from storage_service.console.pages.frame.browser import Browser
from storage_service.console.pages.frame.cookies import Cookies
from storage_service.console.pages.frame.gate import Gate
from storage_service.console.pages.frame.refusals import refusal_page
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.frame.room import Room
from storage_service.console.parameters import BODY_BYTES
from storage_service.console.parts import Parts
from storage_service.console.serving import health


def create_app(
    parts: Parts,
    *,
    proxies: tuple[Network, ...] = (),
    measured: Callable[[Flask], None] = lambda _: None,
    resources: Sequence[Resource] = RESOURCES,
    rooms: Sequence[Room] = ROOMS,
) -> Flask:
    """Build the application; `measured` puts what counts requests around it.

    Raises `Unmarked` where a view does not say who may use it, and `NotAsDescribed` where an address is not described.
    """
    app = Flask("storage_service.console", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    measured(app)
    cookies = Cookies(proxies)
    assets = Assets()
    pages = Pages(assets, parts.clock, Browser(cookies, proxies), parts.ways)
    answer_errors(app, partial(refusal_page, pages))
    for resource in resources:
        app.register_blueprint(resource.routes(parts))
    described = document_of(app, resources, parts.public_url)
    _add_document(app, described)
    health.add_routes(app)
    app.register_blueprint(assets.routes())
    for room in rooms:
        app.register_blueprint(room.routes(parts, pages))
    keep_to_own(app)
    access.check_keys(app, parts.keys, proxies)
    Gate(parts.accounts.sessions, partial(parts.accounts.secret, "pages"), cookies, proxies, pages).close(app)
    return app


def _add_document(app: Flask, described: dict[str, Any]) -> None:
    @app.get("/v1/openapi.json")
    @open_to_all
    def openapi() -> Response:
        return json_answer(described, headers={"Access-Control-Allow-Origin": "*"})
