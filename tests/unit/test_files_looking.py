"""The look at the store when a service starts."""

from __future__ import annotations

from pathlib import Path

import structlog

from shared.files import FilesSettings
from shared.files.looking import look


def _logged(folder: Path) -> dict[str, object]:
    with structlog.testing.capture_logs() as logged:
        look(FilesSettings(folder.as_uri())).join(10)
    [line] = logged
    return dict(line)


def test_a_store_that_works_is_said(tmp_path: Path) -> None:
    said = _logged(tmp_path)

    assert (said["event"], said["where"]) == ("files can be kept", tmp_path.as_uri())
    assert not list(tmp_path.glob("_probe"))


def test_a_store_that_is_away_is_said_with_the_mend(tmp_path: Path) -> None:
    said = _logged(tmp_path / "gone")

    assert (said["event"], said["log_level"]) == ("files cannot be kept", "error")
    assert str(said["error"]).endswith("is not there: mount or make it")
