"""An operator's own templates take the place of those that come with it, file by file; a wrong one never does."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from notify_service.channels.mail import closed_jinja, template_files, template_set, variables
from notify_service.channels.mail.template_set import TemplatesError
from notify_service.channels.mail.templates import Templates
from support.own_templates import complete, written

VALUES = dict(variables.CONFIRMATION.full)
BARE = dict(variables.CONFIRMATION.bare)


def errors(folder: Path) -> list[str]:
    with pytest.raises(TemplatesError) as caught:
        Templates(folder)
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).splitlines()]


def error(folder: Path, text: str) -> str:
    [found] = errors(written(folder, de_body_txt=text))
    return found.removeprefix("confirmation/de.body.txt:")


def test_english_and_german_come_with_it_complete() -> None:
    templates = Templates()
    for mail in variables.MAILS:
        assert {"de", "en"} <= set(templates.languages(mail))
        for values in (variables.MAILS[mail].full, variables.MAILS[mail].bare):
            english, german = (templates.render(mail, language, values) for language in ("en", "de"))
            assert (english.language, german.language) == ("en", "de")
            assert len({english.html, german.html}) == len({english.text, german.text}) == 2
            assert '<html lang="de">' in german.html


@pytest.mark.parametrize(
    ("asked", "given"),
    [("de", "de"), ("de-AT", "de"), ("DE-at-1996", "de"), ("fr", "en"), ("", "en"), (None, "en"), ("en-GB", "en")],
)
def test_a_language_that_is_not_there_is_what_it_is_a_kind_of_or_english(asked: str | None, given: str) -> None:
    assert Templates().render("confirmation", asked, VALUES).language == given


def test_the_first_that_is_there_of_those_wanted_is_chosen(tmp_path: Path) -> None:
    templates = Templates(complete(tmp_path, "pt-BR"))
    assert templates.language("confirmation", ["fr", "pt", "de-CH", "en"]) == "de"
    assert templates.language("confirmation", ["fr", "PT-br", "de"]) == "pt-BR"
    assert templates.language("confirmation", ["fr", "it"]) == "en"
    assert templates.language("confirmation", []) == "en"


def test_a_file_of_ones_own_stands_in_for_the_one_that_comes_with_it(tmp_path: Path) -> None:
    words = Templates(written(tmp_path, de_body_txt="Danke für „{{ form }}“.")).render("confirmation", "de", VALUES)
    assert words.text == "Danke für „Sign up“."
    assert words.subject == "Sign up: Wir haben Ihre Angaben erhalten"
    assert "Eingangsbestätigung ansehen" in words.html


def test_another_language_is_three_files(tmp_path: Path) -> None:
    words = Templates(complete(tmp_path, "fr", "Merci : {{ form }} ({{ language }})")).render(
        "confirmation", "fr", BARE
    )
    assert (words.subject, words.text, words.language) == ("Merci : Sign up (fr)", "Merci : Sign up (fr)", "fr")


def test_values_are_escaped_in_html_alone_and_never_read_as_templates(tmp_path: Path) -> None:
    templates = Templates(complete(tmp_path, "fr"))
    words = templates.render("confirmation", "fr", VALUES | {"form": "<b>{{ 7*7 }}</b>"})
    assert words.text == "<b>{{ 7*7 }}</b>"
    assert words.html == "&lt;b&gt;{{ 7*7 }}&lt;/b&gt;"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a\n\n{{ nmae }}", "3: there is no variable nmae; there are: form, language, left_out, paragraphs, "),
        ("{% if nmae %}x{% endif %}", "1: there is no variable nmae"),
        ("{% for x in paragraphs %}{% endfor %}\n{{ x }}", "2: there is no variable x"),
        ("{{ loop.index }}", "1: there is no variable loop"),
        ("a\n{{ form|shout }}", "2: there is no filter shout; there are: capitalize, "),
        ("{% if form is callable %}x{% endif %}", "1: there is no test callable; there are: "),
        ("a\n{{ form", "2: unexpected end of template"),
        ("{% fro x in y %}", "1: Encountered unknown tag 'fro'"),
        ("{{ form.__class__ }}", "1: __class__: a name that begins with _ cannot be asked for"),
        ("{{ form['__class__'] }}", "1: "),
        ("a\n{{ form.lable }}", "2: 'str object' has no attribute 'lable'"),
        ("{{ form.upper }}", "1: it is no text"),
        ("{{ paragraphs }}", "1: it is no text"),
        ("a\n{{ receipt_url }}", "2: it is not there always: ask first, by {% if … %}"),
        ("{{ form() }}", "1: a call cannot be used in a mail's template"),
        ("{% for x in range(10**9) %}a{% endfor %}", "1: a call cannot be used"),
        ("{{ 'x' * 10**9 }}", "1: * cannot be used"),
        ("{{ 10**10**10 }}", "1: ** cannot be used"),
        ("{{ '%1000000000d' % 1 }}", "1: % cannot be used"),
        ("{{ form ~ form }}", "1: ~ cannot be used"),
        ("{% set x = form %}", "1: {% set %} cannot be used"),
        ("{% set x %}{{ form }}{% endset %}", "1: {% set %} cannot be used"),
        ("{% with x = form %}{{ x }}{% endwith %}", "1: {% with %} cannot be used"),
        ("{% macro m() %}{{ m() }}{% endmacro %}", "1: {% macro %} cannot be used"),
        ("{% include 'x' %}", "1: {% include %} cannot be used"),
        ("{% import 'x' as x %}", "1: {% import %} cannot be used"),
        ("{% extends 'x' %}", "1: {% extends %} cannot be used"),
        ("{% block x %}{% endblock %}", "1: {% block %} cannot be used"),
        ("{% filter upper %}x{% endfilter %}", "1: {% filter %} cannot be used"),
        ("{% autoescape false %}{{ form }}{% endautoescape %}", "1: {% autoescape %} cannot be used"),
        ("{% for x in paragraphs recursive %}{{ x }}{% endfor %}", "1: a loop cannot be recursive"),
        ("{% for x in [form, form] %}{% endfor %}", "1: a list has plain texts and numbers alone"),
        ("{{ form|safe }}", "1: there is no filter safe"),
        ("{{ '%s'|format(form) }}", "1: there is no filter format"),
        ("{{ form|center(1000000000) }}", "1: there is no filter center"),
        ("{{ form|replace('', form) }}", "1: there is no filter replace"),
        ("{{ " + "(" * 5000 + "form" + ")" * 5000 + " }}", "1: it is nested too deeply"),
        ("{{ " + "9" * 5000 + " }}", "1: it is nested too deeply, or has a number of too many digits"),
        ("{% for a in 'x' %}" * 5 + "{{ a }}" + "{% endfor %}" * 5, "1: loops stand in each other at most 4 deep"),
        (" \n", "1: it says nothing"),
        ("x" * 70_000, " more than 65536 bytes"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, template: str, said: str) -> None:
    began = time.monotonic()
    assert error(tmp_path, template).startswith(said)
    assert time.monotonic() - began < 5


def test_loops_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is in a template, and whatever it is given: it takes no long time and makes no large mail."""
    letters = "x" * 30
    nested = "".join(f"{{% for {name} in '{letters}' %}}" for name in "abcd") + "BODY" + "{% endfor %}" * 4
    assert "its loops go round more than" in error(tmp_path, nested.replace("BODY", ""))
    assert "its loops go round more than" in error(
        tmp_path, nested.replace("BODY", "{% if a|upper == 'y' %}y{% endif %}")
    )
    assert "it has more than 262144 characters" in error(tmp_path, nested.replace("BODY", "y" * 20_000))
    slow = "{% for a in 'xxxxxxxxxx' %}{{ a }}{% endfor %}"
    monkeypatch.setattr(closed_jinja, "SECONDS_MOST", 0.0)
    too_slow = "de.body.txt:1: its loops take more than 0.0 seconds of the processor"
    assert any(too_slow in one for one in errors(written(tmp_path, de_body_txt=slow))), "ours have loops, too"


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    written(
        tmp_path,
        de_body_txt="{{ a }}\n{{ b }}",
        de_subject_txt="{% if %}",
        fr_body_txt="{{ form }}",
        fr_mail_txt="x",
        english_speaking_txt="x",
    )
    (tmp_path / "confirmation" / "en.body.html").write_bytes(b"a\n\xff")
    (tmp_path / "confirmaton").mkdir()
    (tmp_path / "confirmaton" / "en.body.txt").write_text("x")
    (tmp_path / "en.body.txt").write_text("x")
    found = errors(tmp_path)
    for said in (
        "confirmation/de.body.txt:1: there is no variable a",
        "confirmation/de.body.txt:2: there is no variable b",
        "confirmation/de.subject.txt:1: ",
        "confirmation/fr.mail.txt: expected a language and a part of the mail, such as de.subject.txt, ",
        "confirmation/english.speaking.txt: expected a language and a part of the mail",
        "confirmation/en.body.html:2: not UTF-8: save the file as UTF-8",
        "confirmaton/en.body.txt: there is no mail confirmaton; there are: confirmation, opt_in, owner, digest",
        "en.body.txt: expected in a folder of its mail: confirmation or opt_in or owner or digest or ",
        "confirmation/fr.subject.txt: missing",
        "confirmation/fr.body.html: missing",
    ):
        assert any(line.startswith(said) for line in found), said
    assert len(found) == 10


