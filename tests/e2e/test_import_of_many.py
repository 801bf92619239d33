"""An import takes the same memory however long its file is, and says how far it is. `make test-import` takes 1,000,000
lines, this test else a few."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from shared import database
from storage_service.tables import submissions
from support.importing import FORMS
from support.memory import peak_mb
from support.service import clean_environment
from support.submission_databases import migrated

COUNT = int(os.environ.get("COUNT", "20000"))
MOST_MB = 128
"""Most of it is Python with what it imports; 1,000,000 lines took 87."""

BEGINNING = datetime(2020, 1, 1)  # noqa: DTZ001 - as the file has it


def write_file(path: Path) -> None:
    """Write an export of so many submissions, some with a text of several lines, as Formspree has them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("id,date,email,message,name\r\n")
        for number in range(COUNT):
            at = (BEGINNING + timedelta(seconds=number * 37)).isoformat()
            text = f'"First of {number}\nsecond ""line"""' if number % 10 == 0 else f"A message of number {number}"
            file.write(f"{number},{at},person{number % 5000}@example.org,{text},Ada {number % 777}\r\n")


def test_a_long_file_takes_no_more_memory_than_a_short_one(database_url: str, tmp_path: Path) -> None:
    write_file(tmp_path / "export.csv")
    (tmp_path / "forms.toml").write_text(FORMS, "utf-8")
    settings = {"COUNTERFOIL_DATABASE_URL": database_url, "COUNTERFOIL_FORMS": str(tmp_path / "forms.toml")}
    order = ["import", str(tmp_path / "export.csv"), "--from", "formspree", "--form", "contact"]
    command = [sys.executable, "-m", "storage_service", *order]
    with migrated(database_url) as engine:
        for expected in (f"taken: {COUNT:,}", f"here already: {COUNT:,}"):
            begun = time.monotonic()
            with (tmp_path / "said").open("w+") as said:
                process = subprocess.Popen(command, env=clean_environment() | settings, stdout=said, stderr=said)
                peak = 0
                while process.poll() is None:
                    peak = max(peak, peak_mb([process.pid]))
                    time.sleep(0.05)
                said.seek(0)
                lines = said.read().splitlines()
            assert process.returncode == 0, lines
            assert expected in lines
            assert 0 < peak < MOST_MB
            print(f"{COUNT:,} lines, {expected}: {time.monotonic() - begun:.0f} s, {peak} MB")
        with database.reading(engine).connect() as connection:
            assert connection.scalar(select(func.count()).select_from(submissions)) == COUNT
