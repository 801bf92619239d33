"""Reads an installation over HTTP with an API key, as its owner does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeAlias

import requests

from counterfoil_ledger.deliveries import ENDED, Deliveries
from counterfoil_ledger.holdings import StoredRow
from shared.contracts import fingerprint

PAGE = 200
AT_ONCE = 4
MAIL = "email"
SETTLED = frozenset({"sent", "failed", "held"})
"""The states in which nothing is waited for: what is held may wait for days, where its owner sees it."""

PATIENCE_S = 30.0
"""How long a 503, a 429 or a connection that fails is asked again: the check may run while things come back."""

_WORST_FIRST: tuple[Literal["failed", "held"], ...] = ("failed", "held")
Standing: TypeAlias = Literal["waiting", "confirmed", "failed", "held", "undue"]


class CannotAsk(Exception):
    """The installation does not answer, or not so; the text says what to mend."""


class Api:
    """Reads what an installation holds. Every method raises `CannotAsk`."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {api_key}"
        self._deliveries = dict[str, Counter[tuple[str, str]]]()

    def rows(self, form: str) -> list[StoredRow]:
        """Return all rows of a form, spam too, the hash of each computed from the fields that are shown."""
        listed = (each for spam in ("false", "true") for each in self._listed(form, spam))
        return [StoredRow(str(each["id"]), fingerprint(each["fields"])) for each in listed]

    def standings(self, ids: Iterable[str]) -> dict[str, Standing]:
        """Return how far each of these submissions is, all that is sent of it, and its confirmation by mail."""
        wanted = list(ids)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(wanted, pool.map(self._standing, wanted), strict=True))

    def deliveries(self) -> Deliveries:
        """Return the deliveries of all submissions whose standing was asked for, as they were then."""
        return self._deliveries

    def _standing(self, submission_id: str) -> Standing:
        shown = self._get(f"/v1/submissions/{submission_id}", {})
        if shown is None or shown["unknown"] or not {each["state"] for each in shown["confirmations"]} <= SETTLED:
            return "waiting"
        made = Counter((each["channel"], each["state"]) for each in shown.get("deliveries", ()))
        self._deliveries[submission_id] = made
        if not {state for _, state in made} <= ENDED:
            return "waiting"
        by_mail = {each["state"] for each in shown["confirmations"] if each["channel"] == MAIL}
        return next((state for state in _WORST_FIRST if state in by_mail), "confirmed" if by_mail else "undue")

    def _listed(self, form: str, spam: str) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            given = {"limit": str(PAGE), "spam": spam} | ({"cursor": cursor} if cursor else {})
            page = self._get(f"/v1/forms/{form}/submissions", given)
            if page is None:
                raise CannotAsk(f"{self._url} knows no form {form!r}: is it the installation that the ledger names?")
            yield from page["submissions"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _get(self, path: str, parameters: dict[str, str]) -> dict[str, Any] | None:
        """Return the document at a path; None where there is none."""
        deadline, pause_s = time.monotonic() + PATIENCE_S, 0.1
        while True:
            answer = self._answer(path, parameters)
            if isinstance(answer, requests.Response) and answer.status_code not in (429, 503):
                return _document(answer)
            if time.monotonic() + pause_s > deadline:
                said = f"status {answer.status_code}" if isinstance(answer, requests.Response) else str(answer)
                raise CannotAsk(f"{self._url}{path} did not answer for {PATIENCE_S:g} s: {said}")
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)

    def _answer(self, path: str, parameters: dict[str, str]) -> requests.Response | requests.RequestException:
        try:
            return self._session.get(self._url + path, params=parameters, timeout=10)
        except (requests.ConnectionError, requests.Timeout) as error:
            return error
        except requests.RequestException as error:
            raise CannotAsk(f"{self._url}: {error}") from error


def _document(answer: requests.Response) -> dict[str, Any] | None:
    if answer.status_code == 404:
        return None
    if answer.status_code == 401:
        raise CannotAsk("the API key is not one of this installation's")
    try:
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except requests.RequestException as error:
        raise CannotAsk(str(error)) from error
    return found
