"""Posts files to a gateway while its store is in trouble, and remembers what was promised of them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

import requests

from shared.database import reading
from storage_service.files.rows import files_of
from storage_service.sweeping.checking import check, unneeded
from support.faulty.swept import Swept
from support.polling import eventually

AT_ONCE = 4

LONGEST_S = 40
"""How long an answer may take: a request to the store, tried again, and once more to forget what it has begun."""


@dataclass
class Uploading:
    """Who posts. `accepted` has the hashes of each submission's files in order, `answers` counts what was said.

    `without_files` is how many other submissions were accepted.
    """

    url: str
    accepted: dict[UUID, list[str]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0
    without_files: int = 0

    def post(self, sizes: Sequence[int]) -> str:
        """Post files of these sizes; return the status, or the code of what went wrong."""
        contents = [os.urandom(size // 2).hex().encode() for size in sizes]
        files = [("files", (f"{number}.txt", content)) for number, content in enumerate(contents)]
        answer = requests.post(f"{self.url}/f/photos", files=files, timeout=LONGEST_S)
        self.longest_s = max(self.longest_s, answer.elapsed.total_seconds())
        if answer.status_code == 202:
            self.accepted[UUID(answer.json()["id"])] = [hashlib.sha256(content).hexdigest() for content in contents]
            said = "202"
        else:
            said = f"{answer.status_code} {answer.json()['errors'][0]['code']}"
        self.answers[said] += 1
        return said

    def post_several(self, requests_of: Sequence[Sequence[int]]) -> set[str]:
        """Post them, a few at once, and return what was said."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return set(pool.map(self.post, requests_of))

    def conclude(self, swept: Swept) -> dict[str, float | list[float]]:
        """Wait for storage and the sweep; check that what was promised is there with its hash, and nothing else."""
        expected = len(self.accepted) + self.without_files
        eventually(lambda: swept.stored() == expected, 120, f"{expected} stored")
        with reading(swept.engine).connect() as connection:
            stored = {key: [one.sha256 for one in files] for key, files in files_of(connection, self.accepted).items()}
        assert stored == self.accepted
        orphans = len(list(unneeded(swept.engine, swept.store)))
        eventually(lambda: not list(unneeded(swept.engine, swept.store)), 180, "what was refused is gone")
        checked = list(check(swept.engine, swept.store, by_hash=True))
        assert [one for one in checked if one.flaw] == []
        assert len(checked) == sum(map(len, self.accepted.values())) == len(list(swept.store.keys()))
        said = {f"answers of {answer}": count for answer, count in self.answers.items()}
        return {**said, "files": len(checked), "orphans removed": orphans, "longest s": round(self.longest_s, 1)}
