"""`python -m bench.spam.measuring WAY LABELS` learns one way, asks it about mails that came later, and prints JSON.

LABELS is a number, or 0 for all. In a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Sequence
from statistics import median

import numpy as np

from bench.spam.corpus import Mail, corpus
from bench.spam.ways import Learned, hashed_sgd, naive_bayes, ours
from storage_service.spam.learning.bounds import lower_bound, upper_bound

WAYS = {"ours": ours, "naive-bayes": naive_bayes, "hashed-sgd": hashed_sgd}
_LEARNED_FROM = 0.6
_TIMED_BYTES = 1_000
_TIMED = 300


def main() -> None:
    """Print what one way reaches."""
    way, labels = sys.argv[1], int(sys.argv[2])
    earlier, later = split(corpus(), labels)
    learned = WAYS[way](earlier)
    sure = np.array([learned.sure(mail) for mail in later])
    is_spam = np.array([mail.is_spam for mail in later])
    lost, caught = int((sure[~is_spam] >= learned.threshold).sum()), int((sure[is_spam] >= learned.threshold).sum())
    good, spam = int((~is_spam).sum()), int(is_spam.sum())
    print(
        json.dumps(
            {
                "labels": len(earlier),
                "counts": [lost, good, caught, spam],
                "loss %": 100 * lost / good,
                "loss, least %": 100 * lower_bound(lost, good),
                "loss, most %": 100 * upper_bound(lost, good),
                "catch %": 100 * caught / spam,
                "catch, least %": 100 * lower_bound(caught, spam),
                "catch, most %": 100 * upper_bound(caught, spam),
                "verdict µs": _verdict_us(learned, later),
                "training s": learned.training_s,
                "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "curve": curve(sure, is_spam),
            }
        )
    )


def split(mails: Sequence[Mail], labels: int) -> tuple[list[Mail], list[Mail]]:
    """Return the earlier mails, of which the first so many are labelled (0: all), and the later ones to ask about.

    Each kind is split by its own time, 60 to 40: spam was collected over a year and a half, good mail in four months,
    so that a cut at one moment would leave nothing but spam before it.
    """
    kinds = [[mail for mail in mails if mail.is_spam == kind] for kind in (False, True)]
    earlier = [kind[: int(len(kind) * _LEARNED_FROM)] for kind in kinds]
    later = [mail for kind in kinds for mail in kind[int(len(kind) * _LEARNED_FROM) :]]
    all_of_them = sum(map(len, earlier))
    share = min(labels or all_of_them, all_of_them) / all_of_them
    return [mail for kind in earlier for mail in kind[: round(len(kind) * share)]], later


def curve(
    sure: np.ndarray[tuple[int], np.dtype[np.float64]], is_spam: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> list[list[float]]:
    """Return what is caught (%) where so much is lost (%), whatever the threshold: what could be chosen."""
    good, spam = np.sort(sure[~is_spam])[::-1], sure[is_spam]
    losses = (0.05, 0.1, 0.25, 0.5, 1, 2, 5)
    return [[loss, 100 * float((spam > good[int(loss / 100 * len(good))]).mean())] for loss in losses]


def _verdict_us(learned: Learned, later: Sequence[Mail]) -> float:
    """Return the processor time of a verdict on 1 kB of text: the median of mails that have that much, cut to it."""
    long = [mail for mail in later if len(mail.fields["message"]) >= _TIMED_BYTES][:_TIMED]
    cut = [Mail({**mail.fields, "message": mail.fields["message"][:_TIMED_BYTES]}, mail.is_spam, 0) for mail in long]
    took = []
    for mail in cut:
        began = time.thread_time()
        learned.sure(mail)
        took.append(time.thread_time() - began)
    return 1e6 * median(took)


if __name__ == "__main__":
    main()
