"""Three ways to learn what spam is, each with a threshold that comes from its own labels."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline

from bench.spam.corpus import Mail
from shared.spam import SpamText, text_of
from storage_service.spam.learning import Example, gathered, train

_PARTS = 5
_ABOVE = 0.005
"""The share of good ones that may be above a peer's threshold: what it is to lose at most. Ours has its own, which was
chosen for it; a larger one has the peers lose more than that."""

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learned:
    """What a way has learned: it says how sure it is of spam, which is so at `threshold` and above."""

    sure: Callable[[Mail], float]
    threshold: float
    training_s: float


def ours(mails: Sequence[Mail]) -> Learned:
    """Learn as the product does; a verdict has its reasons, too."""
    began = time.process_time()
    model = train(gathered(Example(spam_text(mail), mail.is_spam, mail.at) for mail in mails), version=1)
    return Learned(lambda mail: model.score(spam_text(mail)).score, model.threshold, time.process_time() - began)


def naive_bayes(mails: Sequence[Mail]) -> Learned:
    """Learn by multinomial naive Bayes on words."""
    return _peer(mails, lambda: make_pipeline(CountVectorizer(), MultinomialNB()))


def hashed_sgd(mails: Sequence[Mail]) -> Learned:
    """Learn by scikit-learn's HashingVectorizer and SGDClassifier, on words and pairs, as logistic regression."""
    return _peer(
        mails,
        lambda: make_pipeline(
            HashingVectorizer(ngram_range=(1, 2)), SGDClassifier(loss="log_loss", alpha=1e-5, random_state=0)
        ),
    )


def spam_text(mail: Mail) -> SpamText:
    """Return what the product sees of a mail."""
    return text_of(mail.fields, form="mail", address=mail.fields["email"])


def _peer(mails: Sequence[Mail], make: Callable[[], Pipeline]) -> Learned:
    """Learn with a pipeline; its threshold comes from labels held back in turn."""
    began = time.process_time()
    texts, is_spam = [mail.text for mail in mails], np.array([mail.is_spam for mail in mails])
    good = np.sort(_held_back(texts, is_spam, make)[~is_spam])[::-1]
    above = max(1, round(_ABOVE * len(good)))
    pipeline = make().fit(texts, is_spam)
    took = time.process_time() - began
    return Learned(lambda mail: float(_sure(pipeline, [mail.text])[0]), float(good[above - 1] + good[above]) / 2, took)


def _held_back(texts: Sequence[str], is_spam: npt.NDArray[np.bool_], make: Callable[[], Pipeline]) -> Scores:
    parts = np.zeros(len(texts), int)
    for kind in (False, True):
        of_kind = np.flatnonzero(is_spam == kind)
        parts[of_kind] = np.arange(len(of_kind)) % _PARTS
    scores = np.zeros(len(texts))
    for number in range(_PARTS):
        seen, unseen = np.flatnonzero(parts != number), np.flatnonzero(parts == number)
        pipeline = make().fit([texts[one] for one in seen.tolist()], is_spam[seen])
        scores[unseen] = _sure(pipeline, [texts[one] for one in unseen.tolist()])
    return scores


def _sure(pipeline: Pipeline, texts: Sequence[str]) -> Scores:
    if hasattr(pipeline, "decision_function"):
        return np.asarray(pipeline.decision_function(texts))
    logs = pipeline.predict_log_proba(texts)
    return np.asarray(logs[:, 1] - logs[:, 0])
