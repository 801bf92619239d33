"""Whatever is posted, with whatever headers: what holds of every answer, and of everything that was accepted."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import event, given, settings
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from dev.postgres import Postgres
from gateway.forms.dialects import roles_of
from shared.contracts import SubmissionAccepted, check, decode, encode, fingerprint
from shared.text import is_line
from support.gateway_app import Gateway, a_gateway
from support.inputs import MARK, POSTS, Post
from support.submission_databases import assert_read_back, migrated, store

HTML = frozenset({"text/html"})
KINDS = HTML | {"application/json", "application/problem+json"}
GROUND = re.compile(r"https?://(?:localhost|www\.example\.org)(?:/[!-\[\]-~]*)?")


@pytest.fixture(scope="module")
def world(postgres: Postgres) -> Iterator[tuple[Gateway, list[Engine]]]:
    """A gateway, and a database of each kind."""
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        urls = [f"sqlite:///{place}/storage.db", postgres.create_database("intake_properties")]
        yield a_gateway(Path(place)), [stack.enter_context(migrated(url)) for url in urls]


@settings(max_examples=5 * settings().max_examples)
@given(post=POSTS)
def test_whatever_is_posted(world: tuple[Gateway, list[Engine]], post: Post) -> None:
    gateway, engines = world
    answer = gateway.client.post(f"/f/{post.form}", data=post.body, content_type=post.kind, headers=dict(post.headers))
    event(f"status {answer.status_code}")
    assert answer.status_code < 500
    assert answer.status_code == 303 or answer.mimetype in KINDS
    assert_nothing_comes_back_as_html(answer)
    assert_leads_to_known_ground(answer)
    accepted = gateway.take_published()
    assert len(accepted) <= 1
    assert not accepted or answer.status_code in {202, 303}
    for submission in accepted:
        assert_sound(gateway, submission)
        anew = replace(submission, id=uuid4())  # one key thrown twice is one id, which the storage tests are about
        for engine in engines:
            store(engine, anew)
            assert_read_back(engine, anew)


def assert_nothing_comes_back_as_html(answer: TestResponse) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff" or answer.status_code == 303
    if answer.mimetype in HTML:
        assert f"<{MARK}" not in answer.text


def assert_leads_to_known_ground(answer: TestResponse) -> None:
    if answer.status_code == 303:
        assert GROUND.fullmatch(answer.headers["Location"])
    elif answer.status_code == 202 and answer.is_json:
        assert GROUND.fullmatch(answer.get_json()["next"])


def assert_sound(gateway: Gateway, submission: SubmissionAccepted) -> None:
    check(dict(submission.fields))
    assert decode(encode(submission), type=submission.TYPE, types=(SubmissionAccepted,)) == submission
    assert submission.fingerprint == fingerprint(submission.fields)
    roles = roles_of(gateway.forms[submission.form])
    kept = {roles[name] for name in submission.fields.keys() & roles.keys()}
    assert kept == ({"trap"} if submission.spam else set()), "spam keeps what was in its trap, and nothing else is kept"
    for header in (submission.control.subject, submission.reply_address):
        assert header is None or is_line(header)
