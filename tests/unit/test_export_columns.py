"""Which columns an export has, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.forms import Field, Form
from storage_service.records.export import COLUMNS_MOST, AllTaken, ColumnsError, Places, named_columns
from storage_service.records.export.columns import OTHERS, field_named, header_of, layout_of, layout_of_all
from storage_service.records.export.meta import METAS, USUAL

META = [one.name for one in USUAL]


def a_form(name: str, *fields: Field) -> Form:
    return Form(name, name.title(), {field.name: field for field in fields})


FORMS = {
    one.name: one
    for one in (
        a_form("contact", Field("name", "text", label="Your name"), Field("topic", "text"), Field("id", "text")),
        a_form("events", Field("name", "text", label="Who?"), Field("guests", "integer")),
    )
}


def test_fields_of_the_forms_come_first_then_others_then_what_is_known_beside() -> None:
    found = layout_of_all(["events", "contact", "gone"], ["late", "guests", "early"], FORMS, has_labels=False)
    assert list(found.titles) == ["name", "topic", "field.id", "guests", "late", "early", *META]
    assert not found.has_others


def test_forms_of_which_nothing_was_found_have_no_columns() -> None:
    assert list(layout_of_all(["events"], [], FORMS, has_labels=False).titles) == ["name", "guests", *META]
    assert list(layout_of_all([], [], FORMS, has_labels=False).titles) == META


def test_labels_stand_on_top_where_they_are_asked_for_and_say_which_is_which() -> None:
    found = layout_of_all(["contact"], ["id", "postal_code", "Topic"], FORMS, has_labels=True)
    titles = ["Your name", "Topic (topic)", "Id (field.id)", "Postal code", "Topic (Topic)"]
    assert list(found.titles)[:5] == titles
    assert list(found.titles)[5:7] == ["Id (id)", "Form"]


def test_of_too_many_fields_the_last_stand_in_one_column_together() -> None:
    names = [f"f{number}" for number in range(10_000)]
    found = layout_of_all(["contact"], names[: COLUMNS_MOST + 1], FORMS, has_labels=False)
    assert len(found.fields) == COLUMNS_MOST
    assert found.has_others
    assert list(found.titles)[COLUMNS_MOST - 1 :] == [f"f{COLUMNS_MOST - 4}", OTHERS, *META]


def test_columns_that_somebody_names_stand_as_they_are_named() -> None:
    names = ("topic", "ip", "field.id", "other_fields", "id", "field.field.x", "nowhere")
    found = layout_of(names, FORMS, has_labels=False)
    assert tuple(found.titles) == names
    assert found.fields == ("topic", "id", "field.x", "nowhere")
    labelled = layout_of(("topic", "accepted_at"), FORMS, has_labels=True)
    assert list(labelled.titles) == ["Topic", "Accepted at"]


@given(st.text(max_size=10) | st.sampled_from([*METAS, OTHERS, "field.", "field.id", "field.field."]))
def test_each_field_has_a_name_of_its_own(name: str) -> None:
    header = header_of(name)
    assert header not in METAS
    assert header != OTHERS
    assert field_named(header) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [("name", ("name",)), ("a,b", ("a", "b")), ('"PLZ, Ort", email', ("PLZ, Ort", "email")), ('"a""b"', ('a"b',))],
)
def test_names_are_read_as_a_line_of_csv(text: str, names: tuple[str, ...]) -> None:
    assert named_columns(text) == names


@pytest.mark.parametrize(
    "text", ["", ",", "a,", "a,,b", '"a', '"a"b', "a,a", "field.a,a", "a\nb", ",".join(map(str, range(1001)))]
)
def test_what_names_no_columns_is_an_error(text: str) -> None:
    with pytest.raises(ColumnsError, match="expected"):
        named_columns(text)


def test_there_are_so_many_places_and_each_is_freed_once() -> None:
    places = Places(2)
    first, second = places.take(), places.take()
    with pytest.raises(AllTaken):
        places.take()
    first.free()
    first.free()
    third = places.take()
    with pytest.raises(AllTaken):
        places.take()
    second.free()
    third.free()