def test_the_folder_has_to_be_there(tmp_path: Path) -> None:
    [found] = errors(tmp_path / "nowhere")
    assert found == f"{tmp_path / 'nowhere'}: cannot be read: No such file or directory"


def test_a_language_twice_and_too_many_files_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    complete(complete(tmp_path, "fr"), "FR")
    assert "confirmation/fr.body.txt: the same language twice, in capital and small letters" in errors(tmp_path)
    monkeypatch.setattr(template_files, "FILES_MOST", 2)
    assert any(line.endswith(": more than 2 files") for line in errors(tmp_path))


def test_what_editors_and_systems_leave_there_is_no_template(tmp_path: Path) -> None:
    written(tmp_path, de_body_txt="Danke, {{ form }}.")
    for name in (".DS_Store", "#de.body.txt#", "de.body.txt~", ".de.body.txt.swp"):
        (tmp_path / "confirmation" / name).write_text("{{ x }}")
    assert Templates(tmp_path).render("confirmation", "de", VALUES).text == "Danke, Sign up."


def test_a_folder_of_links_as_kubernetes_mounts_it_is_one(tmp_path: Path) -> None:
    kept = complete(tmp_path / "..2026_11_22", "fr")
    (tmp_path / "..data").symlink_to(kept)
    (tmp_path / "confirmation").symlink_to(tmp_path / "..data" / "confirmation")
    assert Templates(tmp_path).render("confirmation", "fr", VALUES).text == "Sign up"


