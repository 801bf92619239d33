"""What is seen of a submission: the same of what looks the same, in bounded work."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.spam import SpamText, network_hash, text_hash, text_of
from shared.spam.features import LOOKED_AT, features_of
from shared.spam.folding import folded
from shared.spam.signals import code_of
from shared.spam.throwaway import is_throwaway
from support.spam_models import a_model, a_text
from support.steps import lengths_normalised, steps_of

PIECES = st.text(min_size=1, max_size=5) | st.sampled_from(
    [
        "a ",
        "http://",
        "www.",
        ".",
        "@",
        "\u200b",
        "\u0301",
        "\ufdfa",
        "V\u0406",
        "v i a g r a ",
        "<a",
        "[url=",
        "1",
        "!",
    ]
)

MODEL, ALIKE = a_model(), a_model()


def keys_of(text: SpamText) -> set[str]:
    return {key for key, *_ in features_of(text).signals}


def words_of(message: str) -> list[str]:
    return features_of(a_text(message)).words[0]


@pytest.mark.parametrize(
    "disguised",
    [
        "VIAGRA",
        "v\u200bi\u00ada\u2060g\ufeffra",
        "\uff56\uff49\uff41\uff47\uff52\uff41",
        "\U0001d42f\U0001d422\U0001d41a\U0001d420\U0001d42b\U0001d41a",
        "v\u0456\u0430gr\u0430",
        "vïágrà",
        "vi\u0301agra",
        "v i a g r a",
        "V.I.A.G.R.A",
    ],
)
def test_what_looks_alike_is_the_same_word(disguised: str) -> None:
    assert words_of(disguised) == ["viagra"]


def test_letters_of_another_script_within_a_word_and_what_nobody_sees_are_seen() -> None:
    assert "look-alikes" in keys_of(a_text("buy v\u0456agra"))
    assert "invisible" in keys_of(a_text("buy vi\u200bagra"))
    assert not {"look-alikes", "invisible"} & keys_of(a_text("Привет, как дела? Grüße aus Köln"))


def test_links_are_counted_with_their_hosts_and_their_addresses_are_no_words() -> None:
    features = features_of(a_text("see http://a.example/secret https://b.example and www.a.example now"))
    assert features.words == (["see", "and", "now"],)
    assert "links:3:2" in set(map(code_of, features.signals))


@pytest.mark.parametrize("between", [",", ")[b](", "|", "/x|"])
def test_links_without_a_space_between_them_are_as_many(between: str) -> None:
    links = between.join(f"https://{name}.example" for name in "abc")
    assert "links:3:3" in set(map(code_of, features_of(a_text(links)).signals))
    assert "links:1:1" in set(map(code_of, features_of(a_text("https://a.example/?u=https://b.example")).signals))


def test_a_throw_away_address_is_known_by_its_domain_and_those_below() -> None:
    assert is_throwaway("x@mailinator.com")
    assert is_throwaway("x@sub.Mailinator.com")
    assert not is_throwaway("ada@example.org")
    assert not is_throwaway("com")
    assert not is_throwaway("a" * 100_000 + "@mailinator.com")
    assert text_of({}, form="f", address="x@mailinator.com").is_throwaway


def test_a_script_is_unusual_only_where_the_forms_are_known() -> None:
    text = a_text("Здравствуйте, купите")
    assert "unusual-script" not in keys_of(text)
    assert "unusual-script" in {key for key, *_ in features_of(text, frozenset({"latin"})).signals}


def test_how_fast_it_was_typed_counts_where_the_page_told() -> None:
    assert not {key for key in keys_of(a_text("x" * 500)) if key.startswith(("typed", "speed"))}
    assert {"typed:1", "speed:8"} <= keys_of(a_text("x" * 500, typed_s=1.0))


def test_a_copy_is_the_same_text_whoever_sends_it() -> None:
    message = "Buy our watches today, the best there are"
    one = SpamText({"name": "Ada", "email": "a@example.org", "message": message})
    other = SpamText({"name": "Bob", "email": "b@example.org", "message": message.upper() + " !!"})
    assert text_hash(one) == text_hash(other) is not None
    assert text_hash(a_text("yes please")) is None


def test_a_network_is_a_24_or_a_64() -> None:
    assert network_hash("192.0.2.1") == network_hash("192.0.2.99:4711") == network_hash("::ffff:192.0.2.7")
    assert network_hash("192.0.3.1") != network_hash("192.0.2.1")
    assert network_hash("2001:db8::1") == network_hash("2001:db8::ffff") != network_hash("2001:db8:0:1::1")
    assert network_hash("unknown") is network_hash(None) is network_hash("") is None


def test_a_long_field_gives_way_to_short_ones() -> None:
    seen = features_of(SpamText({"message": "word " * 1_000, "name": "Ada", "subject": "Hello there"}))
    assert seen.words[1:] == (["ada"], ["hello", "there"])
    assert sum(len(word) + 1 for word in seen.words[0]) <= LOOKED_AT


@given(st.lists(PIECES, max_size=8).map("".join))
@example("\u0301" * 20)
@example("\ufdfa" * 20)
def test_a_verdict_on_a_megabyte_costs_what_one_on_two_thousand_characters_does(piece: str) -> None:
    model = MODEL
    short, long = (
        (piece * (2_000 // len(piece) + 1))[:2_000] if piece else "",
        piece * (1_000_000 // max(len(piece), 1)),
    )
    model.score(a_text(short))
    steps = steps_of(lambda: model.score(a_text(short)))
    assert steps_of(lambda: model.score(a_text(long))) <= 2 * steps + 20_000


@given(st.lists(PIECES, max_size=40).map("".join))
def test_nothing_long_is_put_into_a_normal_form(text: str) -> None:
    with lengths_normalised() as lengths:
        folded(text)
    assert max(lengths, default=0) <= 20


@given(st.dictionaries(st.text(max_size=10), st.lists(PIECES, max_size=20).map("".join), max_size=5), st.text())
def test_any_text_has_a_score_and_five_reasons_at_most(fields: dict[str, str], address: str) -> None:
    scored = MODEL.score(SpamText(fields, "contact", "de-DE", address, "192.0.2.1", 3.0))
    assert 0 <= scored.score <= 100
    assert len(scored.reasons) <= 5
    assert all(0 < len(reason) <= 80 for reason in scored.reasons)
    assert ALIKE.score(SpamText(fields, "contact", "de-DE", address, "192.0.2.1", 3.0)) == scored
