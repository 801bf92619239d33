"""One mail that cannot be had keeps no other waiting, is not tried for ever, and is not taken for another."""

from __future__ import annotations

import pytest

from notify_service.bounces.stumbles import Stumbled, Stumbles


def test_a_mail_at_which_it_broke_off_comes_last_and_is_passed_over_in_the_end() -> None:
    stumbles = Stumbles()
    assert stumbles.ordered([9, 7, 8]) == [7, 8, 9]
    for worn_out in (False, False, True):
        stumbles.note(7)
        assert stumbles.ordered([9, 7, 8]) == [8, 9, 7]
        assert stumbles.is_worn_out(7) is worn_out
    stumbles.note(7)
    assert stumbles.ordered([9, 7, 8]) == [8, 9]


@pytest.mark.parametrize("error", [ValueError("Ada"), OSError("Ada"), KeyError("Ada")])
def test_whatever_it_raises_is_counted_and_says_nothing_of_the_mail(error: Exception) -> None:
    stumbles = Stumbles()
    with pytest.raises(Stumbled) as caught, stumbles.at(7):
        raise error
    assert str(caught.value) == f"{type(error).__name__} at 7, for the 1. time"
    assert stumbles.ordered([7, 8]) == [8, 7]


def test_another_mailbox_means_other_mails() -> None:
    stumbles = Stumbles()
    stumbles.begin(1)
    stumbles.note(7)
    stumbles.begin(1)
    assert stumbles.ordered([7, 8]) == [8, 7]
    stumbles.begin(2)
    assert stumbles.ordered([7, 8]) == [7, 8]