def refreshed(templates: Templates) -> Templates:
    for _ in range(2):
        templates.refresh()
    return templates


def test_a_change_counts_and_a_wrong_one_never(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    templates = Templates(written(tmp_path, de_body_txt="one"))

    def said() -> str:
        return refreshed(templates).render("confirmation", "de", VALUES).text

    assert said() == "one"
    written(tmp_path, de_body_txt="{{ typo }}", de_subject_txt="new")
    assert said() == "one"
    assert "there is no variable typo" in capsys.readouterr().out
    assert templates.render("confirmation", "de", VALUES).subject != "new", "as a whole or not at all"
    written(tmp_path, de_body_txt="three")
    assert said() == "three"
    assert templates.render("confirmation", "de", VALUES).subject == "new"
    (tmp_path / "confirmation" / "de.body.txt").unlink()
    assert said().startswith("Dear Ada,"), "and the one that comes with it is there again"


def test_what_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    templates = Templates(written(tmp_path, de_body_txt="one"))
    written(tmp_path, de_body_txt="two")
    templates.refresh()
    assert templates.render("confirmation", "de", VALUES).text == "one"
    templates.refresh()
    assert templates.render("confirmation", "de", VALUES).text == "two"


def test_a_change_that_sets_the_time_back_is_seen(tmp_path: Path) -> None:
    path = written(tmp_path, de_body_txt="one") / "confirmation" / "de.body.txt"
    templates, before = Templates(tmp_path), path.stat()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert refreshed(templates).render("confirmation", "de", VALUES).text == "two"


def test_a_template_that_cannot_cope_is_stood_in_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What no sample showed is logged, and the mail is sent all the same."""
    loud = "{% for p in paragraphs %}{% for l in p %}" + "{{ form|join(form) }}" * 20 + "{% endfor %}{% endfor %}-"
    templates = Templates(written(tmp_path, de_body_txt=loud, en_body_txt="{{ paragraphs[0][0] if left_out else 1 }}"))
    for language, values in (
        ("de", {"paragraphs": [["a"] * 100] * 100, "form": "typed in " * 5}),
        ("en", {"paragraphs": [], "left_out": True}),
    ):
        words = templates.render("confirmation", language, VALUES | values)
        assert str(VALUES["reference"]) in words.text
        logged = capsys.readouterr().out
        assert "a template of a mail does not work" in logged
        assert "typed in" not in logged


def test_no_value_that_a_template_chokes_on_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    templates = Templates(written(tmp_path, de_body_txt="{{ reference[form] if left_out and not paragraphs else 1 }}"))
    values = {"paragraphs": [], "left_out": True, "form": "typed in"}
    words = templates.render("confirmation", "de", VALUES | values)
    assert str(VALUES["reference"]) in words.text
    logged = capsys.readouterr().out
    assert "reason='line 1: " in logged or '"reason": "line 1: ' in logged
    assert "typed in" not in logged


def test_a_mail_that_weighs_too_much_is_the_one_that_comes_with_it(tmp_path: Path) -> None:
    templates = Templates(
        written(tmp_path, de_body_txt="{% for p in paragraphs %}{{ p[0] }}{{ p[0] }}{% else %}-{% endfor %}")
    )
    values = VALUES | {"paragraphs": [["é" * 1000]] * 15}
    assert len(templates.render("confirmation", "de", values).text) < 30_000
    assert templates.render("confirmation", "de", VALUES | {"paragraphs": [["é" * 1000]] * 3}).text.startswith("éé")


def test_filters_do_what_they_say(tmp_path: Path) -> None:
    said = (
        "{{ form|upper }} {{ form|truncate(4) }} {{ form|length }} {{ form[:4]|trim }} "
        "{% if paragraphs %}{{ paragraphs[1]|join(' / ') }}{% endif %} "
        "{% for p in paragraphs %}{{ loop.index }}{{ ',' if not loop.last }}{% endfor %}"
    )
    words = Templates(complete(tmp_path, "fr", said)).render("confirmation", "fr", VALUES)
    assert words.text == "SIGN UP Sign… 7 Sign we have it. / See you soon. 1,2"


def test_what_comes_with_it_is_what_it_says_it_is() -> None:
    """The variables that are tried are those that mails are made with."""
    for mail in variables.MAILS.values():
        assert {*mail.full} == {*mail.bare}
    assert template_set.BUILT_IN.is_dir()
