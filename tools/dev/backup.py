"""`make backup TO=…` copies the data of `make run`, running or not; `make restore FROM=…` puts it back."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from dev import archive, run_directory, run_settings
from dev.steps import ROOT, RUN, CannotGoOn, leave, say
from shared.messaging.rabbitmq import depths

_ASIDE = "aside"
_REPLAY = "COUNTERFOIL_DATABASE_URL={} COUNTERFOIL_ERASURES={} .venv/bin/python -m storage_service {}"
"""Names the database itself: on another machine there is no storage.env before the first start."""
_PUT = (archive.SECRETS, archive.FORMS, archive.FORM_SECRETS, archive.TEMPLATES, archive.FILES)


def back_up(directory: Path, to: Path, own: Mapping[str, Path]) -> Path:
    """Write a backup of a run's directory to a new file, or into a folder under a name with the time; returns the file.

    `own` are files and folders of the operator's that are added, by their names in the backup. Raises `CannotGoOn`.
    """
    missing = [name for name in archive.DATABASES if not (directory / name).exists()]
    if missing:
        raise CannotGoOn(f"There is nothing to back up: {directory} has no {' and no '.join(missing)}.")
    file = _target(to)
    with tempfile.TemporaryDirectory(dir=directory, prefix="backup-") as made:
        folder = Path(made)
        for name in archive.DATABASES:
            archive.copy_database(directory / name, folder / name)
        files = archive.take_files(directory / archive.FILES, folder / archive.FILES)
        _copy(directory / archive.SECRETS, folder / archive.SECRETS)
        for name, path in own.items():
            _copy(path, folder / name)
        count = archive.count_submissions(folder / "storage.db")
        uploaded = f"{files} uploaded files, " if files else ""
        opens = ", and what opens sealed fields" if (folder / archive.SECRETS / "opening_keys").exists() else ""
        archive.pack(folder, file, {"made_at": _now().isoformat(), "submissions": count})
    holds = f"{count} submissions, {uploaded}their confirmations, the keys' hashes{opens}"
    say(f"{file} holds {holds}. Keep it as secret as they are.")
    return file


def restore(directory: Path, file: Path, own: Mapping[str, Path]) -> None:
    """Put a backup in place; what was there before is set aside, never deleted.

    The operator's `own` are written where they are not there. Raises `CannotGoOn` while a run has the directory, and
    before anything has been changed where the backup is not whole.
    """
    if not file.is_file():
        raise CannotGoOn(f"There is no file {file}. Name a backup: make restore FROM=counterfoil.tar.gz")
    with run_directory.held(directory), tempfile.TemporaryDirectory(dir=directory, prefix="restore-") as made:
        folder = Path(made)
        about = archive.unpack(file, folder)
        _set_aside(directory)
        for path in folder.iterdir():
            path.rename(directory / path.name)
        run_directory.make_private(directory)
        for name, path in own.items():
            _restore_own(directory / name, path)
        if archive.TEMPLATES not in own and (kept := directory / archive.TEMPLATES).exists():
            say(f"The templates of mails are in {kept}: put them where you want them, and COUNTERFOIL_TEMPLATES there.")
    say(f"Restored {about['submissions']} submissions as of {about['made_at']}. Start it: make run")
    if (erasures := directory / run_settings.ERASURES).exists():
        say("What was erased since is back. Before you start it, erase it again:")
        url, noted = f"sqlite:///{(directory / 'storage.db').absolute()}", shlex.quote(str(erasures.absolute()))
        for command in ("migrate", f"erase --replay {noted}"):
            say("  " + _REPLAY.format(shlex.quote(url), noted, command))


def tell_what_waits(directory: Path) -> None:
    """Say how much the broker holds, which is in no backup."""
    url = _broker_url(directory)
    try:
        found = depths.waiting(url) if url else {}
    except depths.BrokerAway:
        found = {}
    if not found:
        say("The broker does not run. What it held when it ended, accepted and not worked off, is not in the backup.")
    elif waiting := sum(max(0, count) for count in found.values()):
        say(f"{waiting} messages wait in the broker, for storage or for notify. They are not in the backup.")
    else:
        say("Nothing waits in the broker.")


def tell_of_files_elsewhere() -> None:
    """Say where files are that are in no backup of ours."""
    if run_settings.is_given("FILES_URL"):
        say("Uploaded files are where COUNTERFOIL_FILES_URL says, and not in the backup. Copy them now, after it.")


def _target(to: Path) -> Path:
    file = to / f"counterfoil-{_now():%Y%m%dT%H%M%SZ}.tar.gz" if to.is_dir() else to
    if file.exists():
        raise CannotGoOn(f"{file} is there already, and stays as it is. Choose another name.")
    if not file.parent.is_dir():
        raise CannotGoOn(f"There is no folder {file.parent}.")
    return file


def _set_aside(directory: Path) -> None:
    """Move what is about to be replaced, and SQLite's logs that belong to it."""
    kept = [path for name in archive.DATABASES for path in directory.glob(f"{name}*")]
    kept += [path for name in _PUT if (path := directory / name).exists()]
    if not kept:
        return
    aside = directory / _ASIDE / f"{_now():%Y%m%dT%H%M%S.%fZ}"
    aside.mkdir(mode=0o700, parents=True)
    for path in kept:
        path.rename(aside / path.name)
    say(f"What was there is in {aside}")


