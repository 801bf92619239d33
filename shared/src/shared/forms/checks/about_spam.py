"""Warns about rules against spam that have no effect, or that catch more than who wrote them may mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from shared.forms import positions
from shared.forms.definitions import Form
from shared.forms.spam.rules import THRESHOLD, SpamRules
from shared.query.tokens import tokens

_SIGNS = frozenset("*^$|\\")
_SHORT = 2
_NAMED = 3
_INNER = {
    4: [ip_network(one) for one in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")],
    6: [ip_network(one) for one in ("::1/128", "fc00::/7", "fe80::/10")],
}


def of_spam(form: Form, written: Mapping[str, Any]) -> Iterator[tuple[positions.Path, str]]:
    """Yield what is to be said of a form's section `spam`; `written` is the form's table as it stands in the file."""
    place = ("forms", form.name, "spam")
    for key, reason in _of_rules(form, form.spam, written.get("spam", {})):
        yield (*place, key), reason


def _of_rules(form: Form, rules: SpamRules, written: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if rules.mode == "off":
        for key in ("threshold", *rules.written_rules):
            if key in written:
                yield key, 'it has no effect: mode = "off" switches all of it off'
        return
    if rules.threshold and rules.threshold < THRESHOLD:
        yield "threshold", f"nothing is held back below {THRESHOLD}: no model proves what that loses"
    for key, value in written.items():
        if isinstance(value, list) and len(value) > len(getattr(rules, key)):
            yield key, f"{len(value) - len(getattr(rules, key))} of its entries stand in it more than once"
    for kind in ("addresses", "networks"):
        if both := set(getattr(rules, f"deny_{kind}")) & set(getattr(rules, f"allow_{kind}")):
            yield f"deny_{kind}", f"{len(both)} of its entries are in allow_{kind}, too, which counts for more"
    yield from _of_words(rules)
    yield from _of_own_hosts(form, rules)
    inner = [str(one) for one in rules.deny_networks if any(one.overlaps(each) for each in _INNER[one.version])]
    if inner:
        yield "deny_networks", f"{_some(inner)}: everybody comes from there where a proxy in front is not trusted"


def _of_words(rules: SpamRules) -> Iterator[tuple[str, str]]:
    if odd := [word for word in rules.deny_words if _SIGNS & set(word)]:
        yield "deny_words", f"{_some(odd)}: no sign stands for others here, letters and digits alone are compared"
    if short := [word for word in rules.deny_words if word.isascii() and len("".join(tokens(word))) <= _SHORT]:
        yield "deny_words", f"{_some(short)}: so short a word stands in many texts"


def _some(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - _NAMED} more" if len(entries) > _NAMED else ""
    return ", ".join(entries[:_NAMED]) + more


def _of_own_hosts(form: Form, rules: SpamRules) -> Iterator[tuple[str, str]]:
    own = {urlsplit(one).hostname or "" for one in (*form.allowed_origins, form.redirect or "")} - {""}
    for host in rules.deny_hosts:
        if any(one == host or one.endswith(f".{host}") for one in own):
            yield "deny_hosts", f"{host} is a host of the form's own pages: who names one is spam"
