"""Has pytest rewrite the assertions of each test file once in a run, not once in each of its processes.

All of them collect all tests, at the same time and in the same order: where nothing is kept yet, as in CI, each found
nothing that another had made. So each begins with a share of the files, and finds those of the others made.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.assertion import rewrite


def rewrite_share(config: pytest.Config) -> None:
    """Rewrite this process's share of the test files that are asked for, where Python may keep what it compiles."""
    worker = getattr(config, "workerinput", None)
    if worker is None or sys.dont_write_bytecode:
        return
    number, of = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for file in sorted(_files(config))[number::of]:
        _rewrite(file, config)


def _files(config: pytest.Config) -> Iterator[Path]:
    left_out = [Path(one).resolve() for one in config.getoption("ignore") or ()]
    for argument in config.args:
        asked = Path(argument.partition("::")[0]).resolve()
        for file in asked.rglob("test_*.py") if asked.is_dir() else [asked]:
            if not any(file.is_relative_to(one) for one in left_out):
                yield file


def _rewrite(file: Path, config: pytest.Config) -> None:
    kept = rewrite.get_cache_dir(file) / (file.stem + rewrite.PYC_TAIL)
    if rewrite._read_pyc(file, kept) is None and rewrite.try_makedirs(kept.parent):
        source_hash, code = rewrite._rewrite_test(file, config)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, kept)
