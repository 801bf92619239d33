"""Runs a private ClamAV daemon for one test run, which knows one signature: that of EICAR's test file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dev.processes import free_port
from dev.programs import clamd as program
from dev.server import Server
from shared.files.scanning import Scanner, ScannerAway

STREAM_BYTES_MOST = 2 * 1024 * 1024
"""How large a file may be that it scans: small, so that tests reach it."""

FOUND = "Eicar-Test.UNOFFICIAL"
"""What it calls EICAR's test file: ClamAV puts the word behind each name of a signature that is not its own."""

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-" + b"TEST-FILE!$H+H*"
"""The file that is harmless, and that every scanner takes for a virus. In pieces, or they would take this for one."""


class ClamdServer(Server):
    """One daemon, its socket and signatures below `directory`."""

    NAME = "clamd"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._port = free_port()

    @property
    def url(self) -> str:
        """Its address over TCP."""
        return f"tcp://127.0.0.1:{self._port}"

    @property
    def socket_url(self) -> str:
        """Its address by a socket in the file system."""
        return f"unix://{self.directory / 'clamd.ctl'}"

    def command(self) -> Sequence[str]:
        """See `Server`."""
        signatures, settings = self.directory / "signatures", self.directory / "clamd.conf"
        signatures.mkdir(exist_ok=True)
        (signatures / "test.ndb").write_text(f"Eicar-Test:0:*:{EICAR.hex()}\n", encoding="ascii")
        settings.write_text(self._settings(signatures), encoding="utf-8")
        return [program(), "--config-file", str(settings)]

    def _settings(self, signatures: Path) -> str:
        return "\n".join(
            (
                "Foreground yes",
                f"DatabaseDirectory {signatures}",
                f"LocalSocket {self.directory / 'clamd.ctl'}",
                "TCPAddr 127.0.0.1",
                f"TCPSocket {self._port}",
                f"TemporaryDirectory {self.directory}",
                f"StreamMaxLength {STREAM_BYTES_MOST}",
                "",
            )
        )

    def is_ready(self) -> bool:
        """Say whether it scans now."""
        try:
            Scanner(self.url).check()
        except ScannerAway:
            return False
        return True
