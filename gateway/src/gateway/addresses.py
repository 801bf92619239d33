"""The addresses of the gateway, and what answers at each."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from flask import Flask, Response, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from gateway.http import cors
from gateway.http.errors import Refused, form_not_found, inactive, internal, refused
from gateway.http.negotiation import style_of_reading, style_of_submission
from gateway.http.request import Request
from gateway.http.responses import Answer, json_response
from gateway.http.site import Site
from gateway.intake.answers import Answers
from gateway.intake.intake import Intake
from gateway.intake.wsgi import Submit
from gateway.openapi import document_of
from gateway.owner.operating import Operating
from gateway.owner.reading import Reading
from gateway.pages.renderer import Pages
from gateway.receipts.receipts import ANY_ORIGIN, Receipts
from gateway.settings import Index
from shared.forms import Forms
from shared.messaging.broker import Publisher

_OPEN_TO_SCRIPTS = frozenset({"receipt", "receipt_events"})
_BELOW_FORMS = ("/f/", "/p/")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Desk:
    """What the views call. `index` says whether `/` and `/openapi` name the forms, or none: strangers come there."""

    intake: Intake
    submit: Submit
    receipts: Receipts
    reading: Reading
    operating: Operating
    pages: Pages
    answers: Answers
    publisher: Publisher
    forms: Forms
    site: Site
    index: Index

    @property
    def listed(self) -> Forms | None:
        """The forms that are named to whoever asks; None where none are."""
        return self.forms if self.index == "forms" else None


class _ParkedId(BaseConverter):
    """Passes by what no database could be asked for, such as NUL."""

    regex = "[0-9a-f]{32}"


def name_addresses(app: Flask, desk: Desk) -> None:
    """Connect every address with what answers there. `/f//signup` is none, and leads to none: a redirect of a post."""
    app.url_map.merge_slashes = False
    _name_forms(app, desk)
    _name_receipts(app, desk)
    _name_reading(app, desk)
    _name_operating(app, desk)
    _name_health(app, desk)
    _name_snippet(app)
    _name_description(app, desk)


def _name_forms(app: Flask, desk: Desk) -> None:
    @app.get("/")
    def home() -> Response:
        return desk.pages.home(desk.listed, desk.site.origin(_asked()))

    @app.get("/f/<name>", strict_slashes=False)
    @app.get("/p/<project>/f/<name>", strict_slashes=False)
    def show_form(name: str, project: str = "") -> Response:  # noqa: ARG001
        form = desk.forms.get(name)
        if form is None:
            raise form_not_found()
        if not form.active:
            raise inactive()
        page = desk.pages.form(form)
        page.headers.update(cors.headers_for(request.headers.get("Origin")))
        return page

    @app.post("/f/<name>", strict_slashes=False)
    @app.post(
        "/p/<project>/f/<name>", strict_slashes=False
    )  # where Formspree's projects have their forms; any project will do
    def submit(name: str, project: str = "") -> Answer:  # noqa: ARG001
        return desk.submit(name, _asked())

    @app.get("/f/<name>/captcha", strict_slashes=False)
    def challenge(name: str) -> Response:
        return desk.intake.challenge(name, _asked())

    @app.route("/f/<name>/captcha", methods=["OPTIONS"], strict_slashes=False)
    @app.route("/f/<name>", methods=["OPTIONS"], strict_slashes=False)
    @app.route("/p/<project>/f/<name>", methods=["OPTIONS"], strict_slashes=False)
    def preflight(name: str, project: str = "") -> Response:  # noqa: ARG001 - of any form: the post says 404 or 403
        asked = request.headers.get("Access-Control-Request-Headers")
        return Response(b"", 204, cors.preflight_for(request.headers.get("Origin"), asked))


def _name_receipts(app: Flask, desk: Desk) -> None:
    @app.get("/receipts/<token>")
    def receipt(token: str) -> Response:
        return desk.receipts.show(token, request)

    @app.get("/receipts/<token>/events")
    def receipt_events(token: str) -> Response:
        return desk.receipts.stream(token, request)

    @app.route("/receipts/<token>", methods=["OPTIONS"])
    @app.route("/receipts/<token>/events", methods=["OPTIONS"])
    def receipt_preflight(token: str) -> Response:  # noqa: ARG001
        return desk.receipts.preflight(request)


def _name_reading(app: Flask, desk: Desk) -> None:
    @app.get("/v1/forms/<form>/submissions")
    def list_submissions(form: str) -> Response:
        return desk.reading.submissions(form, request)

    @app.get("/v1/submissions/<submission_id>")
    def show_submission(submission_id: str) -> Response:
        return desk.reading.submission(submission_id, request)


def _name_operating(app: Flask, desk: Desk) -> None:
    app.url_map.converters["parked_id"] = _ParkedId
    service, one = "/v1/parked/<any(storage, notify):service>", "<parked_id:parked_id>"

    @app.get("/v1/parked")
    def list_parked() -> Response:
        return desk.operating.listed(request)

    @app.post(f"{service}/replay")
    def replay_many(service: str) -> Response:
        return desk.operating.replay_many(service, request)

    @app.get(f"{service}/{one}")
    def show_parked(service: str, parked_id: str) -> Response:
        return desk.operating.shown(service, parked_id, request)

    @app.post(f"{service}/{one}/replay")
    def replay_parked(service: str, parked_id: str) -> Response:
        return desk.operating.replay_one(service, parked_id, request)

    @app.post(f"{service}/{one}/discard")
    def discard_parked(service: str, parked_id: str) -> Response:
        return desk.operating.discard(service, parked_id, request)


def _name_health(app: Flask, desk: Desk) -> None:
    @app.get("/livez")
    def live() -> Response:
        return json_response(200, {"ok": True})

    @app.get("/readyz")
    def ready() -> Response:
        missing = desk.publisher.missing()
        return json_response(503 if missing else 200, {"ok": not missing, "missing": [*missing]})


def _name_snippet(app: Flask) -> None:
    @app.get("/counterfoil.js")
    def snippet() -> Response:
        response = app.send_static_file("counterfoil.js")
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # pages that isolate themselves load it too
        return response


def _name_description(app: Flask, desk: Desk) -> None:
    @app.get("/openapi.json")
    def openapi() -> Response:
        document = document_of(desk.listed, desk.site.origin(_asked()))
        return json_response(200, document, {"Access-Control-Allow-Origin": "*"})

    @app.get("/openapi")
    def openapi_page() -> Response:
        return desk.pages.openapi(document_of(desk.listed, desk.site.origin(_asked())))


def _asked() -> Request:
    return Request(request_ctx.request.environ)


def answer_errors(app: Flask, desk: Desk) -> None:
    """Answer whatever is raised in the style that the request asks for; a bug is logged, and told to nobody."""

    def answer(refusal: Refused) -> Response:
        asked = _asked()
        style = style_of_submission(asked) if request.method == "POST" else style_of_reading(asked)
        if request.endpoint in _OPEN_TO_SCRIPTS:
            refusal.headers.update(ANY_ORIGIN)
        if request.path.startswith(_BELOW_FORMS):
            refusal.headers.update(cors.headers_for(request.headers.get("Origin")))
        style = "json" if request.path.startswith("/v1/") else style
        return desk.answers.refused(style, refusal, posted=request.method == "POST")

    @app.errorhandler(Refused)
    def refuse(refusal: Refused) -> Response:
        return answer(refusal)

    @app.errorhandler(HTTPException)
    def refuse_http(error: HTTPException) -> Response:
        refusal = refused(error.code or 500, error.name.upper().replace(" ", "_"), f"{error.name}.")
        kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Location"}}
        refusal.headers.update(kept)
        return answer(refusal)

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        _log.error("request failed", endpoint=request.endpoint, error=type(error).__name__, exc_info=error)
        return answer(internal())
