"""What is true or false in the file is TOML's `true` or `false`; what is only equal to it is named with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.forms import FormsError, file

PLACE = Path("/etc/counterfoil/forms.toml")
SWITCHES = (
    "confirmation.subject_from_page",
    "confirmation.opt_in",
    "confirmation.unconfirmed_apart",
    "fields.name.sensitive",
    "allow_no_origin",
    "text_plain",
    "active",
    "owner.enabled",
    "files.keep_metadata",
    "files.undeclared",
)


@pytest.mark.parametrize("key", SWITCHES)
@pytest.mark.parametrize("value", ["1", "0", "1.0", '"yes"', '"true"', "[true]", "{}"])
def test_what_is_only_equal_to_it_is_refused_with_its_line(key: str, value: str) -> None:
    text = f'[forms.a]\nfields.name.type = "text"\n{key} = {value}\n'
    with pytest.raises(FormsError) as caught:
        file.parse(text.encode(), PLACE)
    assert f"{PLACE}:3: forms.a.{key}: expected true or false, without quotes" in str(caught.value)


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("false", False)])
def test_true_and_false_are_what_they_say(value: str, expected: bool) -> None:
    form = file.parse(f"[forms.a]\nactive = {value}\n".encode(), PLACE)["a"]
    assert form.active is expected
