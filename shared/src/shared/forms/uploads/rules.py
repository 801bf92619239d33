"""Says what files a field, or a form, takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.forms.uploads.sizes import MB

SIZE, SIZE_MOST = 10 * MB, 100 * MB
"""What one file may have, in bytes: unless the form says something else, and at most."""

TOTAL, TOTAL_MOST = 50 * MB, 500 * MB
"""What all files of a submission may have, in bytes."""

COUNT, COUNT_MOST = 10, 50
"""How many files a submission may have."""

WhenAway: TypeAlias = Literal["refuse", "accept"]


@dataclass(frozen=True, slots=True)
class FileRules:
    """What is taken under one name. `max_size` is in bytes, for each file.

    `types` are families (`image`), endings (`docx`) and MIME types, in small letters; empty for all that cannot hurt.
    With `keep_metadata` a picture keeps where and when it was taken.
    """

    max_size: int = SIZE
    max_count: int = 1
    types: tuple[str, ...] = ()
    keep_metadata: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """What a form takes in all, and what its fields take that say nothing else. Sizes are in bytes.

    `max_total` and `max_count` are for one submission. `when_away` says what happens to a file that cannot be looked
    at for viruses, where that is switched on: refused, or taken and marked. `undeclared` takes files under any name
    that is no field of the form.
    """

    max_size: int = field(default=SIZE, metadata={"unit": "bytes"})
    max_total: int = field(default=TOTAL, metadata={"unit": "bytes"})
    max_count: int = COUNT
    types: tuple[str, ...] = ()
    keep_metadata: bool = False
    when_away: WhenAway = "refuse"
    undeclared: bool = False

    @property
    def rules(self) -> FileRules:
        """What is taken under a name that is no field of the form."""
        return FileRules(self.max_size, self.max_count, self.types, self.keep_metadata)
