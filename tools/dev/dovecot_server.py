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
from pathlib import Path
from urllib.parse import quote

from dev.processes import StartFailed, free_port
from dev.programs import dovecot as program
from dev.server import Server

PASSWORD = "of-tests@%41:%2F"  # noqa: S105 - of a server of tests
_USER = "dovecot"
_OLDEST_OTHER = (2, 4)

_SETTINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/said.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = {ssl}
disable_plaintext_auth = no
mail_location = maildir:{place}/mail/%u
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
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={place}/mail/%u
}}
"""


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

    def command(self) -> Sequence[str]:
        """See `Server`; raises `StartFailed` where this version of Dovecot has other settings."""
        version = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout
        if tuple(map(int, version.split(".")[:2])) >= _OLDEST_OTHER:
            raise StartFailed(f"Dovecot 2.3 is needed for tests, this is {version.split()[0]}")
        user = _USER if os.geteuid() == 0 else getpass.getuser()
        settings = self.directory / "dovecot.conf"
        (self.directory / "mail").mkdir(exist_ok=True)
        settings.write_text(self._settings(user), encoding="utf-8")
        if os.geteuid() != 0:
            return [program(), "-F", "-c", str(settings)]
        for place in (self.directory, self.directory / "mail"):
            shutil.chown(place, user, user)
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        return [*as_user, program(), "-F", "-c", str(settings)]

    def _settings(self, user: str) -> str:

        known = pwd.getpwnam(user)
        group = grp.getgrgid(known.pw_gid).gr_name
        return _SETTINGS.format(
            place=self.directory.absolute(),
            user=user,
            group=group,
            uid=known.pw_uid,
            port=self.port,
            tls_port=self.tls_port,
            ssl=self._tls(user),
            password=PASSWORD.replace("%", "%%"),
        )

    def _tls(self, user: str) -> str:
        """Return what says whether it speaks TLS, and by which certificate."""
        if self._certificate is None:
            return "no"
        copy = self.directory / "certificate.pem"
        shutil.copyfile(self._certificate, copy)
        if os.geteuid() == 0:
            shutil.chown(copy, user, user)
        return f"yes\nssl_cert = <{copy}\nssl_key = <{copy}"

    def is_ready(self) -> bool:
        """Say whether it greets now."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
                return connection.recv(4) == b"* OK"
        except OSError:
            return False
