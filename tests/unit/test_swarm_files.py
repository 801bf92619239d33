"""What Swarm is given beside docker-compose.yml: every file that a service's settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.compose_files import BASE, read, services_of
from swarm.__main__ import FILES, OVERRIDE, add_own_secrets, files_in, swarm_form

SWARM = "deploy/swarm/stack.yml"
SERVICES = ("topology", "storage-migrate", "notify-migrate", "storage-service", "notify-service", "console", "gateway")


@pytest.mark.parametrize("name", SERVICES)
def test_every_secret_that_a_setting_names_is_handed_over(name: str) -> None:
    own = read(SWARM)["services"][name]
    variables = services_of(BASE)[name]["environment"] | own.get("environment", {})
    named = {value for key, value in variables.items() if key.endswith("_FILE") and value[:1] not in ("$", "")}
    given = {secret["target"] for secret in own["secrets"]}
    assert named, "each has its broker's or its database's address in a file"
    assert given == named


def test_every_secret_that_is_handed_over_is_defined() -> None:
    swarm = read(SWARM)
    given = {secret["source"] for service in swarm["services"].values() for secret in service.get("secrets", ())}
    assert given == set(swarm["secrets"])


def test_what_an_operator_puts_beside_the_secrets_is_handed_to_its_own_service(tmp_path: Path) -> None:
    secrets = ("gateway/forms/turnstile", "notify/forms/rsvp_webhook", "notify/smtp_url", "notify/forms/.draft")
    for name in (*secrets, "gateway/bounces_mailgun", "notify/bounce_mailbox", "console/oidc", "console/files_secret"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a secret")
    config: dict[str, Any] = {
        "services": {name: {"secrets": []} for name in ("gateway", "notify-service", "console")},
        "secrets": {},
    }
    add_own_secrets(config, tmp_path)
    assert {name: service["secrets"] for name, service in config["services"].items()} == {
        "gateway": [
            {"source": "gateway-bounces_mailgun", "target": "/secrets/bounces_mailgun"},
            {"source": "gateway-forms-turnstile", "target": "/secrets/forms/turnstile"},
        ],
        "console": [
            {"source": "console-files_secret", "target": "/secrets/files_secret"},
            {"source": "console-oidc", "target": "/secrets/oidc"},
        ],
        "notify-service": [
            {"source": "notify-bounce_mailbox", "target": "/secrets/bounce_mailbox"},
            {"source": "notify-forms-rsvp_webhook", "target": "/secrets/forms/rsvp_webhook"},
            {"source": "notify-smtp_url", "target": "/secrets/smtp_url"},
        ],
    }
    assert config["secrets"]["notify-smtp_url"] == {"file": str(tmp_path / "notify" / "smtp_url")}


def test_what_an_installation_adds_is_read_last(tmp_path: Path) -> None:
    assert files_in(tmp_path) == [*FILES]
    (tmp_path / OVERRIDE).parent.mkdir(parents=True)
    (tmp_path / OVERRIDE).write_text("services: {}")
    assert files_in(tmp_path) == [*FILES, OVERRIDE]


@pytest.mark.parametrize("named", [".", "forms.toml"])
def test_the_forms_are_the_file_or_the_folder_that_it_is_in(tmp_path: Path, named: str) -> None:
    (tmp_path / "forms.toml").write_text("[forms.a]")
    configs = {"forms": {"file": str(tmp_path / named)}}
    made = swarm_form({"services": {}, "networks": {}, "secrets": {}, "configs": configs}, "stack")
    assert Path(made["configs"]["forms"]["file"]) == tmp_path / "forms.toml"
