"""The catalogues: complete, with the plurals of each language, and the only place of what the bot says."""

from __future__ import annotations

import ast
import dataclasses
import re
import string
from pathlib import Path

import pytest

import bot.handlers
from bot.handlers.registry import COMMANDS
from bot.handlers.subscriptions import number_asked_for
from bot.rich_text import fill
from bot.texts import CATALOGUES, Catalogue, base_language, texts_in
from bot.texts.catalogue import east_slavic_form
from bot.texts.en import ENGLISH
from matching.query import parse

EVERY = pytest.mark.parametrize("texts", CATALOGUES.values(), ids=CATALOGUES)


@pytest.mark.parametrize(
    ("n", "form"),
    [(0, 2), (1, 0), (2, 1), (4, 1), (5, 2), (11, 2), (12, 2), (14, 2), (21, 0), (22, 1), (25, 2), (111, 2), (121, 0)],
)
def test_russian_and_ukrainian_count_in_three_forms(n: int, form: int) -> None:
    assert east_slavic_form(n) == form


def test_a_language_says_in_english_what_it_does_not_have() -> None:
    texts = dataclasses.replace(
        ENGLISH, language="uk", form_of=east_slavic_form, last_days=("{n} допис", "{n} дописи", "{n} дописів")
    )
    assert texts.counted(texts.last_days, 22) == "{n} дописи"
    assert texts.counted(texts.list_title, 5) == "You have {n} subscriptions:"
    assert texts.subscribe == ENGLISH.subscribe


@pytest.mark.parametrize(
    ("code", "language"), [("uk-UA", "uk"), ("ru", "ru"), ("pt-br", "en"), (None, "en"), ("", "en"), ("EN_us", "en")]
)
def test_a_language_tag_becomes_a_language_we_know(code: str | None, language: str) -> None:
    assert base_language(code) == language


def test_a_language_that_is_not_ready_speaks_english() -> None:
    assert texts_in("xx") is ENGLISH


@EVERY
def test_every_sentence_names_the_same_values_as_in_english(texts: Catalogue) -> None:
    for field in dataclasses.fields(Catalogue):
        ours, theirs = getattr(texts, field.name), getattr(ENGLISH, field.name)
        if isinstance(ours, str):
            assert names_in(ours) == names_in(theirs), field.name


@EVERY
def test_the_menu_lists_exactly_the_commands_that_exist(texts: Catalogue) -> None:
    assert {name for name, _ in texts.commands} == set(COMMANDS)
    assert all(1 <= len(description) <= 256 for _, description in texts.commands)


@EVERY
def test_every_example_is_a_query_that_can_be_kept(texts: Catalogue) -> None:
    for query in texts.examples:
        parse(query)


@EVERY
def test_the_question_for_a_name_carries_the_number(texts: Catalogue) -> None:
    assert number_asked_for(fill(texts.ask_name, name="(#7)", number=123).text) == "123"


@EVERY
def test_answers_to_buttons_fit_into_telegrams_200_characters(texts: Catalogue) -> None:
    sentences = (texts.stale, texts.only_administrators, texts.anonymous, texts.went_wrong, texts.paused, texts.resumed)
    assert max(map(len, sentences)) <= 200


def test_no_handler_holds_words_of_its_own() -> None:
    folder = Path(bot.handlers.__file__).parent
    pure = [folder.parent / name for name in ("alerts.py", "digests.py", "notices.py", "post_view.py")]
    for path in [*folder.glob("*.py"), *pure]:
        for said in literals(path):
            # Sentences have two words side by side; commands, marks and field names do not.
            assert not re.search(r"[A-Za-zА-я]{2,} [A-Za-zА-я]{2,}", said), f"{path.name}: {said}"


def literals(path: Path) -> list[str]:
    """The string constants of a module without its docstrings and the texts of its exceptions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    ]


def names_in(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}
