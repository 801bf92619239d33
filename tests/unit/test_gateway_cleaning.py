"""What nobody sees in a value, and what keyboards and programs put for a sign: cleaned by the type of the field."""

# ruff: noqa: RUF001 - signs that look like others are what this is about

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fields.cleaning import BLANK, DASHES, INVISIBLE, LINE_ENDS, SPACES
from gateway.fields.email import clean_email
from gateway.fields.schemas import FormSchema
from gateway.fields.types import date, number, url
from gateway.fields.types.tel import clean_tel
from shared import forms
from support.gateway_app import a_gateway, errors_of

FORMS = """
[forms.all.fields]
email   = {type = "email"}
mail    = {type = "email"}
url     = {type = "url"}
tel     = {type = "tel", max_length = 30}
number  = {type = "number"}
integer = {type = "integer"}
date    = {type = "date"}
yes     = {type = "boolean"}
meal    = {type = "choice", choices = ["Café crème", "½ pizza", "👩‍🍳 menu", "Fish & chips"]}
wishes  = {type = "list", choices = ["Fenêtre", "Allée"]}
words   = {type = "list"}
name    = {type = "text", max_length = 200}
story   = {type = "text"}

[forms.open]

[forms.inside]
mail_domains = ["intranet", "corp.local"]
fields.mail = {type = "email"}
fields.email = {type = "text"}

[forms.inside-open]
mail_domains = ["intranet"]
"""

GOOD = {
    "email": "ada@example.org",
    "mail": "ada@bücher.example",
    "url": "https://example.org/a–b?c=d",
    "tel": "+44 20-7946 0000",
    "number": -3.5,
    "integer": 42,
    "date": "2026-11-22",
    "yes": True,
    "meal": "Café crème",
}


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> forms.Forms:
    path = tmp_path_factory.mktemp("cleaning") / "forms.toml"
    path.write_text(FORMS, encoding="utf-8")
    return forms.load(path)


@pytest.fixture(scope="module")
def schema(defined: forms.Forms) -> FormSchema:
    return FormSchema(defined["all"])


@pytest.mark.parametrize(
    "sign", sorted({*INVISIBLE, *SPACES, *LINE_ENDS, 0x20, 0x9B}), ids=lambda code: f"U+{code:04X}"
)
@pytest.mark.parametrize("name", GOOD)
def test_what_nobody_sees_around_a_value_is_taken_off(schema: FormSchema, name: str, sign: int) -> None:
    if sign == 0x9B and name in {"yes", "meal"}:
        return
    around = chr(sign) * 2
    assert schema.read({name: f"{around}{str(GOOD[name]).lower() if name == 'yes' else GOOD[name]}{around}"}) == {
        name: GOOD[name]
    }


