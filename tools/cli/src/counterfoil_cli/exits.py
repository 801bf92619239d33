"""Says how a command ends: its exit codes, and the failures that lead to them."""

from __future__ import annotations

DONE = 0
REFUSED = 1
USAGE = 2
UNREACHABLE = 3
NOT_ALLOWED = 4
BROKEN_OFF = 5
INTERRUPTED = 130

MEANINGS = {
    DONE: "done; an empty list is one, too",
    REFUSED: "the installation refused, or there is no such thing",
    USAGE: "the command line or the query is wrong",
    UNREACHABLE: "the installation cannot be reached, or does not answer",
    NOT_ALLOWED: "there is no key, or it may not do this",
    BROKEN_OFF: "an export broke off: what came is not kept; or a file, which goes on there",
    INTERRUPTED: "interrupted by Ctrl-C",
}


class Failure(Exception):
    """What a command cannot do, with its exit code. The text is for whoever typed it, and may have several lines."""

    code = REFUSED


class Refused(Failure):
    """The installation answered, and will not."""


class Wrong(Failure):
    """The command line asks for something that cannot be asked."""

    code = USAGE


class Unreachable(Failure):
    """Nobody answers, or somebody else does. `after_s` is how long the installation wants to be left alone."""

    code = UNREACHABLE

    def __init__(self, text: str, after_s: float = 0.0) -> None:
        super().__init__(text)
        self.after_s = after_s


class NotAllowed(Failure):
    """There is no key, or it may not do this."""

    code = NOT_ALLOWED


class UnknownKey(NotAllowed):
    """The installation does not know the key: another may."""


class BrokenOff(Failure):
    """A file did not come to its end."""

    code = BROKEN_OFF
