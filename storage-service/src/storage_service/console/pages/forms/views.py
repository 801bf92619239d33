"""The addresses of the page *Forms*."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared.web.refusals import Refused
from storage_service.console.access import asker, needs
from storage_service.console.pages.forms.cards import card_of, cards_of
from storage_service.console.pages.forms.testing import Testing
from storage_service.console.pages.forms.whole import Whole
from storage_service.console.pages.frame import current, going, notices
from storage_service.console.pages.frame.renderer import Pages, reader_zone
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.console.places import form_of, id_of, no_form
from storage_service.records.recent import bounds_of


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("forms_page", __name__)
    whole = Whole(parts, pages)
    _add_test(views, parts)

    @views.get("/console/forms")
    @needs("read")
    def overview() -> Response:
        Parameters(request)
        who, counted, remarks = asker(), parts.overview.now(reader_zone()), parts.remarks()
        bounds = bounds_of(parts.clock(), reader_zone())
        cards, gone = cards_of(parts.forms, counted, remarks, bounds, who)
        errors = [one for one in remarks.errors if one.form is None or who.may_see(one.form)]
        return pages.page(
            "forms/forms.html",
            cards=cards,
            gone=gone,
            counted=counted,
            age_s=(parts.clock() - counted.at).total_seconds(),
            file=remarks.name,
            is_wrong=bool(remarks.errors),
            errors=errors,
        )

    @views.get("/console/forms/<name>")
    @needs("read")
    def one(name: str) -> Response:
        given = Parameters(request, "test")
        tested = given.text("test", 64)
        name, counted = form_of(name, asker()), parts.overview.now(reader_zone())
        form = parts.forms.get(name)
        if form is None and name not in counted.forms:
            raise no_form()
        card = card_of(name, form, counted, bounds_of(parts.clock(), reader_zone()))
        return whole.page(card, test_id=None if tested is None else id_of(tested))

    return views


def _add_test(views: Blueprint, parts: Parts) -> None:
    testing = Testing(parts)

    @views.post("/console/forms/<name>/test")
    @needs("write")
    def test(name: str) -> Response:
        who = asker()
        form = parts.forms.get(form_of(name, who))
        if form is None:
            raise no_form()
        try:
            tried = testing.test(form, current.me().email, who)
        except Refused as refusal:
            notices.tell(refusal.title, kind="wrong")
            return going.to(f"/console/forms/{form.name}#test")
        if tried.id is None:
            notices.tell(f"The gateway did not take the test. {' '.join(tried.said)}", kind="wrong")
            return going.to(f"/console/forms/{form.name}#test")
        return going.to(f"/console/forms/{form.name}?test={tried.id}#test")