@pytest.mark.parametrize("sign", INVISIBLE, ids=lambda code: f"U+{code:04X}")
@pytest.mark.parametrize("name", [name for name in GOOD if name != "yes"])
def test_what_nobody_sees_inside_a_value_is_taken_out(schema: FormSchema, name: str, sign: int) -> None:
    text = str(GOOD[name])
    assert schema.read({name: chr(sign).join(text)}) == {name: GOOD[name]}


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        *[("tel", f"030{chr(dash)}123", "030-123") for dash in DASHES],
        *[("tel", f"030{chr(space)}123", "030 123") for space in SPACES],
        ("tel", "030\n123", "030 123"),
        ("tel", "tel:+49-30-123", "+49-30-123"),
        ("tel", "TEL: +49 30 123", "+49 30 123"),
        ("tel", "+49 30 123 ext. 5", "+49 30 123 ext. 5"),
        ("tel", "+1 555 0100 x12", "+1 555 0100 x12"),
        ("tel", "555-0100, ext 12", "555-0100, ext 12"),
        ("tel", "+1-555-0100;ext=12", "+1-555-0100;ext=12"),
        ("tel", "(+49) 30 123", "(+49) 30 123"),
        ("tel", "０３（１２３４）５６７８", "03(1234)5678"),
        ("tel", "＋８１　３", "+81 3"),
        ("tel", "٠٣٠ ١٢٣", "030 123"),
        ("number", "−3.5", -3.5),
        ("number", "1\u202f000\u00a0000", 1_000_000),
        ("number", "٣٫٥", 3.5),
        ("number", "３．５", 3.5),
        ("integer", "४२", 42),
        ("integer", "–7", -7),
        ("date", "2026‑11‑22", "2026-11-22"),
        ("date", "２０２６－１１－２２", "2026-11-22"),
        ("date", "٢٠٢٦-١١-٢٢", "2026-11-22"),
        ("email", "ada\u00a0@\u00a0example.org", "ada@example.org"),
        ("email", "ada @example.org", "ada@example.org"),
        ("email", "ada＠example．org", "ada@example.org"),
        ("email", "jean‑luc@example.org", "jean-luc@example.org"),
        ("email", "\ufeffada@example.org\r\n", "ada@example.org"),
        ("email", "a..b@docomo.ne.jp", "a..b@docomo.ne.jp"),
        ("email", "ada@b\u200c\u200dücher.example", "ada@bücher.example"),
        ("url", "https://نامه\u200cای.example/می\u200cخواهم", "https://نامه\u200cای.example/می\u200cخواهم"),
        ("url", "https://example.org/👩\u200d👧/a\u200db\u200d\u200c", "https://example.org/👩\u200d👧/ab"),
        ("url", "https://example.org/a\nb", "https://example.org/ab"),
        ("url", "https://example.org/a\u00a0b", "https://example.org/ab"),
        ("yes", "\u200bYes", True),
        ("meal", "Cafe\u0301 cre\u0300me", "Café crème"),
        ("meal", "Café\u00a0crème", "Café crème"),
        ("meal", "１⁄２ pizza", "½ pizza"),
        ("meal", "👩🍳 menu", "👩‍🍳 menu"),
        ("wishes", ["Fene\u0302tre", "Alle\u0301e"], ["Fenêtre", "Allée"]),
        ("words", ["a\u2028b"], ["a b"]),
        ("name", "Ada\u2028Lovelace", "Ada Lovelace"),
        ("name", "Ada\vLovelace", "Ada Lovelace"),
        ("name", "\ufeffRene\x92e\x07", "Rene’e"),
        ("name", "می\u200cخواهم", "می\u200cخواهم"),
        ("name", "👩‍👩‍👧", "👩‍👩‍👧"),
        ("story", "a\u2028b\u200dc\x85d\x1b", "a\u2028b\u200dc\x85d\x1b"),
    ],
)
def test_cleaned(schema: FormSchema, name: str, given: Any, stored: Any) -> None:
    assert schema.read({name: given}) == {name: stored}


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("email", "ada lovelace@example.org", "TYPE_EMAIL"),
        ("email", "ada\u00a0lovelace@example.org", "TYPE_EMAIL"),
        ("email", "ada@example.org\nBcc: eve@example.org", "LINE_BREAK"),
        ("email", "ada@نامه\u200cای.example", "TYPE_EMAIL"),  # without it, it is another domain
        ("email", ".ada@example.org", "TYPE_EMAIL"),
        ("mail", "ada@intranet", "TYPE_EMAIL"),
        ("url", "https://example.org/a b", "TYPE_URL"),
        ("url", "java\nscript:alert(1)", "TYPE_URL"),
        ("tel", "030 123 ext. five", "TYPE_TEL"),
        ("tel", "tel:", "TYPE_TEL"),
        ("tel", "x12", "TYPE_TEL"),
        *[("number", f"12{chr(sign)}34", "TYPE_NUMERIC") for sign in (0x20, 0x9, 0x3000, *LINE_ENDS)],
        *[("integer", f"１２{chr(sign)}３４", "TYPE_NUMERIC") for sign in (0x20, 0x9, 0x3000)],
        ("date", "2026-11-2\t2", "TYPE_DATE"),
        ("number", "²", "TYPE_NUMERIC"),
        ("integer", "一", "TYPE_NUMERIC"),
        ("meal", "Cafe creme", "TYPE_CHOICE"),
        ("meal", "Fish &\nchips", "LINE_BREAK"),
        ("meal", "e\u0301" * 2000, "TYPE_CHOICE"),
        ("name", "Ada\nLovelace", "LINE_BREAK"),
        ("name", ["Ada", "Eve"], "TYPE_TEXT"),
    ],
)
def test_still_refused(tmp_path: Path, name: str, given: Any, code: str) -> None:
    answer = a_gateway(tmp_path, definitions=FORMS).client.post("/f/all", json={name: given})
    assert errors_of(answer) == [(code, name)]


