"""Learns a model from labels, and says how good it is. Pure functions: no database, no clock, no chance."""

from storage_service.spam.learning.evaluation import Evaluation, Point, evaluate
from storage_service.spam.learning.gathering import Example, gathered
from storage_service.spam.learning.table import LABELS_LEAST, Table, TooFewLabels
from storage_service.spam.learning.training import Recent, recent_of, train

__all__ = [
    "LABELS_LEAST",
    "Evaluation",
    "Example",
    "Point",
    "Recent",
    "Table",
    "TooFewLabels",
    "evaluate",
    "gathered",
    "recent_of",
    "train",
]
