"""Turns an answer that is a refusal into a failure with one clear line, and the place of a query's mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from rich.cells import cell_len

from counterfoil_cli.exits import Failure, NotAllowed, Refused, UnknownKey, Unreachable, Wrong
from counterfoil_cli.harmless import line

WAIT_MOST_S = 60.0

_BUSY = (429, 502, 503, 504)
_TEXT_MOST = 500


def failure_of(answer: requests.Response, url: str, query: str | None = None) -> Failure:
    """Return the failure that an answer of 300 or more is. `query` is the line that was sent, as `q`."""
    status, host = answer.status_code, line(url)
    if 300 <= status < 400:
        where = line(answer.headers.get("Location", "elsewhere"), 200)
        return Unreachable(
            f"{host} leads to {where}: the key is not sent on; run `counterfoil login` with that address"
        )
    problem = problem_of(answer)
    said = line(problem.get("detail") or problem.get("error") or "", _TEXT_MOST)
    if status in _BUSY:
        return Unreachable(said or f"{host} does not answer just now (status {status})", _after_s(answer))
    if status == 401:
        return UnknownKey(f"{host} does not know this key: run `counterfoil login` again, or make a new one")
    if status == 403:
        return NotAllowed(said or f"{host} does not allow this with this key")
    if not problem:
        return Refused(f"{host} answers with status {status}, and not as a Counterfoil does: is the address right?")
    if query is not None and _is_about_query(problem):
        return Wrong("\n".join([said, *marked(query, problem.get("place"))]))
    return Wrong(said) if status in (400, 414) else Refused(said or f"{host} answers with status {status}")


def problem_of(answer: requests.Response) -> Mapping[str, Any]:
    """Return the document of a refusal (RFC 9457), nothing where it has none."""
    try:
        document = answer.json()
    except (requests.RequestException, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def marked(query: str, place: object) -> list[str]:
    """Return a query and, below, a mark under the place of its mistake."""
    at, length = (place.get("offset"), place.get("length")) if isinstance(place, dict) else (None, None)
    if not isinstance(at, int) or not 0 <= at <= len(query):
        return []
    length = length if isinstance(length, int) and 0 < length <= len(query) - at else 1
    before, wrong, behind = query[:at], query[at : at + length], query[at + length :]
    shown = [_spaced(part) for part in (before, wrong, behind)]
    return [f"  {''.join(shown)}", f"  {' ' * cell_len(shown[0])}{'^' * max(cell_len(shown[1]), 1)}"]


def _spaced(text: str) -> str:
    """Return a part of a query, harmless, with its spaces at both ends."""
    return "".join(" " if one.isspace() else line(one) for one in text)


def _is_about_query(problem: Mapping[str, Any]) -> bool:
    errors = problem.get("errors")
    return isinstance(errors, list) and any(isinstance(one, dict) and one.get("code") == "QUERY" for one in errors)


def _after_s(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), WAIT_MOST_S) if text.isascii() and text.isdigit() else 0.0
