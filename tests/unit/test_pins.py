"""The pinned versions: complete, agreeing, with hashes, and naming no place to download from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "storage-service", "notify-service", "tools/ledger")
IMAGES = ("tools/dev/build-requirements.txt", *(f"{service}/requirements.txt" for service in SERVICES))
CLIENTS = "tools/dev/client-requirements.txt"
BENCH = "tools/bench/requirements.txt"
FILES = ("constraints.txt", CLIENTS, BENCH, *IMAGES)

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ]+)", re.MULTILINE)
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def pins(file: str) -> dict[str, str]:
    return {pin["name"]: pin["version"] for pin in PIN.finditer((ROOT / file).read_text())}


def wanted_by(package: str) -> set[str]:
    dependencies = tomllib.loads((ROOT / package / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {found[0].lower().replace("_", "-") for text in dependencies if (found := NAME.match(text))}
    return names - {"counterfoil-shared"}


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_gets_every_library_its_service_names(service: str) -> None:
    missing = (wanted_by("shared") | wanted_by(service)) - pins(f"{service}/requirements.txt").keys()
    assert not missing, "run `make lock`"


@pytest.mark.parametrize("file", IMAGES)
def test_an_image_gets_the_versions_that_were_tested(file: str) -> None:
    tested = pins("constraints.txt")
    assert pins(file)
    assert {name: version for name, version in pins(file).items() if tested.get(name) != version} == {}


def test_pip_itself_is_pinned_where_it_installs() -> None:
    """Else it is the one that Python brings, which nobody mends: of 2023 in Python 3.11."""
    assert pins("constraints.txt")["pip"] == pins("tools/dev/build-requirements.txt")["pip"]


@pytest.mark.parametrize("file", FILES)
def test_every_pin_has_a_hash_and_no_line_names_an_address(file: str) -> None:
    text = (ROOT / file).read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=[a-z])", text)[1:]:
        assert "--hash=sha256:" in entry, entry


def test_what_is_installed_further_agrees_with_the_versions_of_everything_else() -> None:
    tested, clients, bench = pins("constraints.txt"), pins(CLIENTS), pins(BENCH)
    for further, others in ((clients, tested), (bench, tested), (bench, clients)):
        assert {name for name, version in further.items() if others.get(name, version) != version} == set()
    assert not {"playwright", "celery"} & tested.keys(), "`make run` would install it"


def test_every_npm_package_has_a_hash_and_no_address_to_download_from() -> None:
    packages = json.loads((ROOT / "tests/clients/package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    assert [name for name, package in installed.items() if not package.get("integrity")] == []
    assert [name for name, package in installed.items() if "resolved" in package] == []
