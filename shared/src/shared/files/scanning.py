"""Asks ClamAV whether a file is infected, while it streams by: clamd's command INSTREAM (clamd(8)).

What clamd cannot answer is `ScannerAway`; what follows from that is for the form to say. clamd calls a file clean that
is larger than its own `MaxFileSize`: docs/files.md says which of its limits belong together.
"""

from __future__ import annotations

import contextlib
import re
import socket
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import unquote, urlsplit

from shared.settings import host_and_port

CONNECT_TIMEOUT_S = 3.0
SEND_TIMEOUT_S = 30.0
VERDICT_TIMEOUT_S = 150.0
"""Longer than the two minutes after which clamd gives up a file by itself (`MaxScanTime`)."""

_COMMAND, _END = b"zINSTREAM\x00", bytes(4)
_ANSWER_BYTES = 4096
_NAME_CHARACTERS = 200
_FOUND = re.compile(r"stream(?:\(.*\))?: (.+) FOUND", re.DOTALL)
_CLEAN = "stream: OK"
_TOO_LARGE = "INSTREAM size limit exceeded"


class ScannerAway(Exception):
    """clamd cannot be reached, is too slow, or has answered with an error; the text says which."""


class TooLargeToScan(ScannerAway):
    """The file is larger than clamd's `StreamMaxLength`: it will not be scanned later either."""

    def __init__(self) -> None:
        super().__init__(
            "the file is larger than clamd takes: set StreamMaxLength in clamd.conf to the forms' max_size"
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What clamd has said: the name of what it found, None where the file is clean."""

    infected: str | None = None

    @property
    def is_clean(self) -> bool:
        """Say whether nothing was found."""
        return self.infected is None


class Scan:
    """One file on its way to clamd. Only `verdict` fails: a form may take what nobody could scan."""

    def __init__(self, connection: socket.socket | None, failure: str = "") -> None:
        self._connection = connection
        self._failure = failure

    @property
    def is_away(self) -> bool:
        """Say whether it is known already that there will be no verdict."""
        return bool(self._failure)

    def feed(self, piece: bytes) -> None:
        """Send the next bytes of the file, as fast as clamd takes them."""
        if piece:  # nothing would mean the end
            self._send(len(piece).to_bytes(4, "big"), piece)

    def verdict(self, timeout_s: float = VERDICT_TIMEOUT_S) -> Verdict:
        """Say that the file has ended, and return what clamd says; raises `ScannerAway`. It can be asked once."""
        self._send(_END)
        try:
            return _verdict(self._answer(timeout_s), self._failure)
        finally:
            self.close()

    def close(self) -> None:
        """Leave it: clamd forgets a file whose end has not come."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._failure = self._failure or "the scan was closed"

    def _send(self, *pieces: bytes) -> None:
        if self._connection is None or self._failure:
            return
        try:
            for piece in pieces:
                self._connection.sendall(piece)
        except OSError as error:  # clamd may have said why, before it closed the connection
            self._failure = _why(error)

    def _answer(self, timeout_s: float) -> str:
        answer = b""
        if self._connection is None:
            return ""
        try:
            self._connection.settimeout(1.0 if self._failure else timeout_s)
            while len(answer) < _ANSWER_BYTES and b"\x00" not in answer:
                received = self._connection.recv(_ANSWER_BYTES)
                if not received:
                    break
                answer += received
        except OSError as error:
            self._failure = self._failure or _why(error)
        return answer.partition(b"\x00")[0].decode("utf-8", "replace").strip()

    def __enter__(self) -> Scan:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Scanner:
    """The clamd at an address: `tcp://host:3310` or `unix:///path`. Safe to use from many threads."""

    def __init__(self, url: str) -> None:
        self._url = url

    def begin(self) -> Scan:
        """Begin to scan a file; it does not raise, see `Scan`."""
        try:
            connection = self._connected()
        except OSError as error:
            return Scan(None, _why(error))
        try:
            connection.settimeout(SEND_TIMEOUT_S)
            connection.sendall(_COMMAND)
        except OSError as error:
            connection.close()
            return Scan(None, _why(error))
        return Scan(connection)

    def check(self) -> None:
        """Ask whether it is there; raises `ScannerAway`."""
        with self.begin() as scan:
            scan.verdict(timeout_s=CONNECT_TIMEOUT_S)

    def _connected(self) -> socket.socket:
        parts = urlsplit(self._url)
        if parts.scheme == "tcp":
            return socket.create_connection(host_and_port(parts.netloc), timeout=CONNECT_TIMEOUT_S)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.ExitStack() as opened:
            opened.enter_context(connection)
            connection.settimeout(CONNECT_TIMEOUT_S)
            connection.connect(unquote(parts.path))
            opened.pop_all()
        return connection


def _verdict(answer: str, failure: str) -> Verdict:
    found = _FOUND.fullmatch(answer)
    if found is not None:
        return Verdict("".join(filter(str.isprintable, found[1][:_NAME_CHARACTERS])) or "unknown")
    if answer == _CLEAN and not failure:
        return Verdict()
    if answer.startswith(_TOO_LARGE):
        raise TooLargeToScan
    raise ScannerAway(answer or failure or "clamd closed the connection without an answer")


def _why(error: OSError) -> str:
    return "clamd took too long" if isinstance(error, TimeoutError) else f"clamd: {error.strerror or error}"
