"""What Swarm is given beside docker-compose.yml: every file that a service's settings name."""

from __future__ import annotations

import pytest

from support.compose_files import BASE, read, services_of

SWARM = "deploy/swarm.yml"
SERVICES = ("topology", "storage-migrate", "notify-migrate", "storage-service", "notify-service", "gateway")


@pytest.mark.parametrize("name", SERVICES)
def test_every_secret_that_a_setting_names_is_handed_over(name: str) -> None:
    variables = services_of(BASE)[name]["environment"]
    named = {value for key, value in variables.items() if key.endswith("_FILE")}
    given = {secret["target"] for secret in read(SWARM)["services"][name]["secrets"]}
    assert named, "each has its broker's or its database's address in a file"
    assert given == named


def test_every_secret_that_is_handed_over_is_defined() -> None:
    swarm = read(SWARM)
    given = {secret["source"] for service in swarm["services"].values() for secret in service.get("secrets", ())}
    assert given == set(swarm["secrets"])
