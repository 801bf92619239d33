"""The private RabbitMQ node of `make run` and of the tests themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pika
import pika.exceptions
import pytest

from dev.broker import Broker
from dev.processes import descendants, is_alive
from support.polling import eventually
from support.queues import Queues

PERSISTENT = pika.BasicProperties(delivery_mode=2)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.kill()


def test_a_confirmed_message_survives_sigkill_and_the_address_stays(broker: Broker) -> None:
    url = broker.url
    queues = Queues(url)
    queues.on_channel(lambda channel: channel.queue_declare("kept", durable=True, arguments={"x-queue-type": "quorum"}))
    queues.publish("", "kept", b"a durable message", PERSISTENT)

    eventually(lambda: broker.has_written_down("kept"), 10, "the queue is in the registry on disk")

    broker.kill()
    broker.start()

    assert broker.url == url
    taken = queues.take("kept")
    assert taken
    assert taken[0] == b"a durable message"


def test_starting_ends_what_a_killed_runner_left_behind_and_stopping_leaves_no_process(tmp_path: Path) -> None:
    program = f"from pathlib import Path; from dev.broker import Broker; b = Broker(Path({str(tmp_path / 'b')!r}))"
    runner = subprocess.Popen(
        [sys.executable, "-c", f"{program}; b.start(); print('up', b.pid, flush=True); input()"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert runner.stdout
    left_behind = int(runner.stdout.readline().split()[1])
    runner.kill()
    runner.communicate()
    assert is_alive(left_behind)

    with Broker(tmp_path / "b") as broker:
        assert not is_alive(left_behind)
        everything = [broker.pid, *descendants(broker.pid)]
        assert len(everything) > 1, "the node has helpers of its own; else this test shows nothing"

    eventually(lambda: not any(map(is_alive, everything)), 10, f"none of {everything} is left")


def test_a_paused_node_answers_nothing_and_goes_on_when_resumed(broker: Broker) -> None:
    broker.pause()
    try:
        assert not broker.is_ready()
    finally:
        broker.resume()
    eventually(broker.is_ready, 20, "the node answers again")


def test_a_virtual_host_is_empty_and_stays_until_it_is_retired(rabbitmq: Broker) -> None:
    mine, retired = rabbitmq.fresh_vhost(), rabbitmq.fresh_vhost()
    Queues(mine).on_channel(lambda channel: channel.queue_declare("mine", durable=True))
    Queues(mine).publish("", "mine", b"x", PERSISTENT)
    rabbitmq.retire(retired)

    others = [rabbitmq.fresh_vhost() for _ in range(10)]  # more than are made at once

    assert Queues(mine).depth("mine") == 1
    assert len({mine, retired, *others}) == 12
    Queues(others[-1]).on_channel(lambda channel: channel.queue_declare("mine", durable=True))
    assert Queues(others[-1]).depth("mine") == 0
    with pytest.raises(pika.exceptions.ProbableAccessDeniedError, match="not found"):
        Queues(retired).on_channel(lambda channel: channel)