@pytest.mark.parametrize("text", [BLANK.replace("\0", ""), "\u200b", "\u00a0\n", "\ufeff", "\x01"])
def test_nothing_to_see_is_nothing_said(tmp_path: Path, text: str) -> None:
    definitions = '[forms.a]\nfields.name = {type = "text", required = true}\n'
    answer = a_gateway(tmp_path, definitions=definitions).client.post("/f/a", json={"name": text})
    assert errors_of(answer) == [("REQUIRED_FIELD_EMPTY", "name")]


ANY = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(BLANK + "@.-:+tel09٩"), max_size=40)


CLEANINGS: list[Callable[[str], str]] = [clean_email, url._clean, clean_tel, number._clean, date._clean]


@given(st.sampled_from(CLEANINGS), ANY)
def test_what_is_clean_stays_as_it_is(clean: Callable[[str], str], text: str) -> None:
    once = clean(text)
    assert len(once) <= len(text)
    assert clean(once).lower().removeprefix("tel:").strip() == once.lower().removeprefix("tel:").strip()


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("yes", ["0", "1"], True),
        ("yes", ["1", "0"], False),
        ("yes", ["false", "true"], True),
        ("yes", ["off", "on"], True),
        ("yes", ["true", "false"], True),  # ASP.NET's order
        ("yes", ["0", "0"], False),
        ("yes", [False, True], True),
        ("yes", [], None),
        ("yes", ["1", ""], None),
        ("name", ["", "Ada"], "Ada"),
        ("name", ["Ada", "  ", "Ada"], "Ada"),
        ("name", ["Ada"], "Ada"),
        ("name", ["", " "], None),
        ("email", ["", "ada@example.org"], "ada@example.org"),
        ("integer", ["", "42"], 42),
        ("date", ["2026-11-22", "2026-11-22"], "2026-11-22"),
        ("tel", ["\u200b", "030 123"], "030 123"),
        ("meal", ["", "½ pizza"], "½ pizza"),
        ("wishes", ["", "Allée"], ["Allée"]),
        ("words", ["a", "a"], ["a", "a"]),
    ],
)
def test_of_several_values_the_field_takes_what_counts(schema: FormSchema, name: str, given: Any, stored: Any) -> None:
    assert schema.read({"story": "x", name: given}) == {"story": "x"} | ({} if stored is None else {name: stored})


@pytest.mark.parametrize("name", ["name", "email", "url", "tel", "number", "integer", "date", "meal"])
def test_of_several_that_differ_none_is_taken(tmp_path: Path, name: str) -> None:
    answer = a_gateway(tmp_path, definitions=FORMS).client.post("/f/all", data={name: ["a", "b"]})
    assert answer.status_code == 422
    assert [field for _, field in errors_of(answer)] == [name]


def test_several_control_fields_of_one_name(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS)
    data = {"a": "b", "_replyto": ["", "\u200bada@example.org "], "_subject": ["Hi\u2028there", "", "Hi\u2028there"]}
    assert gateway.client.post("/f/open", data=data).status_code == 202
    (event,) = gateway.published()
    assert (event.control.reply_to, event.control.subject) == ("ada@example.org", "Hi there")
    answer = gateway.client.post("/f/open", data={"a": "b", "_subject": ["one", "two"]})
    assert errors_of(answer) == [("TYPE_TEXT", "_subject")]


def test_what_stands_in_a_header_of_a_form_without_fields_is_cleaned_too(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS)
    gateway.submitted("open", {"name": "Ada\vL", "email": ["", " ada\u200b@example.org"], "subject": ["a", "b"]})
    assert gateway.published()[0].fields == {"name": "Ada L", "email": "ada@example.org", "subject": ["a", "b"]}


def test_addresses_of_the_operators_own_domains(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS)
    for form, values in [
        ("inside", {"mail": "ada@intranet", "email": "ada@mail.corp.local"}),
        ("inside-open", {"email": "ada@intranet"}),
        ("inside-open", {"a": "b", "_replyto": "ada@intranet"}),
    ]:
        gateway.submitted(form, values)
    for form, values in [("open", {"email": "ada@intranet"}), ("inside-open", {"email": "ada@corp.local"})]:
        assert gateway.client.post(f"/f/{form}", json=values).status_code == 422


@pytest.mark.parametrize("domain", ["", "@intranet", "http://a", "a b", "a..b", "-a", "a/b", "a" * 300])
def test_a_mail_domain_is_a_domain(tmp_path: Path, domain: str) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(f"[forms.a]\nmail_domains = ['{domain}']\n", encoding="utf-8")
    with pytest.raises(forms.FormsError, match="such as intranet"):
        forms.load(path)
