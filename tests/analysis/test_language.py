"""Which language a text is in: invented sentences, and the laws of the rule."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.language import detect
from analysis.text import analyse

SENTENCES = Path(__file__).parents[3] / "shared" / "data" / "sib200_ru_uk_en" / "dev.jsonl.gz"

FOREIGN_HEADLINES = [
    "Bundestag stimmt über neuen Haushalt ab",
    "Schwere Unwetter legen Bahnverkehr lahm",
    "Polizei nimmt drei Verdächtige fest",
    "Ölpreise steigen nach Angriff",
    "Kanzler trifft Präsidenten in Paris",
    "Neue Regeln für Mieter ab Januar",
    "Sejm przyjął ustawę budżetową",
    "Pożar hali pod Warszawą",
    "Premier spotkał się z prezydentem",
    "Inflacja spadła do trzech procent",
    "Reprezentacja Polski wygrała mecz",
    "Burze nad Pomorzem",
    "Merkez Bankası faiz kararını açıkladı",
    "İstanbul'da yoğun kar yağışı",
    "Bakan yeni paketi duyurdu",
    "Depremde can kaybı arttı",
    "Milli takım finale yükseldi",
    "У Мінску адкрылі новую станцыю метро",
    "Сёння ўвечары чакаецца моцны вецер",
    "Беларускія спартсмены заваявалі медаль",
    "Улады абвясцілі вынікі выбараў",
    "Пажар у Гомелі: ёсць ахвяры",
    "Парламентът прие бюджета за догодина",
    "Тежка катастрофа на магистралата край Пловдив",
    "Министърът подаде оставка",
    "Силен вятър и дъжд в цялата страна",
    "Цените на тока се повишават от януари",
    "Қазақстанда жаңа заң қабылданды",
    "Алматыда қатты жел тұрды",
    "Президент жолдауын жариялады",
    "Мұнай бағасы өсті",
    "Құтқарушылар өртті сөндірді",
    "Скупштина усвојила буџет за наредну годину",
    "Тешка несрећа на ауто-путу код Ниша",
    "Председник се састао са министрима",
    "Снег и ветар широм земље",
    "Цена струје расте од јануара",
    "Le Parlement adopte la loi de finances",
    "Un séisme frappe le sud du pays",
    "Grève des trains jeudi prochain",
    "Les prix du gaz baissent",
    "Incendie près de Marseille",
    "El Congreso aprueba los presupuestos",
    "Un terremoto sacude el norte",
    "La selección gana la final",
    "Sube el precio de la luz",
    "Detenidos tres sospechosos en Madrid",
    "Il governo approva la manovra",
    "Terremoto in Calabria, nessun ferito",
    "Sciopero dei treni venerdì",
    "Cala il prezzo del gas",
    "Incendio a Torino",
    "Vláda schválila nový rozpočet",
    "Požár skladu v Brně",
    "Silný vítr láme stromy",
    "Guvernul a aprobat bugetul",
    "Incendiu puternic la Iași",
    "Prețul gazelor scade",
]
HEADLINES = {
    "ru": [
        "Центробанк сохранил ключевую ставку",
        "Суд арестовал бывшего мэра",
        "Пожар на складе потушен",
        "Сборная проиграла Испании",
        "Рубль укрепился к доллару",
        "Взрыв прогремел в Белгороде",
        "Погода в Москве испортится",
        "Дума приняла законопроект",
        "Нефть подешевела",
        "Депутат подал в отставку",
        "В Сочи отменили рейсы",
        "Учёные открыли планету",
    ],
    "uk": [
        "Нацбанк зберіг облікову ставку",
        "Суд заарештував колишнього мера",
        "Пожежу на складі загасили",
        "Збірна програла Іспанії",
        "Гривня зміцнилася до долара",
        "Вибух пролунав у Харкові",
        "Погода у Києві зіпсується",
        "Рада ухвалила законопроєкт",
        "Нафта подешевшала",
        "Депутат склав мандат",
        "Загроза балістики",
        "Росіяни атакували Суми",
    ],
    "en": [
        "Central bank holds interest rates",
        "Court jails former mayor",
        "Warehouse fire kills two",
        "Oil prices tumble",
        "Dollar gains ground",
        "Blast rocks Kharkiv",
        "Storm hits Florida coast",
        "Senate passes budget bill",
        "Explosions heard near Kyiv",
        "Chelsea sack manager",
        "NATO chief visits Warsaw",
        "Bitcoin drops below $90,000",
    ],
}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Вечером над Озёрском прошла сильная гроза, часть улиц осталась без света", "ru"),
        ("Мэр рассказал о ремонте моста", "ru"),
        ("Увечері над Озерськом пройшла сильна гроза, частина вулиць залишилася без світла", "uk"),
        ("Мер розповів про ремонт мосту", "uk"),
        ("A heavy storm passed over the town of Lakeside in the evening", "en"),
        ("Mayor opens bridge", "en"),
    ],
)
def test_a_sentence_is_told_by_its_letters_and_small_words(text: str, language: str) -> None:
    assert detect(analyse(text)) == language


def test_names_in_latin_letters_do_not_make_a_russian_post_english() -> None:
    assert detect(analyse("Новый Pixel против iPhone и Galaxy: что купить")) == "ru"


def test_a_belarusian_name_in_a_russian_post_changes_nothing() -> None:
    assert detect(analyse("Режиссёр Каліноўскі приехал на фестиваль, чтобы показать фильм")) == "ru"


def test_a_ukrainian_name_in_a_russian_post_changes_nothing() -> None:
    assert detect(analyse("Вы слышали, что «Київ» снова на вывеске этого кафе? Мы были там")) == "ru"


def test_a_post_without_ukrainian_letters_is_known_by_its_words() -> None:
    assert detect(analyse("Чому ви не там, де вона була")) == "uk"


@pytest.mark.parametrize("text", ["", "12 345", "🔥🔥🔥", "https://example.org/news @somebody"])
def test_a_text_without_words_has_no_language(text: str) -> None:
    assert detect(analyse(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Учора ўвечары над горадам прайшла навальніца, і ўсе вуліцы засталіся без святла",
        "Gestern Abend zog ein heftiges Gewitter über die kleine Stadt hinweg",
        "昨夜は激しい雷雨がありました",
    ],
)
def test_another_language_is_not_taken_for_ours(text: str) -> None:
    assert detect(analyse(text)) is None


@given(st.text(max_size=200))
def test_any_text_has_one_of_three_languages_or_none(text: str) -> None:
    assert detect(analyse(text)) in {"ru", "uk", "en", None}


@given(st.text(alphabet="абвгдеєжзиіїйклмнопрстуфхцчшщьюяыэъ .,", max_size=120))
def test_case_makes_no_difference(text: str) -> None:
    assert detect(analyse(text)) == detect(analyse(text.upper()))


def test_headlines_of_three_to_six_words_are_told() -> None:
    told = [detect(analyse(text)) == language for language, texts in HEADLINES.items() for text in texts]
    assert sum(told) >= 0.98 * len(told)


def test_headlines_in_other_languages_are_taken_for_none_of_ours() -> None:
    told = [detect(analyse(text)) is None for text in FOREIGN_HEADLINES]
    assert sum(told) >= 0.95 * len(told)


def test_a_short_ukrainian_headline_without_letters_of_its_own_is_told_by_the_dictionary() -> None:
    assert detect(analyse("Депутат склав мандат")) == "uk"


@pytest.mark.skipif(
    not SENTENCES.exists(), reason="the sentences of ../shared/data are not here; they are never shipped"
)
@pytest.mark.parametrize("words", [5, 8])
def test_beginnings_of_sentences_are_told_by_language(words: int) -> None:
    with gzip.open(SENTENCES, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    told = [detect(analyse(" ".join(row["text"].split()[:words]))) == row["lang"] for row in rows]
    assert sum(told) >= 0.98 * len(told)
