"""What is sealed is opened by its key, in its place, and by nothing else."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest
from environs import FileAwareEnv
from hypothesis import given
from hypothesis import strategies as st

from shared import settings
from shared.contracts import JsonValue
from shared.sealing import OpeningKey, Sealer, SealingKey, WrongKey, key_id_of, new_key
from shared.sealing.keys import opening_keys
from shared.sealing.opening import KeyMissing, Opener, Spoiled
from shared.sealing.sealer import EPHEMERAL_S
from shared.sealing.settings import keys_that_open, sealing_key

ID, OTHER = UUID(int=7), UUID(int=8)
KEY = new_key()
OPENER = Opener([KEY])
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


def sealed(value: JsonValue = "DE02", name: str = "iban") -> str:
    return Sealer(KEY.sealing).seal("refund", ID, {name: value})[name]


@given(VALUES, TEXTS)
def test_a_value_comes_back_as_it_was(value: JsonValue, name: str) -> None:
    found = OPENER.open("refund", ID, name, sealed(value, name))
    assert (found, type(found), repr(found)) == (value, type(value), repr(value))


def test_it_opens_nowhere_else() -> None:
    value = sealed()
    for form, key, name in (("refunds", ID, "iban"), ("refund", OTHER, "iban"), ("refund", ID, "bic")):
        with pytest.raises(Spoiled):
            OPENER.open(form, key, name, value)


@given(st.integers(0), st.integers(1, 255))
def test_whatever_is_changed_in_it_is_noticed(at: int, by: int) -> None:
    head, _, text = sealed().rpartition(":")
    raw = bytearray(base64.b64decode(text))
    raw[at % len(raw)] ^= by
    with pytest.raises(Spoiled):
        OPENER.open("refund", ID, "iban", f"{head}:{base64.b64encode(raw).decode()}")


HEAD = f"v1:{KEY.id}:"


@given(st.text() | st.text().map(HEAD.__add__) | st.binary().map(lambda raw: HEAD + base64.b64encode(raw).decode()))
def test_what_is_no_sealed_value_is_refused(text: str) -> None:
    with pytest.raises((Spoiled, KeyMissing)):
        OPENER.open("refund", ID, "iban", text)


def test_a_key_that_is_not_here_is_named() -> None:
    with pytest.raises(KeyMissing, match=KEY.id):
        Opener([new_key()]).open("refund", ID, "iban", sealed())
    assert key_id_of(sealed()) == KEY.id
    assert [key_id_of(text) for text in ("", "v1", "v1:", "v2:a:b")] == ["", "", "", ""]


def test_equal_values_are_sealed_differently_and_short_ones_alike_long() -> None:
    assert sealed("yes") != sealed("yes")
    assert len(sealed("yes")) == len(sealed("no")) == len(sealed("")) == len(sealed(value=True))


def test_an_ephemeral_pair_is_used_for_a_minute() -> None:
    now = [0.0]
    sealer = Sealer(KEY.sealing, lambda: now[0])
    pairs = []
    for moment in (0.0, EPHEMERAL_S - 1, EPHEMERAL_S, 10 * EPHEMERAL_S):
        now[0] = moment
        pairs.append(base64.b64decode(sealer.seal("refund", ID, {"a": 1})["a"].rpartition(":")[2])[:32])
    assert pairs[0] == pairs[1]
    assert len(set(pairs)) == 3


def test_a_sealer_holds_nothing_that_opens_what_another_sealed() -> None:
    assert not hasattr(Sealer(KEY.sealing), "private")
    assert KEY.written() not in repr(KEY)


def test_keys_are_read_as_they_are_written() -> None:
    other = new_key()
    assert SealingKey.read(str(KEY.sealing)) == KEY.sealing
    assert OpeningKey.read(KEY.written()) == KEY
    assert [one.id for one in opening_keys(f"{KEY.written()},\n{other.written()}\n{KEY.written()}")] == [
        KEY.id,
        other.id,
    ]
    assert opening_keys("") == ()


@pytest.mark.parametrize("text", ["x", "cfseal_", "cfseal_AAAA", "cfseal_" + "ä" * 43, "cfseal_" + "A" * 44, " "])
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(WrongKey) as wrong:
        SealingKey.read(text)
    assert len(text.strip()) < 9 or text not in str(wrong.value)


def read(**given: str) -> tuple[SealingKey | None, tuple[OpeningKey, ...]]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in given.items():
            patched.setenv(f"COUNTERFOIL_{name}", value)
        env: FileAwareEnv = settings.reader()
        found = sealing_key(env), keys_that_open(env)
        settings.sealed(env)
    return found


def test_settings_say_all_that_is_wrong_at_once_and_show_no_key() -> None:
    assert read() == (None, ())
    assert read(SEALING_KEY=str(KEY.sealing), OPENING_KEYS=KEY.written()) == (KEY.sealing, (KEY,))
    with pytest.raises(settings.SettingsError) as wrong:
        read(SEALING_KEY=KEY.written(), OPENING_KEYS=str(KEY.sealing))
    said = str(wrong.value)
    assert "COUNTERFOIL_SEALING_KEY: this is a key that opens" in said
    assert "COUNTERFOIL_OPENING_KEYS: this is a key that seals" in said
    assert KEY.written() not in said


def test_too_many_keys_are_refused() -> None:
    with pytest.raises(WrongKey, match="100 keys at most"):
        opening_keys(" ".join(["x"] * 101))
