"""What a post is about: invented posts in three languages, the rules of scoring, and the figure on labelled posts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.learned import beginning
from analysis.lexicon import LexiconError, read_lexicon, shipped
from analysis.taxonomy import TOPICS
from analysis.text import analyse
from analysis.topics import MOST_TOPICS, TopicScore, classify, classify_with

NEWS_WORDS = ["война", "суд", "выборы", "нефть", "матч", "снег", "врач", "фильм", "школа", "и", "скидка", "the"]

SMALL = {
    "none": '[[words]]\nweight = 2.0\nru = "промокод"',
    "conflict": """
        [[words]]
        weight = 2.0
        ru = "перемирие, прекращение огня, мир + переговоры"
        [[words]]
        weight = 1.0
        ru = "фронт, ракета"
        [[words]]
        weight = -2.0
        ru = "холодный фронт"
        """,
    "economy": 'threshold = 1.0\n[[words]]\nweight = 1.0\nru = "нефть"\nen = "=importer"',
}


def best(text: str) -> str | None:
    scores = classify(analyse(text))
    return scores[0].code if scores else None


def small(text: str, documents: dict[str, str] = SMALL) -> dict[str, TopicScore]:
    return {score.code: score for score in classify_with(read_lexicon(documents), analyse(text))}


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Ночью посёлок обстреляли из миномётов, двое солдат ранены", "conflict"),
        ("Уночі селище обстріляли з мінометів, двоє бійців поранені", "conflict"),
        ("Both sides agreed to a ceasefire after weeks of shelling", "conflict"),
        ("Парламент Северии принял законопроект о выборах мэров", "politics"),
        ("Парламент Північчини ухвалив законопроєкт про вибори", "politics"),
        ("Lawmakers rejected the bill and called a new election", "politics"),
        ("Центробанк поднял ключевую ставку, инфляция замедлилась", "economy"),
        ("Нацбанк підвищив облікову ставку, інфляція сповільнилася", "economy"),
        ("The central bank raised interest rates to fight inflation", "economy"),
        ("Суд приговорил мошенника к пяти годам колонии", "crime"),
        ("Суд засудив шахрая до п'яти років позбавлення волі", "crime"),
        ("Police arrested a suspect over the robbery", "crime"),
        ("На складе вспыхнул пожар, спасатели эвакуировали людей", "disaster"),
        ("На складі спалахнула пожежа, рятувальники евакуювали людей", "disaster"),
        ("Firefighters evacuated a village after the earthquake", "disaster"),
        ("Вратарь отбил пенальти, и сборная вышла в полуфинал", "sport"),
        ("Воротар відбив пенальті, і збірна вийшла у півфінал", "sport"),
        ("The goalkeeper saved a penalty and the team reached the semifinal", "sport"),
        ("Синоптики обещают метель и гололёд", "weather"),
        ("Синоптики обіцяють хуртовину та ожеледицю", "weather"),
        ("Forecasters expect a blizzard and strong winds", "weather"),
        ("Врачи начали вакцинацию от кори", "health"),
        ("Лікарі почали вакцинацію від кору", "health"),
        ("Doctors began a vaccination campaign against measles", "health"),
        ("Учёные нашли новую галактику с помощью телескопа", "science"),
        ("Школьники сдают экзамен по новой программе", "education"),
        ("Патриарх совершил литургию в храме", "religion"),
        ("Режиссёр представил новый фильм в кинотеатре", "arts"),
        ("Профспілка оголосила страйк через низьку зарплату", "labour"),
        ("Браконьеры убили краснокнижного леопарда в заповеднике", "environment"),
        ("Волонтёры открыли приют для бездомных", "society"),
        ("Туристи забронювали готель на курорті", "lifestyle"),
        ("Котёнок и щенок попали в Книгу рекордов", "human_interest"),
    ],
)
def test_a_plain_post_gets_its_topic_first(text: str, topic: str) -> None:
    assert best(text) == topic


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Доброе утро, друзья! Как ваши дела?",
        "Доброго ранку! Гарного дня всім!",
        "Good morning everyone, have a nice day",
        "Промокод ВЕСНА: скидка до 50 % на все блюда ресторана, доставка бесплатно",
        "https://example.org @somebody 🔥",
    ],
)
def test_advertising_greetings_and_nothing_have_no_topic(text: str) -> None:
    assert best(text) is None


@pytest.mark.parametrize(
    ("text", "not_topic"),
    [
        ("Холодный фронт принесёт снег и мороз", "conflict"),
        ("Most important: feeling well and resting well", "lifestyle"),
        ("An important step for the whole village", "economy"),
        ("По данным на сегодня, всё спокойно", "science"),
        ("Матч закончился, главный тренер доволен атакой и обороной", "conflict"),
    ],
)
def test_a_word_with_another_life_does_not_mislead(text: str, not_topic: str) -> None:
    assert not_topic not in {score.code for score in classify(analyse(text))}


def test_the_words_behind_a_label_are_the_posts_own_with_their_shares() -> None:
    words = small("Ракеты, ракета, и снова о прекращении огня")["conflict"].words
    assert [word for word, _ in words] == ["прекращении огня", "ракета", "ракеты"]
    assert sum(share for _, share in words) == pytest.approx(1, abs=0.01)


def test_words_in_a_row_count_in_any_form_but_not_apart() -> None:
    assert "conflict" in small("договор о прекращении огня")
    assert "conflict" not in small("прекращение торговли из-за огня")


def test_a_pair_counts_anywhere_in_the_post_but_not_by_half() -> None:
    assert small("Переговоры начались: все надеются на мир")["conflict"].words == (("мир + переговоры", 1.0),)
    assert small("Весь мир смотрит") == {}


def test_a_word_inside_a_phrase_counts_as_the_phrase_only() -> None:
    assert "conflict" in small("Фронт и ракета")
    assert "conflict" not in small("Холодный фронт и ракета")


def test_saying_a_word_again_counts_less_each_time() -> None:
    rising = {**SMALL, "conflict": '[[words]]\nweight = 2.0\nru = "перемирие"'}
    scores = [small("перемирие " * times, rising)["conflict"].score for times in (1, 2, 3)]
    assert scores == [1.0, 1.5, 1.75]


def test_a_long_post_needs_more_evidence() -> None:
    assert "conflict" in small("перемирие " + "слово " * 39)
    assert "conflict" not in small("перемирие " + "слово " * 60)


def test_a_topic_in_passing_is_not_named() -> None:
    found = small("перемирие, прекращение огня, фронт, ракета, мир, переговоры и нефть")
    assert set(found) == {"conflict"}


def test_signs_of_advertising_speak_against_every_topic() -> None:
    assert "economy" in small("Нефть дорожает")
    assert small("Нефть дорожает, промокод внутри") == {}


def test_an_exact_form_is_not_found_by_its_stem() -> None:
    assert "economy" in small("The importer waits")
    assert small("An important day") == {}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("[[words]]\nru = 'нефть'", "no weight"),
        ("[[words]]\nweight = 1\nru = 'нефть'\n[[words]]\nweight = 2\nru = 'нефть'", "two weights"),
        ("[[words]]\nweight = 1\nru = '!!'", "holds no word"),
        ("[[words]]\nweight = 1\nru = 'цена нефти + рост'", "one word"),
        ("[[words]]\nweight = 1\nru = '=цена нефти'", "single words"),
        ("[[words]]\nweight = 'two'\nru = 'нефть'", "no weight"),
        ("[[words]]\nweight = 1\nrus = 'нефть'", "unknown setting rus"),
        ("treshold = 1", "unknown setting treshold"),
        ("threshold = 0", "above zero"),
        ("[[words", "economy.toml"),
    ],
)
def test_a_broken_list_is_refused_with_its_name_and_fault(document: str, complaint: str) -> None:
    with pytest.raises(LexiconError, match=complaint):
        read_lexicon({"economy": document})


def test_a_list_for_an_unknown_topic_is_refused() -> None:
    with pytest.raises(LexiconError, match="no topic gossip"):
        read_lexicon({"gossip": ""})


SECOND = {
    "conflict": '[[words]]\nweight = 2.0\nru = "перемирие"',
    "strikes": '[[words]]\nweight = 2.0\nru = "ракетный удар, обстрел"\n[[words]]\nweight = 1.0\nru = "ночь"',
}
LEARNED = {"strikes": 'threshold = 1.0\n[hand]\nstrikes = 1.0\n[words]\n"1.5" = "обломок"\n"-4.00" = "uceni*"'}


@pytest.mark.parametrize(
    ("text", "child"),
    [
        ("Ночью город обстреляли ракетами, сработала ПВО", "strikes"),
        ("Росіяни вдарили шахедами, сили ППО збили дрон", "strikes"),
        ("Both sides agreed to a ceasefire after peace talks", "peace_talks"),
        ("Центробанк поднял ключевую ставку, инфляция замедлилась", "inflation"),
        ("Суд приговорил чиновника к пяти годам за взятку", "corruption"),
        ("The central bank sees inflation above target, interest rates stay", "inflation"),
        ("Воротар відбив пенальті, і збірна вийшла у півфінал", "football"),
    ],
)
def test_a_plain_post_gets_a_topic_of_the_second_level_after_its_parent(text: str, child: str) -> None:
    codes = [score.code for score in classify(analyse(text))]
    parent = TOPICS[child].parent
    assert parent in codes
    assert codes.index(child) > codes.index(parent)


def test_two_decisive_words_of_a_child_make_the_parent_and_one_does_not() -> None:
    assert set(small("обстрел и ракетный удар", SECOND)) == {"conflict", "strikes"}
    assert small("обстрел", SECOND) == {}


def test_a_hint_of_a_child_says_nothing_for_the_parent() -> None:
    assert set(small("перемирие, ночь", SECOND)) == {"conflict"}


def test_learned_words_count_beside_the_list() -> None:
    lexicon = read_lexicon(SECOND, LEARNED)
    found = {score.code: score for score in classify_with(lexicon, analyse("перемирие, обломки"))}
    assert [word for word, _ in found["strikes"].words] == ["обломки"]


def test_shares_are_of_all_that_counted_and_of_nothing_that_a_phrase_has_taken() -> None:
    lists = {
        "conflict": '[[words]]\nweight = 2.0\nru = "перемирие, фронт"',
        "weather": '[[words]]\nweight = 2.0\nru = "снег"\n[[words]]\nweight = 1.0\nru = "холодный фронт"',
    }
    learned = {
        "conflict": "threshold = 1.0\n[hand]\nconflict = 1.0",
        "weather": "threshold = 1.0\n[hand]\nconflict = 1.0\nweather = 1.0",
    }
    lexicon = read_lexicon(lists, learned)
    found = {each.code: dict(each.words) for each in classify_with(lexicon, analyse("снег, снег и перемирие"))}
    assert found["weather"] == {"снег": 0.6, "перемирие": 0.4}  # 2 and half of it for the second time, 2
    found = {each.code: dict(each.words) for each in classify_with(lexicon, analyse("холодный фронт, снег"))}
    assert found["weather"].keys() == {"снег", "холодный фронт", "фронт"}  # conflict's word is no part of its phrases


def test_a_learned_beginning_stands_for_all_words_that_begin_so() -> None:
    lexicon = read_lexicon(SECOND, LEARNED)
    found = {score.code for score in classify_with(lexicon, analyse("перемирие, обломки, учения"))}
    assert found == {"conflict"}


ABOVE = {"conflict": "threshold = 1.0\n[hand]\nconflict = 1.0", "economy": "threshold = 1.0\n[hand]\neconomy = 1.0"}


def learned_above(text: str) -> set[str]:
    """The topics when the weights of the top level are learned."""
    return {score.code for score in classify_with(read_lexicon(SMALL, ABOVE), analyse(text))}


def test_with_learned_weights_a_headline_needs_less_and_a_long_post_more() -> None:
    assert learned_above("Фронт стоит") == {"conflict"}
    assert learned_above("Фронт стоит, " + "слово " * 24) == set()
    assert learned_above("Перемирие, " + "слово " * 24) == {"conflict"}
    assert learned_above("Перемирие, " + "слово " * 90) == set()


def test_what_is_surely_news_is_given_its_likeliest_topic() -> None:
    lists = {"none": "", **SMALL}
    for needed, found in ((-9.0, set()), (9.0, {"conflict"})):
        lexicon = read_lexicon(lists, {**ABOVE, "none": f'threshold = {needed}\n[words]\n"0.1" = "слово"'})
        assert {score.code for score in classify_with(lexicon, analyse("Фронт и слово " + "да " * 27))} == found


def test_what_is_taken_for_chatter_has_no_topic_unless_it_is_surer_of_one() -> None:
    lists = {"none": "", **SECOND}
    lexicon = read_lexicon(lists, {"none": 'threshold = 1.0\n[words]\n"1.5" = "подписчик"'})
    assert classify_with(lexicon, analyse("перемирие, подписчики")) == ()
    assert classify_with(lexicon, analyse("перемирие, перемирие, обстрел, ракетный удар, подписчики" + " да" * 14))


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("[words]", "threshold"),
        ("threshold = 0", "above zero"),
        ('threshold = 1\n[words]\n"heavy" = "дрон"', "heavy"),
        ("threshold = 1\n[hand]\ngossip = 1.0", "no topic gossip"),
        ("threshold = 1\nbias = 2", "unknown setting bias"),
        ("threshold = 1\n[manner]\nquestions = 1.0", "no manner questions here"),
    ],
)
def test_a_broken_file_of_learned_weights_is_refused(document: str, complaint: str) -> None:
    with pytest.raises(LexiconError, match=complaint):
        read_lexicon(SECOND, {"strikes": document})


@pytest.mark.parametrize(
    "forms", [("министр", "міністр", "minister"), ("протест", "protest"), ("терроризм", "terrorist")]
)
def test_words_of_one_origin_begin_alike_in_three_languages(forms: tuple[str, ...]) -> None:
    assert len({beginning(form) for form in forms}) == 1


def test_every_topic_has_words() -> None:
    assert {scale.code for scale in shipped().scales} == {"none", *TOPICS}


@given(st.lists(st.sampled_from(NEWS_WORDS), max_size=60))
def test_labels_are_few_ranked_above_threshold_and_explained(words: list[str]) -> None:
    scores = classify(analyse(" ".join(words)))
    tops = [score.score for score in scores if TOPICS[score.code].parent is None]
    assert len(tops) <= MOST_TOPICS
    assert tops == sorted(tops, reverse=True)
    assert {TOPICS[score.code].parent for score in scores} <= {None, *(score.code for score in scores)}
    assert all(score.score >= 1 and score.words and score.code in TOPICS for score in scores)


@given(st.text(max_size=300))
def test_any_text_can_be_classified(text: str) -> None:
    terms = analyse(text)
    assert classify(terms) == classify(terms)
