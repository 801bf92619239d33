"""What every broker does with what is published: confirmed in every queue, or refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.contracts import SubmissionAccepted, decode
from shared.messaging.broker import NotConfirmed
from shared.messaging.message import (
    ATTEMPT_HEADER,
    Message,
    message_of,
)
from shared.messaging.routes import to
from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE
from support.brokers import TIMEOUT_S, Subject, publish, publishing
from support.events import an_event


def test_an_event_reaches_the_queue_of_every_service(subject: Subject) -> None:
    event = an_event(name="Zoë \U0001f600", nested={"a": [1, 2.5, None, True]})
    with publishing(subject) as publisher:
        publisher.publish(message_of(event), timeout_s=TIMEOUT_S)
    for work in (STORAGE, NOTIFY_SUBMISSIONS):
        [message] = subject.queued(work.name)
        assert decode(message.body, type=message.type, types=(SubmissionAccepted,)) == event
        assert message.id == str(event.id)
        assert message.headers[ATTEMPT_HEADER] == 0


def test_publishing_from_many_threads_confirms_each(subject: Subject) -> None:
    with publishing(subject) as publisher, ThreadPoolExecutor(16) as pool:
        ids = [one for some in pool.map(lambda _: publish(publisher, 10), range(16)) for one in some]
    assert {message.id for message in subject.queued(STORAGE.name)} == set(ids)
    assert len(subject.queued(STORAGE.name)) == 160


def test_many_messages_are_published_with_one_wait_each_where_it_is_to_go(subject: Subject) -> None:
    messages = [message_of(an_event()) for _ in range(300)]
    with publishing(subject) as publisher:
        publisher.publish_all(
            [(one, to(STORAGE)) for one in messages[:299]] + [(messages[299], None)], timeout_s=TIMEOUT_S
        )
        publisher.publish_all([], timeout_s=TIMEOUT_S)
    assert [message.id for message in subject.queued(STORAGE.name)] == [one.id for one in messages]
    assert [message.id for message in subject.queued(NOTIFY_SUBMISSIONS.name)] == [messages[299].id]


def test_one_message_that_is_refused_is_told_of_many(subject: Subject) -> None:
    good, bad = message_of(an_event()), Message("no.such.type", "1", b"{}")
    with publishing(subject) as publisher:
        with pytest.raises(NotConfirmed) as refused:
            publisher.publish_all([(good, None), (bad, None), (good, None)], timeout_s=TIMEOUT_S)
        assert refused.value.refusal == "returned"
        publish(publisher)


def test_a_message_that_no_queue_takes_is_refused(subject: Subject) -> None:
    with publishing(subject) as publisher:
        with pytest.raises(NotConfirmed) as refused:
            publisher.publish(Message("no.such.type", "1", b"{}"), timeout_s=TIMEOUT_S)
        assert refused.value.refusal == "returned"
        publish(publisher)  # and the next one goes through


def test_a_closed_publisher_refuses(subject: Subject) -> None:
    with publishing(subject) as publisher:
        publisher.close()
        with pytest.raises(NotConfirmed) as refused:
            publish(publisher)
        assert refused.value.refusal == "closed"
