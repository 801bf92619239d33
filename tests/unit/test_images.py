"""Every image that a file here names has an exact tag, so that the same file starts the same thing next year."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest

from support.compose_files import ROOT

FILES = sorted(
    path
    for pattern in (
        "docker-compose.yml",
        "*/Dockerfile",
        "*/*/Dockerfile",
        "deploy/**/*.y*ml",
        ".github/workflows/*.yml",
        "README.md",
        "docs/*.md",
        "tools/dev/docker_broker.py",
    )
    for path in ROOT.glob(pattern)
)
NAMED = re.compile(
    r"\bimage: ?[\"']?([^\s,\"'}]+\}?\S*)|^FROM (\S+)|^IMAGE = \"(\S+)\"|docker create .*?(\S+)$", re.MULTILINE
)

NUMBERS = {"postgres": 2, "seaweedfs": 2}
"""How many numbers its versions have, where these are not three."""


def images() -> Iterator[tuple[str, str]]:
    for path in FILES:
        for found in NAMED.finditer(path.read_text()):
            yield str(path.relative_to(ROOT)), re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", next(filter(None, found.groups())))


def is_exact(image: str) -> bool:
    """Say whether an image is named with all of its version; a digest behind that does no harm."""
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    return re.match(r"v?\d+" + r"\.\d+" * (NUMBERS.get(name, 3) - 1) + r"(?![.\d])", tag) is not None


FOUND = sorted(set(images()))


@pytest.mark.parametrize(("file", "image"), FOUND)
def test_it_has_an_exact_tag(file: str, image: str) -> None:
    assert is_exact(image), f"{file}: give {image} the whole version of its newest release as a tag"


def test_nothing_is_overlooked() -> None:
    assert {file for file, _ in FOUND} >= {
        "docker-compose.yml",
        "gateway/Dockerfile",
        "deploy/proxy/Dockerfile",
        "deploy/kubernetes/base/gateway.yaml",
        "deploy/kubernetes/components/rabbitmq/cluster.yaml",
        ".github/workflows/ci.yml",
        "tools/dev/docker_broker.py",
    }
    text = "\n".join((ROOT / name).read_text() for name in ("docker-compose.yml", "deploy/compose/cluster.yml"))
    assert len(re.findall(r"^ +image:", text, re.MULTILINE)) == len(
        re.findall(r"^ +image: \S+:\S+$", text, re.MULTILINE)
    )


@pytest.mark.parametrize(
    "image",
    [
        *(
            "postgres",
            "postgres:latest",
            "postgres:17",
            "postgres:17-alpine",
            "python:3.13-slim",
            "rabbitmq:4-management",
        ),
        *("maildev/maildev", "registry.example.org:5000/counterfoil/gateway", "counterfoil/gateway:latest"),
    ],
)
def test_what_moves_is_not_exact(image: str) -> None:
    assert not is_exact(image)


@pytest.mark.parametrize(
    "image", ["postgres:17.11", "python:3.13.15-slim", "prom/prometheus:v3.13.3", f"postgres:17.11@sha256:{'0' * 64}"]
)
def test_a_whole_version_is_exact(image: str) -> None:
    assert is_exact(image)


def test_one_program_has_one_tag_and_ours_is_the_version_of_the_packages() -> None:
    tags: dict[str, set[str]] = {}
    for _, image in FOUND:
        name, _, tag = image.partition("@")[0].rpartition(":")
        tags.setdefault(name, set()).add(tag.removesuffix("-management"))
    assert {name: found for name, found in tags.items() if len(found) > 1} == {}
    version = tomllib.loads((ROOT / "gateway" / "pyproject.toml").read_text())["project"]["version"]
    assert {name for name in tags if name.startswith("counterfoil/")} > {"counterfoil/gateway", "counterfoil/ledger"}
    assert all(found == {version} for name, found in tags.items() if name.startswith("counterfoil/"))


@pytest.mark.parametrize("image", sorted({image for _, image in FOUND if not image.startswith("counterfoil/")}))
def test_the_list_of_what_runs_out_has_it(image: str) -> None:
    assert f"`{image}`" in (ROOT / "CONTRIBUTING.md").read_text()
