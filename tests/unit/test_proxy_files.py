"""Every proxy that is configured in the repository lets through what a form with files takes."""

from __future__ import annotations

import re

import pytest

from support.compose_files import BASE, services_of
from support.service import ROOT

PLACE = ROOT / "deploy" / "proxies"
BODY_LIMIT = re.compile(r"(?:client_max_body_size|max_size|maxRequestBodyBytes:) (\d+)(m|MB|)\b")
UNITS = {"": 1, "MB": 1_000_000, "m": 1 << 20}
FILES = ["nginx.conf", "nginx-console.conf", "Caddyfile", "Caddyfile-console", "traefik.yml"]


def default(name: str) -> int:
    """Return what a setting of the gateway is with Compose, unless somebody says otherwise."""
    value = services_of(BASE)["gateway"]["environment"][name]
    return int(value.removeprefix(f"${{{name}:-").removesuffix("}"))


def limits_in(name: str) -> list[int]:
    """Return how many bytes a body may have, of each part: the forms', and the console's if it has one."""
    return [int(size) * UNITS[unit] for size, unit in BODY_LIMIT.findall((PLACE / name).read_text())]


@pytest.mark.parametrize("name", FILES)
def test_the_forms_take_the_largest_upload_and_the_console_no_file(name: str) -> None:
    forms, *console = limits_in(name)
    assert forms > default("COUNTERFOIL_MAX_UPLOAD_BYTES")
    assert len(console) == name.count("console")
    assert all(default("COUNTERFOIL_PASSED_BODY_BYTES") < limit < forms for limit in console)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("Caddy")])
def test_caddy_waits_as_long_as_an_upload_may_take(name: str) -> None:
    [minutes] = re.findall(r"read_body (\d+)m\b", (PLACE / name).read_text())
    assert int(minutes) * 60 >= default("COUNTERFOIL_UPLOAD_MOST_S")
