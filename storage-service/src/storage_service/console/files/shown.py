"""Shows the files of a submission as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared.web.schemas import TEXT, TEXT_OR_NONE, Schema, an_object
from storage_service.console.files.finding import address_of
from storage_service.files import StoredFile
from storage_service.previews.previews import has_preview


def files_shown(key: UUID, files: Sequence[StoredFile], fingerprint: str | None = None) -> list[dict[str, Any]]:
    """Return what the API tells of files; `fingerprint` is that of a conflict, where they came with one."""
    return [_shown(one, address_of(key, one.number, fingerprint)) for one in files]


def _shown(file: StoredFile, url: str) -> dict[str, Any]:
    return {
        "number": file.number,
        "field": file.field,
        "name": file.name,
        "type": file.type,
        "size": file.size,
        "sha256": file.sha256,
        "scan": file.scan,
        "url": url,
        "preview_url": f"{url}/preview" if has_preview(file.type, file.size) else None,
    }


FILE: Schema = an_object(
    number={"type": "integer", "minimum": 1},
    field={**TEXT, "description": "The field that it was sent in."},
    name={**TEXT, "description": "Its name, without anything that leads elsewhere."},
    type={**TEXT, "description": "What was found in it, whatever its name says."},
    size={"type": "integer", "minimum": 0, "description": "In bytes."},
    sha256={**TEXT, "description": "In hex; the `ETag` of the file."},
    scan={**TEXT_OR_NONE, "description": "`clean`, `unscanned` or `infected`; null where nobody scans."},
    url={**TEXT, "description": "Where it is, for this key."},
    preview_url={**TEXT_OR_NONE, "description": "Where a small picture of it is; null where there is none."},
)
