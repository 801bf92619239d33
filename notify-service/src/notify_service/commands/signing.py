"""Says whether notify needs the installation's secret, which signs the links in mails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.forms import Form

_WITHOUT = "COUNTERFOIL_SECRET is not set, and has to be the gateways': it signs the links in mails. It is needed by"


def missing(served: Mapping[str, Form], secret: str | None) -> list[str]:
    """Return what is wrong where there is no secret: what needs one, a line each."""
    return [] if secret else [f"{_WITHOUT} {what}" for what in _needing(served)]


def _needing(served: Mapping[str, Form]) -> Iterator[str]:
    for name, form in served.items():
        if form.confirmation.opt_in:
            yield f"opt_in in [forms.{name}.confirmation]"
