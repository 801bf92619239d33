"""Why a job is refused. The texts may be shown."""

from __future__ import annotations


class Refusal(Exception):
    """A job that there is not, or will not be."""


class NoJob(Refusal):
    """There is none of this id, or none that the asker may see."""

    def __init__(self) -> None:
        super().__init__("there is no such job")


class Differs(Refusal):
    """More submissions match than was confirmed: `count`."""

    def __init__(self, count: int) -> None:
        super().__init__(f"it would be done to {count:,} by now: look at them, and confirm this number")
        self.count = count


class TooLarge(Refusal):
    """More submissions match than one job takes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most:,} at once: ask for one form, or for fewer days")


class TooMany(Refusal):
    """Too many jobs are not finished."""

    def __init__(self) -> None:
        super().__init__("too many jobs are not finished: wait for one, or stop one")


class OtherRequest(Refusal):
    """Something else was asked for under the same key."""

    def __init__(self) -> None:
        super().__init__("something else was asked for under this Idempotency-Key: take another key")


class Unfit(Refusal):
    """What is asked of a job cannot be."""
