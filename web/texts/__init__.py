"""Everything the console says, by language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.plurals import east_slavic_form, english_form
from matching.error_sentences import RUSSIAN as RUSSIAN_ERRORS
from matching.error_sentences import UKRAINIAN as UKRAINIAN_ERRORS
from matching.errors import SENTENCES, QueryError
from web.texts.en import ENGLISH
from web.texts.ru import RUSSIAN
from web.texts.uk import UKRAINIAN

__all__ = ["CATALOGUES", "ENGLISH", "Texts", "accepted"]

Sentences = Mapping[str, str | tuple[str, ...]]
"""Sentences by key, `{names}` where values go; of counted ones their forms, as `form_of` counts them."""


@dataclass(frozen=True)
class Texts:
    """One language."""

    language: str
    name: str
    sentences: Sentences
    errors: Mapping[str, str]
    """What is wrong with a query, by the codes of `matching.errors`."""
    form_of: Callable[[int], int]
    digits: Mapping[int, str]
    """How numbers written in English are changed."""

    @property
    def months(self) -> tuple[str, ...]:
        """January first, short, as they stand behind a day's number."""
        return tuple(self.say("months").split())

    def say(self, key: str, **values: Any) -> str:
        """The sentence of that key. Raises KeyError for an unknown one."""
        sentence = self.sentences[key]
        if not isinstance(sentence, str):
            raise TypeError(f"{key} is counted")
        return sentence.format_map(values) if values else sentence

    def count(self, key: str, n: int, **values: Any) -> str:
        """The counted sentence of that key, in the form for `n`, which is `{n}` in it."""
        forms = self.sentences[key]
        form = forms if isinstance(forms, str) else forms[self.form_of(n)]
        return form.format_map({"n": f"{n:,}".translate(self.digits), **values})

    def wrong(self, error: QueryError) -> str:
        """What is wrong with a query."""
        return self.errors[error.code].format_map(error.values)


_SPACED = str.maketrans({",": "\u00a0", ".": ","})
"""CLDR, number symbols of ru and uk: a no-break space between thousands, a comma before decimals."""

CATALOGUES: Mapping[str, Texts] = {
    texts.language: texts
    for texts in (
        Texts("en", "English", ENGLISH, SENTENCES, english_form, {}),
        Texts("ru", "Русский", RUSSIAN, RUSSIAN_ERRORS, east_slavic_form, _SPACED),
        Texts("uk", "Українська", UKRAINIAN, UKRAINIAN_ERRORS, east_slavic_form, _SPACED),
    )
}


def accepted(header: str) -> Texts:
    """The language of an Accept-Language header that it names first and that we have; else English."""
    for part in header.split(","):
        base = part.split(";")[0].strip().partition("-")[0].lower()
        if base in CATALOGUES:
            return CATALOGUES[base]
    return CATALOGUES["en"]
