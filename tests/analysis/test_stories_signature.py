"""Signatures: what is kept of a text, the same in every process, and refused when it is of another make."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.language import detect
from analysis.stories import Signature, SignatureError, sign
from analysis.stories.footers import without_footer
from analysis.stories.skeletons import skeleton
from analysis.text import analyse

LONG = "В Приозёрске обрушился мост через Ладву, упали 3 машины, сообщил губернатор Лукин в среду вечером. " * 4
MADE_ELSEWHERE = """
from tests.analysis.test_stories_signature import LONG, signature
print(signature(LONG).to_bytes().hex())
"""


def signature(text: str) -> Signature:
    terms = analyse(text)
    return sign(text, terms, detect(terms))


@settings(deadline=None)
@given(st.text(alphabet="абвгіїabc 12.\n-#@", max_size=200))
def test_signature_comes_back_from_its_bytes(text: str) -> None:
    made = signature(text)

    assert Signature.from_bytes(made.to_bytes()) == made


def test_signature_is_the_same_in_another_process() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    elsewhere = subprocess.run(
        [sys.executable, "-c", MADE_ELSEWHERE], capture_output=True, text=True, check=True, env=environment
    )

    assert elsewhere.stdout.strip() == signature(LONG).to_bytes().hex()


@pytest.mark.parametrize(
    "packed", [b"", b"\x00" * 8, signature(LONG).to_bytes()[:-1], b"\xff" + signature("мост").packed[1:]]
)
def test_bytes_of_another_make_are_refused(packed: bytes) -> None:
    with pytest.raises(SignatureError):
        Signature.from_bytes(packed)


def test_sixty_words_take_less_than_four_hundred_bytes() -> None:
    text = " ".join(f"Слово{letter}{other} 1{ord(letter)}" for letter in "абвгдежз" for other in "клмн")

    assert len(analyse(text).forms) == 64
    assert len(signature(text).to_bytes()) <= 400


def test_footer_is_not_signed() -> None:
    assert (
        signature("Горит склад в Каменске\n\n👉 Каменск. Подписаться").terms
        == signature("Горит склад в Каменске").terms
    )


def test_first_sentence_is_known_from_the_rest() -> None:
    assert (
        signature("Рухнул мост. Приехал губернатор Лукин").title == signature("Рухнул мост\nПриехал Лукин").title == 2
    )
    assert signature("Рухнул мост").title == 2


def test_numbers_in_words_and_in_digits_are_one() -> None:
    written, spelled = (set(signature(f"{nine} лет колонии").terms) for nine in ("9", "девять"))

    assert written == spelled
    assert len([term for term in written if term & 1]) == 1


def test_names_are_capitalised_words_that_begin_no_sentence() -> None:
    made = signature("Вчера приехал Лукин. Потом уехал")

    assert len(made.names) == 1
    assert set(made.names) < set(made.terms)


@pytest.mark.parametrize(
    "names",
    [("кличко", "klitschko", "klychko"), ("харків", "харьков", "kharkiv"), ("зеленский", "зеленський", "zelensky")],
)
def test_transliterations_share_a_skeleton(names: tuple[str, ...]) -> None:
    assert len({skeleton(name) for name in names}) == 1
    assert skeleton(names[0]) != skeleton("лавров")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Горит склад\n\n🔴 Подписаться | Прислать новость", "Горит склад"),
        ("Горить склад\nНадіслати новину\n@channel", "Горить склад"),
        ("Вышел указ\nПрезидент подписал закон", "Вышел указ\nПрезидент подписал закон"),
        ("Подписаться", "Подписаться"),
        ("Курс\n105,06", "Курс\n105,06"),
    ],
)
def test_only_lines_that_ask_for_something_are_footers(text: str, kept: str) -> None:
    assert without_footer(text) == kept
