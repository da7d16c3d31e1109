"""The catalogues: complete, with the plurals of each language, and the only place of what the bot says."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot
from analysis.plurals import east_slavic_form, english_form
from bot.handlers import mute
from bot.handlers.edit import number_asked_for as edited_number
from bot.handlers.registry import COMMANDS
from bot.handlers.subscriptions import number_asked_for
from bot.handlers.words import is_answer_to_watch
from bot.post_view import span_of, time_of
from bot.rich_text import fill
from bot.texts import CATALOGUES, LANGUAGES, Catalogue, base_language, texts_in
from bot.texts.en import ENGLISH
from bot.texts.ru import RUSSIAN
from bot.texts.uk import UKRAINIAN
from matching.conditions import KINDS, STRICT
from matching.errors import SENTENCES
from matching.query import parse
from tests.matching.mistakes import MISTAKES, mistake

EVERY = pytest.mark.parametrize("texts", CATALOGUES.values(), ids=CATALOGUES)
TRANSLATED = pytest.mark.parametrize("texts", [RUSSIAN, UKRAINIAN], ids=["ru", "uk"])

CODE = re.compile(
    r"\{\w+\}|/[a-z_]+( operator)?|[@#]\w+|channelwatch( [a-z]+)+|\(update set aside\)|English|t\.me"  # what is typed
    r"|(burst:)?topic:(economy)?|burst:"
)
"""Pieces of a sentence that are the same in every language."""

NAMES = {"Telegram", "JSON", "UTC", "NTP", "OR", STRICT, *KINDS}
"""Words in Latin letters that a Russian or Ukrainian sentence may have."""

MOST_LATIN = re.compile(r"[A-Za-z]{2,}")
WORDS = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}")
SENTENCE = re.compile(r"[A-ZА-ЯІЇЄҐ][^\W\d_]+ [^\W\d_]{2,}")


@pytest.mark.parametrize(
    ("n", "form"),
    [(0, 2), (1, 0), (2, 1), (4, 1), (5, 2), (11, 2), (12, 2), (14, 2), (21, 0), (22, 1), (25, 2), (111, 2), (121, 0)],
)
def test_russian_and_ukrainian_count_in_three_forms(n: int, form: int) -> None:
    assert east_slavic_form(n) == form


def test_english_counts_in_two_forms() -> None:
    assert [english_form(n) for n in (0, 1, 2, 21, 101)] == [1, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("ru", 1, "За последние 7 дней: 1 пост."),
        ("ru", 22, "За последние 7 дней: 22 поста."),
        ("ru", 111, "За последние 7 дней: 111 постов."),
        ("uk", 21, "За останні 7 днів: 21 допис."),
        ("uk", 3, "За останні 7 днів: 3 дописи."),
        ("uk", 0, "За останні 7 днів: 0 дописів."),
    ],
)
def test_numbers_agree_with_what_they_count(language: str, n: int, said: str) -> None:
    texts = texts_in(language)
    assert fill(texts.counted(texts.last_days, n), n=n).text == said


@pytest.mark.parametrize(
    ("code", "language"),
    [("uk-UA", "uk"), ("ru", "ru"), ("RU_ru", "ru"), ("pt-br", "en"), (None, "en"), ("", "en"), ("EN_us", "en")],
)
def test_a_language_tag_becomes_a_language_we_know(code: str | None, language: str) -> None:
    assert base_language(code) == language
    assert texts_in(language).language == language


def test_a_language_that_is_not_ready_speaks_english() -> None:
    assert texts_in("xx") is ENGLISH


def test_every_language_that_a_subscriber_may_have_is_ready() -> None:
    assert LANGUAGES == tuple(CATALOGUES) == ("en", "ru", "uk")


@EVERY
def test_nothing_is_left_empty(texts: Catalogue) -> None:
    assert [name for name, said in sentences(texts) if not said.strip()] == []


@EVERY
def test_every_sentence_names_the_same_values_as_in_english(texts: Catalogue) -> None:
    for field in dataclasses.fields(Catalogue):
        ours, theirs = getattr(texts, field.name), getattr(ENGLISH, field.name)
        if isinstance(ours, str):
            assert names_in(ours) == names_in(theirs), field.name
        elif is_counted(theirs):
            assert [names_in(form) for form in ours] == [names_in(theirs[-1])] * len(ours), field.name


@EVERY
def test_every_counted_sentence_has_each_form_of_its_language(texts: Catalogue) -> None:
    forms = {texts.form_of(n) for n in range(200)}
    counted = [field.name for field in dataclasses.fields(Catalogue) if is_counted(getattr(ENGLISH, field.name))]
    assert "last_days" in counted
    assert {name: len(getattr(texts, name)) for name in counted} == dict.fromkeys(counted, len(forms))


@TRANSLATED
def test_no_sentence_is_left_in_english(texts: Catalogue) -> None:
    for name, said in sentences(texts):
        assert set(MOST_LATIN.findall(CODE.sub("", said))) <= NAMES, f"{name}: {said}"


@TRANSLATED
def test_what_has_parts_has_the_same_parts_as_in_english(texts: Catalogue) -> None:
    assert len(texts.months) == 12
    assert [kind for kind, _ in texts.media] == [kind for kind, _ in ENGLISH.media]
    assert [name for name, _ in texts.commands] == [name for name, _ in ENGLISH.commands]
    assert len(texts.examples) == len(ENGLISH.examples)
    assert len(texts.help_examples) == len(ENGLISH.help_examples)


@pytest.mark.parametrize(("texts", "foreign"), [(RUSSIAN, "іїєґ"), (UKRAINIAN, "ыэъё")], ids=["ru", "uk"])
def test_neither_language_has_letters_of_the_other(texts: Catalogue, foreign: str) -> None:
    for name, said in sentences(texts):
        assert name == "commands" or not set(foreign) & set(said.lower()), f"{name}: {said}"


@EVERY
def test_quotation_marks_and_apostrophes_are_the_languages_own(texts: Catalogue) -> None:
    straight = {"'", '"', "`"} if texts is not ENGLISH else {'"', "`"}
    foreign = {"“", "”"} if texts is not ENGLISH else {"«", "»"}
    for name, said in sentences(texts):
        assert not (straight | foreign) & set(said), f"{name}: {said}"


@EVERY
def test_every_mistake_in_a_query_is_explained(texts: Catalogue) -> None:
    assert set(texts.query_errors) == set(SENTENCES)
    for code in MISTAKES:
        error = mistake(code)
        assert names_in(texts.query_errors[code]) == names_in(SENTENCES[code]), code
        assert texts.refusal(error) == texts.query_errors[code].format_map(error.values)


@EVERY
def test_what_help_shows_is_read_as_help_says(texts: Catalogue) -> None:
    for query, _ in texts.help_examples:
        # Some of them narrow too little to stand alone, and bursts do nothing else.
        parse(query if query.startswith("burst:") else f"{query} {texts.examples[0]}")
    assert str(parse(texts.help_examples[1][0])).count(" OR ") == 1


@EVERY
def test_the_menu_lists_exactly_the_commands_that_exist(texts: Catalogue) -> None:
    assert {name for name, _ in texts.commands} == set(COMMANDS)
    assert all(1 <= len(description) <= 256 for _, description in texts.commands)


@EVERY
def test_every_example_is_a_query_that_can_be_kept(texts: Catalogue) -> None:
    for query in texts.examples:
        parse(query)


@EVERY
def test_questions_are_known_again_in_the_answers_to_them(texts: Catalogue) -> None:
    assert number_asked_for(fill(texts.ask_name, name="(#7)", number=123).text) == "123"
    assert edited_number(fill(texts.ask_query, name="(x #7)", query="x", number=123).text) == "123"
    assert is_answer_to_watch(texts.ask_words)
    assert mute.is_answer(texts.mute_ask_word)


@EVERY
def test_answers_to_buttons_fit_into_telegrams_200_characters(texts: Catalogue) -> None:
    said = (texts.stale, texts.only_administrators, texts.anonymous, texts.went_wrong, texts.paused, texts.resumed)
    assert max(map(len, said)) <= 200


@EVERY
def test_hints_in_the_field_fit_into_telegrams_64_characters(texts: Catalogue) -> None:
    assert all(1 <= len(said) <= 64 for name, said in sentences(texts) if name.endswith("_hint"))


@pytest.mark.parametrize(
    ("language", "today", "earlier", "span"),
    [
        ("en", "14:05 UTC", "5 Mar 2025, 14:05 UTC", "3 d"),
        ("ru", "14:05 UTC", "5 марта 2025, 14:05 UTC", "3 дн."),
        ("uk", "14:05 UTC", "5 березня 2025, 14:05 UTC", "3 дн."),
    ],
)
def test_days_and_spans_are_written_as_people_there_write_them(
    language: str, today: str, earlier: str, span: str
) -> None:
    texts, moment = texts_in(language), dt.datetime(2025, 3, 5, 14, 5, tzinfo=dt.UTC)
    assert time_of(moment, dt.UTC, texts, now=moment) == today
    assert time_of(moment, dt.UTC, texts, now=moment.replace(year=2026)) == earlier
    assert span_of(dt.timedelta(days=3), texts) == span


@given(st.sampled_from([RUSSIAN, UKRAINIAN]), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_number_chooses_its_form_by_its_last_two_digits(texts: Catalogue, n: int, hundreds: int) -> None:
    assert texts.form_of(n) == texts.form_of(n + 100 * hundreds)


def test_no_module_holds_sentences_of_its_own() -> None:
    for path in modules():
        composes = path.parent.name == "handlers" or "bot.rich_text import" in path.read_text(encoding="utf-8")
        # Whoever composes messages has no two words side by side: commands, marks and field names do not. Elsewhere
        # such words are Telegram's own, cities, or what stands in a row or a log: none of those is a sentence.
        own = WORDS if composes else SENTENCE
        assert [said for said in literals(path) if own.search(said)] == [], path.name


def test_no_module_says_a_word_of_its_own() -> None:
    speaking = {"Button", "plain", "bold", "italic", "fill", "say", "change", "answer", "Refused", "Message"}
    for path in modules():
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and name_of(call.func) in speaking and call.args:
                said = "".join(strings_in(call.args[0]))
                assert not re.search(r"[^\W\d_]{2,}", said), f"{path.name}: {said}"


def test_a_sentence_outside_the_catalogues_would_be_found(tmp_path: Path) -> None:
    module = tmp_path / "handler.py"
    module.write_text('"""A sentence."""\nlog.info("post not stored")\nreply = "Nothing was found"\n', encoding="utf-8")
    assert literals(module) == ["Nothing was found"]
    assert SENTENCE.search("Nothing was found")


def modules() -> list[Path]:
    """The modules of the bot that are no catalogues."""
    (folder,) = map(Path, bot.__path__)
    found = [path for path in folder.rglob("*.py") if path.parent.name != "texts"]
    assert len(found) > 40
    return found


def literals(path: Path) -> list[str]:
    """The string constants of a module without its docstrings, its log lines and the texts of its exceptions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node) for part in ast.walk(tree) if is_silent(part) for node in ast.walk(part)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent
    ]


def is_silent(node: ast.AST) -> bool:
    """Whether nothing in this part of a module is said to a person in a chat."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return name_of(node.func.value) == "log" or node.func.attr == "__init__"
    return isinstance(node, ast.Raise | ast.Assert)


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def strings_in(node: ast.expr) -> Iterator[str]:
    """The constants that an argument is made of."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    yield from (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def sentences(texts: Catalogue) -> Iterator[tuple[str, str]]:
    """Everything that a catalogue says, by field: without the queries among its examples, which are code."""
    for field in dataclasses.fields(Catalogue):
        value = getattr(texts, field.name)
        if field.name in ("language", "form_of", "examples"):
            continue
        if isinstance(value, str):
            yield field.name, value
        elif isinstance(value, Mapping):
            yield from ((field.name, said) for said in value.values())
        else:
            yield from ((field.name, each if isinstance(each, str) else each[1]) for each in value)


def is_counted(value: object) -> bool:
    """Whether a field holds the forms of a counted sentence."""
    return isinstance(value, tuple) and all(isinstance(form, str) and names_in(form) for form in value)


def names_in(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}