def _restore_own(kept: Path, path: Path) -> None:
    """Put what is the operator's in its place, or say where it is, if something else is there.

    Last of all: what keeps it from its place is outside of our own, and must not keep the databases from theirs.
    """
    if not kept.exists():
        return
    if not path.exists():
        _copy(kept, path)
        say(f"{path} is as in the backup.")
    elif _content(path) != _content(kept):
        say(f"{path} stays as it is; that of the backup is {kept}")
        return
    _remove(kept)


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, if it is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copyfile(source, target)


def _content(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return {str(each.relative_to(path)): each.read_bytes() for each in files}


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _own(directory: Path) -> dict[str, Path]:
    """Return where the forms, their secrets and the templates of mails are, as the services would find them."""
    secrets = run_settings.environment(directory, "gateway", {"BIND": ""})["COUNTERFOIL_FORM_SECRETS"]
    templates = run_settings.templates()
    own = {archive.FORMS: run_settings.forms(), archive.FORM_SECRETS: Path(secrets)}
    return own | ({archive.TEMPLATES: templates} if templates else {})


def _broker_url(directory: Path) -> str | None:
    given = os.environ.get("COUNTERFOIL_BROKER_URL")
    node = directory / "rabbitmq" / "node.json"
    if given or not node.exists():
        return given
    state = json.loads(node.read_text())
    return f"amqp://counterfoil:{state['password']}@127.0.0.1:{state['port']}/%2F"


def _now() -> datetime:
    return datetime.now(UTC)


def _do(what: str, file: str, directory: Path) -> None:
    if not file:
        raise CannotGoOn("Say where: make backup TO=counterfoil.tar.gz, make restore FROM=counterfoil.tar.gz")
    if run_settings.is_given("DATABASE_URL"):
        raise CannotGoOn("The data is in the database of COUNTERFOIL_DATABASE_URL: use that database's own means.")
    path = Path(file).expanduser().absolute()
    own = _own(directory)
    if own[archive.FORMS] == run_settings.EXAMPLE:
        own[archive.FORMS] = ROOT / archive.FORMS
    if what == "restore":
        restore(directory, path, own)
    else:
        if file.endswith("/"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        back_up(directory, path, own)
        tell_of_files_elsewhere()
        tell_what_waits(directory)


def main() -> None:
    """Do what the command line asks for."""
    arguments = argparse.ArgumentParser(prog="python -m dev.backup", description=__doc__)
    arguments.add_argument("what", choices=["make", "restore"])
    arguments.add_argument("file")
    arguments.add_argument("--directory", type=Path, default=RUN, help="where the data is; .run by default")
    given = arguments.parse_args()
    os.umask(0o077)
    try:
        _do(given.what, given.file, given.directory.absolute())
    except (CannotGoOn, OSError) as error:
        leave(error)


if __name__ == "__main__":
    main()
