"""Ports for servers that are still to be started."""

from __future__ import annotations

from dev.processes import free_port


def test_no_two_servers_are_given_one_port_before_either_listens() -> None:
    given = [free_port() for _ in range(100)]
    assert len(set(given)) == len(given)
