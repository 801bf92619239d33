"""This package holds the one query grammar of the product: it reads queries and matches them on events.

The page for its users is `docs/queries.md`.
"""

from shared.query.dates import Span, span_of
from shared.query.errors import Place, QueryError
from shared.query.matching import Matching, check_answerable, matches, parse_for_event
from shared.query.parser import parse
from shared.query.tokens import Needle, needle_of, tokens
from shared.query.tree import Query, terms

__all__ = [
    "Matching",
    "Needle",
    "Place",
    "Query",
    "QueryError",
    "Span",
    "check_answerable",
    "matches",
    "needle_of",
    "parse",
    "parse_for_event",
    "span_of",
    "terms",
    "tokens",
]
