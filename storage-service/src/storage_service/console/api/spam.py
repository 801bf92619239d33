"""`/v1/spam`: what is done against spam, what was learned, and how good that is; to learn anew, and to go back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema as Checked
from marshmallow import fields, validate

from shared.database import iso
from shared.web.refusals import refused
from shared.web.schemas import MOMENT, TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, asker_of_all, needs
from storage_service.console.answers import json_answer
from storage_service.console.describing import Described, answer, body
from storage_service.console.parameters import Parameters, body_of
from storage_service.console.parts import Parts
from storage_service.console.spam import AUTHOR_MOST, Worth, does, worth_of
from storage_service.spam.gate import Missing
from storage_service.spam.models import NoSuchModel, StoredModel, WasRefused
from storage_service.spam.trainings import Ended

AUTHORS_MOST = 100
_MODELS = "the models of all forms"


class TrainSchema(Checked):
    """For whoever has a model trained: whose marks are left out of it from now on, and whose count again."""

    without = fields.List(
        fields.String(validate=validate.Length(1, AUTHOR_MOST)), validate=validate.Length(max=AUTHORS_MOST)
    )


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("spam", __name__)

    @views.get("/v1/spam")
    @needs("read")
    def shown() -> Response:
        Parameters(request)
        return json_answer(_shown(parts, asker()))

    @views.get("/v1/spam/models")
    @needs("read")
    def models() -> Response:
        Parameters(request)
        who = asker()
        return json_answer({"models": [_model(one, who) for one in parts.spam.models.all()]})

    @views.post("/v1/spam/models/<version>/current")
    @needs("admin")
    def make_current(version: str) -> Response:
        who = asker_of_all(_MODELS)
        try:
            return json_answer(_model(parts.spam.models.make_current(version[:64], who), who))
        except NoSuchModel:
            raise refused(404, "NOT_FOUND", "There is no model of this version.") from None
        except WasRefused as error:
            raise refused(409, "REFUSED", f"This model got worse than the one before: {error}.") from None

    @views.post("/v1/spam/train")
    @needs("admin")
    def train() -> Response:
        who = asker_of_all(_MODELS)
        _leave_out(parts, body_of(request, TrainSchema()).get("without"), who)
        missing = parts.spam.standing().missing_to_train
        begun = missing is None and parts.spam.trainer.begin(who)
        return json_answer({"begun": begun, "missing": _missing(missing)}, 202)

    return views


def _leave_out(parts: Parts, named: list[str] | None, who: Asker) -> None:
    """Let the marks of these, and of nobody else, count for nothing; where none are named all stays as it is."""
    if named is None:
        return
    left_out = parts.spam.standing().left_out
    for author in dict.fromkeys(named):
        parts.spam.authors.leave_out(author, who)
    for author in left_out:
        if author not in named:
            parts.spam.authors.take_in(author, who)


def _shown(parts: Parts, who: Asker) -> dict[str, Any]:
    standing = parts.spam.standing()
    seen = [form for form in parts.forms.values() if who.may_see(form.name)]
    authors = [{"author": one.author, **_kinds(one), "counts": one.counts} for one in standing.authors]
    return {
        "labels": _kinds(standing),
        "authors": authors if who.forms is None else [],
        "new_labels": standing.new_labels,
        "missing_to_train": _missing(standing.missing_to_train),
        "missing_to_hold": _missing(standing.missing_to_hold),
        "model": _model(standing.current, who) if standing.current else None,
        "in_vain": _in_vain(standing.in_vain) if standing.in_vain and who.forms is None else None,
        "forms": [
            {
                "form": one.name,
                "mode": one.spam.mode,
                "threshold": one.spam.threshold,
                "rules": list(one.spam.written_rules),
                "does": does(one, standing),
            }
            for one in seen
        ],
    }


def _kinds(counted: Any) -> dict[str, int]:
    return {"good": counted.good, "spam": counted.spam}


def _missing(found: Missing | None) -> dict[str, Any] | None:
    return None if found is None else {"good": found.good, "spam": found.spam, "words": found.words}


def _in_vain(found: Ended) -> dict[str, Any]:
    return {"ended_at": iso(found.at), "words": found.outcome.words}


def _model(one: StoredModel, who: Asker) -> dict[str, Any]:
    return {
        "version": one.version,
        "made_at": iso(one.made_at),
        "made_by": one.made_by if who.forms is None else None,
        "state": one.state,
        "why": one.why,
        **_kinds(one),
        "without": len(one.without_authors),
        "may_hold": one.may_hold,
        "evaluation": _worth(worth_of(one.evaluation)),
    }


def _worth(found: Worth | None) -> dict[str, Any] | None:
    if found is None:
        return None
    counts = {name: getattr(found, name) for name in _COUNTED}
    bounds = {"loss": found.loss, "loss_most": found.loss_bound, "catch": found.catch, "catch_least": found.catch_bound}
    return {**counts, **bounds, "curve": [dict(zip(_POINT, one, strict=True)) for one in found.curve]}


_COUNTED = ("good", "spam", "lost", "caught")
_POINT = ("score", "loss", "catch")


def described() -> Described:
    """Describe them."""
    model = ref("SpamModel")
    return {
        "GET /v1/spam": {
            "summary": "What is done against spam, what there is to learn from, and what is missing",
            "responses": answer("How far it is.", ref("Spam")),
        },
        "GET /v1/spam/models": {
            "summary": "The models that were trained, newest first",
            "responses": answer("They.", an_object(models=a_list(model))),
        },
        "POST /v1/spam/models/{version}/current": {
            "summary": "Have gateways use this model from now on",
            "responses": answer("It.", model),
        },
        "POST /v1/spam/train": {
            "summary": "Train a model of what was marked until now",
            "requestBody": body(
                an_object("without", without={**a_list(TEXT), "description": _WITHOUT}), {"without": []}
            ),
            "responses": answer("It is trained behind it.", an_object(begun=_BEGUN, missing=_MISSING), status=202),
        },
    }


_WITHOUT = "Whose marks count for nothing from now on, and nobody else's; left out: as it was."
_BEGUN: Schema = {"type": "boolean", "description": "False where one is going on already, or labels are missing."}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_KINDS = {"good": _COUNT, "spam": _COUNT}
_MISSING: Schema = {**an_object(**_KINDS, words=TEXT), "type": ["object", "null"]}


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    count, kinds, missing = _COUNT, _KINDS, _MISSING
    share: Schema = {"type": "number", "minimum": 0, "maximum": 1}
    point = an_object(score=count, loss=share, catch=share)
    worth = an_object(
        **dict.fromkeys(_COUNTED, count),
        loss={**share, "description": "The share of good ones that would have been held."},
        loss_most={**share, "description": "Its one-sided 95 % bound."},
        catch={**share, "description": "The share of spam that would have been held."},
        catch_least={**share, "description": "Its one-sided 95 % bound."},
        curve=a_list(point),
    )
    model = an_object(
        version=TEXT,
        made_at=MOMENT,
        made_by={**TEXT_OR_NONE, "description": "Who had it trained; null for a key of some forms."},
        state={"enum": ["current", "former", "refused"]},
        why={**TEXT_OR_NONE, "description": "Why it was refused, or is not used yet."},
        **kinds,
        without={**count, "description": "How many people's marks were left out."},
        may_hold={"type": "boolean"},
        evaluation={**worth, "type": ["object", "null"]},
    )
    form = an_object(
        form=TEXT,
        mode={"enum": ["off", "shadow", "hold"]},
        threshold={"type": ["integer", "null"], "description": "Null: the model's own."},
        rules=a_list(TEXT),
        does={
            "enum": ["nothing", "learns", "shows", "holds", "waits"],
            "description": "`waits`: it is to hold, and shows the score only, until a model may.",
        },
    )
    author = an_object(author=TEXT, **kinds, counts={"type": "boolean"})
    return {
        "SpamModel": model,
        "Spam": an_object(
            labels=an_object(**kinds),
            authors={**a_list(author), "description": "Who marked; nobody for a key of some forms."},
            new_labels={**count, "description": "Given since the last training."},
            missing_to_train=missing,
            missing_to_hold=missing,
            model={"anyOf": [ref("SpamModel"), {"type": "null"}]},
            in_vain={
                **an_object(ended_at=MOMENT, words=TEXT),
                "type": ["object", "null"],
                "description": "Why the last training made no model; null where it did, and for a key of some forms.",
            },
            forms=a_list(form),
        ),
    }
