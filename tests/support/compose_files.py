"""Reads the compose files as Compose does: it merges each override over docker-compose.yml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import yaml

ROOT = Path(__file__).resolve().parents[2]
BASE = "docker-compose.yml"
Service: TypeAlias = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Reads Compose's own tags (`!override`, `!reset`) as what they stand before."""


def _untagged(loader: _Loader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return None if node.value == "null" else node.value


_Loader.add_multi_constructor("!", _untagged)


def names() -> list[str]:
    """Return the names of all compose files."""
    return [BASE, *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("deploy/compose/*.yml"))]


def services_of(name: str) -> dict[str, Service]:
    """Return the services of a file by name; those of an override as they are with docker-compose.yml under it."""
    services = read(name)["services"]
    if name == BASE:
        return dict(services)
    base = read(BASE)["services"]
    return {service: _extended(definition, base) for service, definition in _merged(base, services).items()}


def every_service() -> Iterator[tuple[str, str, Service]]:
    """Yield (file, service's name, service) for all."""
    for name in names():
        for service, definition in services_of(name).items():
            yield name, service, definition


def is_one_shot(service: Service) -> bool:
    """Say whether it runs to its end and is not started again."""
    return service.get("restart") == "no"


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((ROOT / name).read_text(), Loader=_Loader)  # noqa: S506 - a safe loader
    return document


def _extended(service: Service, base: dict[str, Service]) -> Service:
    extends = service.get("extends")
    return dict(_merged(base[extends["service"]], service)) if extends else service


def _merged(under: Any, over: Any) -> Any:
    if isinstance(under, dict) and isinstance(over, dict):
        return {key: _merged(under.get(key), over.get(key, under.get(key))) for key in under | over}
    return over
