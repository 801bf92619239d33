"""Writes the attributes of an element."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup


def attributes(given: Mapping[str, object]) -> Markup:
    """Return attributes with a space before each. `hx_get` is `hx-get`; True has no value, None and False are none."""
    return Markup("").join(_written(name.replace("_", "-"), value) for name, value in given.items() if _is_said(value))


def _is_said(value: object) -> bool:
    return value is not None and value is not False


def _written(name: str, value: object) -> Markup:
    return Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
