"""A DNS server on loopback, with the records that a test gives it."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class DnsServer:
    """Answers by `records`: a name and a kind of record to its texts. A name without any is none; with `silent` it
    answers nothing. `asked` counts the questions."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    silent: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Where it listens, as `host:port`."""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def text(self, name: str, *texts: str) -> DnsServer:
        """Have these TXT records."""
        self.records[(name, "TXT")] = [f'"{text[:200]}" "{text[200:]}"' for text in texts]
        return self

    def mail(self, name: str, server: str) -> DnsServer:
        """Have a server take mail for a domain."""
        self.records[(name, "MX")] = [f"10 {server}."]
        return self

    def __enter__(self) -> DnsServer:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, client = self._socket.recvfrom(4096)
            if not wire:
                return
            if not self.silent:
                self._socket.sendto(self._answer(dns.message.from_wire(wire)).to_wire(), client)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if (name, kind) in self.records:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *self.records[(name, kind)]))
        elif not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
