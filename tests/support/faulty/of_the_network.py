"""Makes the network fail between a service and its broker or database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from support.faulty.proxy import Direction, Proxy
from support.faulty.treatments import Bytewise, CutInside, CutReply, Drop, Hold, Notice, Slow, Treatment


@dataclass
class Treated:
    """A way on which bytes are treated otherwise for a while; what is counted is what the proxy counts of it."""

    proxy: Proxy
    counted: str
    ways: dict[Direction, Treatment]
    before: Counter[str] = field(default_factory=Counter)

    def inject(self) -> None:
        """Treat them so from now on."""
        self.before = self.proxy.counts.copy()
        for direction, treatment in self.ways.items():
            self.proxy.treat(direction, treatment)

    def heal(self) -> None:
        """Let them pass; a connection that lost any is reset."""
        for direction in self.ways:
            self.proxy.treat(direction)

    def evidence(self) -> dict[str, int]:
        """Return how often it was done."""
        return {self.counted: self.proxy.counts[self.counted] - self.before[self.counted]}


def blackhole(proxy: Proxy, *directions: Direction) -> Treated:
    """Return the fault that nothing arrives any more in these directions, and nobody is told."""
    return Treated(proxy, "bytes dropped", {direction: Drop() for direction in directions})


def stall(proxy: Proxy) -> Treated:
    """Return the fault that nothing goes on for a while, either way, and all of it afterwards."""
    return Treated(proxy, "chunks stalled", {"to client": Hold(), "to server": Hold()})


def far_away(proxy: Proxy, *, delay_s: float, loss: float, seed: int) -> Treated:
    """Return the fault that everything takes long, and some of it is lost once."""
    ways: dict[Direction, Treatment] = {
        "to client": Slow(delay_s, loss=loss, seed=seed),
        "to server": Slow(delay_s, loss=loss, seed=seed + 1),
    }
    return Treated(proxy, "chunks lost once", ways)


def bytewise(proxy: Proxy) -> Treated:
    """Return the fault that every byte arrives by itself, both ways."""
    return Treated(proxy, "bytes by themselves", {"to client": Bytewise(), "to server": Bytewise()})


def cut_inside_frames(proxy: Proxy, direction: Direction) -> Treated:
    """Return the fault that each connection breaks in the middle of a frame."""
    return Treated(proxy, "cut inside", {direction: CutInside()})


def cut_replies_to(proxy: Proxy, word: bytes, *, times: int) -> Treated:
    """Return the fault that the reply to this word is lost with its connection, so many times."""
    return Treated(proxy, "replies cut", {"to server": Notice(word), "to client": CutReply(times)})


@dataclass
class Cut:
    """Every connection is cut at this moment: with a reset, or to the client's side alone (half-close)."""

    proxy: Proxy
    how: Literal["resets", "half-closes"]
    before: int = 0

    def inject(self) -> None:
        """Cut."""
        self.before = self.proxy.counts[self.how]
        (self.proxy.cut if self.how == "resets" else self.proxy.half_close)()

    def heal(self) -> None:
        """New connections were never kept out."""

    def evidence(self) -> dict[str, int]:
        """Return how many connections there were to cut."""
        return {self.how: self.proxy.counts[self.how] - self.before}


@dataclass
class Away:
    """Nobody is there: connections are reset, and new ones refused."""

    proxy: Proxy
    before: int = 0

    def inject(self) -> None:
        """Go away."""
        self.before = self.proxy.counts["resets"]
        self.proxy.close()

    def heal(self) -> None:
        """Come back."""
        self.proxy.open()

    def evidence(self) -> dict[str, int]:
        """Return how many connections it cost."""
        return {"resets": self.proxy.counts["resets"] - self.before}
