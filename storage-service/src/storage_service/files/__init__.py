"""The files that came with submissions: what each is, and where it lies. Their bytes are in a store of files."""

from storage_service.files.file import StoredFile
from storage_service.files.rows import files_of, files_of_conflicts

__all__ = ["StoredFile", "files_of", "files_of_conflicts"]
