"""The console's catalogues: complete, with the plurals of each language, and nothing said elsewhere."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import web
from matching.errors import SENTENCES
from storage.delivery_figures import Refusal
from storage.models import Base
from web.texts import CATALOGUES, ENGLISH, Texts, accepted
from web.wording import number

TRANSLATED = pytest.mark.parametrize("texts", [CATALOGUES["ru"], CATALOGUES["uk"]], ids=["ru", "uk"])
FOLDER = Path(web.__file__).parent


def values_in(sentence: str) -> set[str]:
    """Names of the values that a sentence holds."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@TRANSLATED
def test_every_sentence_is_there_and_holds_the_same_values(texts: Texts) -> None:
    assert texts.sentences.keys() == ENGLISH.keys()
    for key, english in ENGLISH.items():
        other = texts.sentences[key]
        if isinstance(english, str):
            assert isinstance(other, str), key
            assert values_in(other) == values_in(english), key
        else:
            assert not isinstance(other, str), key
            assert len(english) == 2, key
            assert len(other) == 3, key
            assert {frozenset(values_in(form)) for form in other} == {frozenset(values_in(english[0]))}, key


@TRANSLATED
def test_nothing_is_left_untranslated(texts: Texts) -> None:
    same = {key for key, sentence in texts.sentences.items() if sentence == ENGLISH[key]}
    assert same == {"burst_times"}


@TRANSLATED
def test_every_mistake_in_a_query_has_its_sentence(texts: Texts) -> None:
    assert texts.errors.keys() == SENTENCES.keys()


def test_every_sentence_that_templates_ask_for_exists_and_every_one_is_asked_for() -> None:
    source = "".join(path.read_text("utf-8") for path in [*FOLDER.rglob("*.html"), *FOLDER.rglob("*.py")]
                     if path.parent.name != "texts")  # fmt: skip
    whole = set(re.findall(r"\b[tn]\('([a-z_0-9]+)'[,)]", source))
    assert whole <= ENGLISH.keys()
    begun = set(re.findall(r"\bt\('([a-z_]+_)(?:'|%)", source))
    quoted = set(re.findall(r"[\"']([a-z_0-9]+)[\"']", source))
    unasked = {key for key in ENGLISH if key not in whole | quoted and not key.startswith(tuple(begun))}
    assert unasked == {"error_400", "error_401", "error_403", "error_404", "error_405", "error_413", "error_429",
                       "error_500", "error_503", "months", "span_minutes", "span_hours", "span_days"}  # fmt: skip


def test_every_refusal_of_a_delivery_has_its_sentence() -> None:
    assert {f"said_refused_{refusal.name.lower()}" for refusal in Refusal} <= ENGLISH.keys()


@pytest.mark.parametrize(
    ("table", "column", "begins"),
    [
        ("deliveries", "kind", "delivery_kind_"),
        ("deliveries", "state", "delivery_"),
        ("channels", "state", "state_"),
        ("story_posts", "kind", "kind_"),
        ("operators", "theme", "theme_"),
        ("operators", "language", "language_"),
    ],
)
def test_every_word_that_the_database_may_hold_has_its_sentence(table: str, column: str, begins: str) -> None:
    (rule,) = (each for each in Base.metadata.tables[table].constraints if each.name == f"ck_{table}_{column}")
    words = re.findall(r"'(\w+)'", str(rule.sqltext))  # type: ignore[attr-defined]
    assert len(words) > 2
    assert {f"{begins}{word}" for word in words} <= ENGLISH.keys()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["0 posts", "1 post", "2 posts", "21 posts", "1,005 posts"]),
        ("ru", ["0 постов", "1 пост", "2 поста", "21 пост", "1\u00a0005 постов"]),
        ("uk", ["0 дописів", "1 допис", "2 дописи", "21 допис", "1\u00a0005 дописів"]),
    ],
)
def test_counts_have_the_forms_of_each_language(language: str, said: list[str]) -> None:
    assert [CATALOGUES[language].count("posts_n", n) for n in (0, 1, 2, 21, 1005)] == said


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert [number(CATALOGUES[each], 1234567) for each in ("en", "ru")] == ["1,234,567", "1\u00a0234\u00a0567"]
    assert [number(CATALOGUES[each], 2.5) for each in ("en", "uk")] == ["2.5", "2,5"]
    assert number(CATALOGUES["en"], None) == "–"


@pytest.mark.parametrize(
    ("header", "language"),
    [("uk-UA,uk;q=0.9,en;q=0.8", "uk"), ("de,ru;q=0.5", "ru"), ("", "en"), ("xx;;,,=", "en"), ("EN-gb", "en")],
)
def test_a_browser_is_spoken_to_in_the_first_language_that_we_have(header: str, language: str) -> None:
    assert accepted(header).language == language


@pytest.mark.parametrize("texts", CATALOGUES.values(), ids=CATALOGUES)
def test_there_are_twelve_months(texts: Texts) -> None:
    assert len(texts.months) == 12
