"""A folder of an operator's own templates."""

from __future__ import annotations

from pathlib import Path


def written(folder: Path, **files: str) -> Path:
    """Write templates of the confirmation, `de_body_txt="…"`, and return the folder."""
    for name, text in files.items():
        path = folder / "confirmation" / name.replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def complete(folder: Path, language: str, text: str = "{{ form }}") -> Path:
    """Write all three parts of the confirmation in a language, each with the same text, and return the folder."""
    return written(folder, **{f"{language}_{part}": text for part in ("subject_txt", "body_txt", "body_html")})
