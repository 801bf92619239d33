"""Runs a private IMAP server, Dovecot, for one test run: any name and the one password let in, to a mailbox of its own.

Dovecot's servers change to a user of their own where they are started as root. So it is started as that user then, and
all of it stays below `directory`.
"""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dev.processes import free_port
from dev.programs import dovecot as program
from dev.server import Server

PASSWORD = "of-tests@%41:%2F"  # noqa: S105 - of a server of tests
_USER = "dovecot"
_OLDEST_OTHER = (2, 4)

_COMMON = """
listen = 127.0.0.1
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/said.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = {uid}
mailbox_list_index = no
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service stats {{
  chroot =
}}
"""

_SETTINGS_2_3 = """
protocols = imap
disable_plaintext_auth = no
mail_location = maildir:{place}/mail/%u
passdb {{
  driver = static
  args = password={doubled_password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={place}/mail/%u
}}
"""

_SETTINGS_2_4 = """
protocols {{
  imap = yes
}}
auth_allow_cleartext = yes
mail_driver = maildir
mail_home = {place}/mail/%{{user}}
mail_path = ~/maildir
mail_uid = {user}
mail_gid = {group}
namespace inbox {{
  inbox = yes
}}
passdb static {{
  password = {password}
}}
"""
"""Of the documentation of 2.4; https://doc.dovecot.org/latest/installation/upgrade/2.3-to-2.4.html says what became of
the others. A % is doubled there only before a brace."""

_VERSIONS_2_4 = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
"""What the file has to begin with."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the settings of one server are made from; `certificate` has its key, too, and without one there is no
    TLS."""

    place: Path
    user: str
    group: str
    uid: int
    port: int
    tls_port: int
    certificate: Path | None = None

    def text(self, version: tuple[int, ...]) -> str:
        """Return them in the language of a version: 2.4 has another one than 2.3."""
        is_new = version >= _OLDEST_OTHER
        begin, end = (_VERSIONS_2_4, _SETTINGS_2_4) if is_new else ("", _SETTINGS_2_3)
        values = {name: getattr(self, name) for name in ("place", "user", "group", "uid", "port", "tls_port")}
        return (begin + self._tls(is_new) + _COMMON + end).format(
            **values, password=PASSWORD, doubled_password=PASSWORD.replace("%", "%%")
        )

    def _tls(self, is_new: bool) -> str:  # noqa: FBT001
        if self.certificate is None:
            return "ssl = no\n"
        certificate, key, read = ("server_cert_file", "server_key_file", "") if is_new else ("cert", "key", "<")
        return f"ssl = yes\nssl_{certificate} = {read}{self.certificate}\nssl_{key} = {read}{self.certificate}\n"


class DovecotServer(Server):
    """One server, its mailboxes below `directory`. Started again, it has them still."""

    NAME = "Dovecot"

    def __init__(self, directory: Path, certificate: Path | None = None) -> None:
        """With a certificate, and its key in the same file, it speaks TLS too."""
        super().__init__(directory)
        self.port = free_port()
        self.tls_port = free_port() if certificate else 0
        self._certificate = certificate

    def url(self, name: str, *, scheme: str = "imap", host: str = "127.0.0.1", folder: str = "INBOX") -> str:
        """Return the address of a mailbox, as a setting has it: in the clear, or by `imaps` through TLS."""
        port, ending = (self.tls_port, "") if scheme == "imaps" else (self.port, "?starttls=never")
        return f"{scheme}://{quote(name, safe='')}:{quote(PASSWORD, safe='')}@{host}:{port}/{folder}{ending}"

    def mailbox(self, name: str) -> Path:
        """Return the folder of a mailbox's files, a maildir; from 2.4 on it lies in the user's own."""
        home = self.directory / "mail" / name
        return home / "maildir" if (home / "maildir").is_dir() else home

    def command(self) -> Sequence[str]:
        """See `Server`."""
        user = _USER if os.geteuid() == 0 else getpass.getuser()
        settings = self.directory / "dovecot.conf"
        (self.directory / "mail").mkdir(exist_ok=True)
        settings.write_text(self._settings(user).text(_version()), encoding="utf-8")
        if os.geteuid() != 0:
            return [program(), "-F", "-c", str(settings)]
        for place in (self.directory, self.directory / "mail"):
            shutil.chown(place, user, user)
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        return [*as_user, program(), "-F", "-c", str(settings)]

    def _settings(self, user: str) -> Settings:
        known = pwd.getpwnam(user)
        group = grp.getgrgid(known.pw_gid).gr_name
        place, certificate = self.directory.absolute(), self._certificate and self._copied(self._certificate, user)
        return Settings(place, user, group, known.pw_uid, self.port, self.tls_port, certificate)

    def _copied(self, certificate: Path, user: str) -> Path:
        """Return a copy that this user may read."""
        copy = self.directory.absolute() / "certificate.pem"
        shutil.copyfile(certificate, copy)
        if os.geteuid() == 0:
            shutil.chown(copy, user, user)
        return copy

    def is_ready(self) -> bool:
        """Say whether it greets now."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
                return connection.recv(4) == b"* OK"
        except OSError:
            return False


def _version() -> tuple[int, ...]:
    said = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, said.split()[0].split(".")[:2]))
