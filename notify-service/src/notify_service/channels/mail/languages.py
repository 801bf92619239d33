"""Which language a mail is in: what who submitted asked for, else the form's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from shared.contracts import SubmissionAccepted
from shared.forms import Form

_LONGEST = 500
"""Characters of what was asked for that are looked at."""

_MOST = 20
_ASKED = re.compile(
    r"[ \t]*([A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,3})[ \t]*"
    r"(?:;[ \t]*[qQ][ \t]*=[ \t]*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)


def wanted(event: SubmissionAccepted, form: Form) -> Sequence[str]:
    """Return the languages that a mail to who submitted may be in, the one wanted most first.

    That is `_language` or else the browser's `Accept-Language`, both of which come as `source.language`; then the
    form's. A form's own subject or text is in one language: where the form says which, the whole mail is in that.
    """
    own = [form.language] if form.language else []
    if own and (form.confirmation.text or form.confirmation.subject):
        return own
    return [*asked_for(event.source.language or ""), *own]


@lru_cache(maxsize=256)
def asked_for(header: str) -> tuple[str, ...]:
    """Return the languages of an `Accept-Language` (RFC 9110, section 12.5.4), the one of the highest quality first.

    What is malformed is left out, and so is `*`: any language will do there. Of a header that is longer than any
    browser's, its beginning counts.
    """
    asked = [found for one in header[:_LONGEST].split(",")[:_MOST] if (found := _ASKED.fullmatch(one))]
    rated = [(float(found[2] or 1), found[1].replace("_", "-")) for found in asked]
    return tuple(tag for quality, tag in sorted(rated, key=lambda one: -one[0]) if quality > 0)
