"""Which posts report one event: the window's answers, on invented posts."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.language import detect
from analysis.stories import SPAN, Signature, Telling, Verdict, Window, sign
from analysis.stories.joining import demand_of
from analysis.text import analyse

HOUR = 3600.0

COLLAPSE = "В Приозёрске обрушился мост через Ладву, в реку упали три автомобиля"
AGAIN = "Мост через реку Ладву обрушился в Приозёрске: упали три машины, сообщили спасатели"
RATE = "Центробанк Северии повысил ключевую ставку до 19 процентов годовых"
COLLAPSE_UK = "У Приозерську обвалився міст через річку Ладву, у воду впали три автомобілі"
TALKS = "Кличко и Хольм обсудили в Вильнюсе поставки 40 ракет и санкции"
TALKS_EN = "The mayor met his colleague in Vilnius: Klitschko and Holm talked about 40 missiles and sanctions"
REPORT = "По словам спасателей, водители успели выплыть, движение перекрыто до утра, на месте работают водолазы"
HOURS = 0, 1, 14, 50
RATES = "Официальный курс на {day} декабря: доллар {dollar} рубля, евро {euro} рубля"


def signature(text: str) -> Signature:
    terms = analyse(text)
    return sign(text, terms, detect(terms))


def telling(
    post_id: int, text: str, *, story: int | None = None, channel: int | None = None, hours: float = 0.0
) -> Telling:
    """A post of a channel of its own, unless said otherwise; the first of its story, unless said otherwise."""
    return Telling(
        post_id,
        post_id if story is None else story,
        post_id if channel is None else channel,
        hours * HOUR,
        signature(text),
    )


def window_of(*tellings: Telling) -> Window:
    window = Window()
    for each in tellings:
        window.add(each)
    return window


def found(window: Window, each: Telling) -> Verdict:
    verdict = window.find(each)
    assert verdict is not None
    return verdict


def test_rewrite_joins_the_story_of_the_first() -> None:
    verdict = found(window_of(telling(1, COLLAPSE), telling(2, RATE)), telling(3, AGAIN))

    assert (verdict.story_id, verdict.post_id, verdict.kind) == (1, 1, "rewrite")


def test_full_report_joins_the_story_of_a_flash() -> None:
    flash = telling(1, "⚡️Мост через Ладву обрушился в Приозёрске")
    report = telling(2, f"{AGAIN}. {REPORT}")

    assert found(window_of(flash, telling(3, RATE)), report).story_id == 1


def test_what_is_told_half_a_day_later_is_less_alike_and_later_still_no_less() -> None:
    first, soon, late, later = (telling(1 + hours, COLLAPSE if not hours else AGAIN, hours=hours) for hours in HOURS)
    explain = window_of(first).explain

    assert explain(first, soon).similarity > explain(first, late).similarity
    assert explain(first, late).similarity == explain(first, later).similarity


def test_both_aspects_of_a_verb_are_one_word() -> None:
    assert signature("Суд арестовал Лукина").terms == signature("Суд арестовывает Лукина").terms
    assert signature("Суд арестовал Лукина").terms != signature("Суд оправдывает Лукина").terms


def test_other_event_begins_a_story_of_its_own() -> None:
    assert window_of(telling(1, COLLAPSE)).find(telling(2, RATE)) is None


def test_a_word_or_two_do_not_tell_the_story_of_a_post_that_holds_them() -> None:
    for words in ("Мост", "Мост обрушился"):
        assert window_of(telling(1, words)).find(telling(2, "Мост обрушился: три машины в реке")) is None
    assert window_of(telling(1, "Мост обрушился")).find(telling(2, "Мост обрушился"))


def test_copy_with_another_channels_footer_is_a_copy() -> None:
    verdict = found(window_of(telling(1, COLLAPSE)), telling(2, f"⚡️{COLLAPSE}\n\n👉 Подписаться | Прислать новость"))

    assert verdict.kind == "copy"


def test_posts_that_share_only_their_footers_are_strangers() -> None:
    footer = "\n\n👉 Приозёрск сегодня. Подписаться"

    assert window_of(telling(1, "Горит склад" + footer)).find(telling(2, "Найден клад" + footer)) is None


def test_ukrainian_post_joins_a_russian_story() -> None:
    assert found(window_of(telling(1, COLLAPSE), telling(2, RATE)), telling(3, COLLAPSE_UK)).story_id == 1


def test_english_post_joins_a_russian_story_by_names_numbers_and_concepts() -> None:
    assert found(window_of(telling(1, TALKS), telling(2, RATE)), telling(3, TALKS_EN)).story_id == 1


def test_forward_joins_whatever_its_text_says() -> None:
    origin = Telling(1, 1, 1, 0.0, signature(COLLAPSE), address=(77, 5))
    forward = Telling(2, 2, 2, 0.0, signature(RATE), forward_of=(77, 5))

    assert window_of(origin).find(forward) == Verdict(1, 1, 1.0, "forward")


def test_two_forwards_of_a_post_nobody_watches_are_one_story() -> None:
    first = Telling(1, 1, 1, 0.0, signature(""), forward_of=(77, 5))
    second = Telling(2, 2, 2, 0.0, signature(""), forward_of=(77, 5))

    assert found(window_of(first), second).story_id == 1


def test_next_of_a_channels_series_begins_a_story() -> None:
    today = telling(1, RATES.format(day=3, dollar="105,06", euro="110,49"), channel=7)
    tomorrow = telling(2, RATES.format(day=4, dollar="104,87", euro="109,94"), channel=7, hours=24)

    assert window_of(today).find(tomorrow) is None


def test_same_number_of_a_series_in_two_channels_is_one_story() -> None:
    text = RATES.format(day=3, dollar="105,06", euro="110,49")

    assert found(window_of(telling(1, text)), telling(2, text, hours=0.2)).story_id == 1


def test_channel_that_repeats_its_ritual_daily_tells_a_new_story_each_day() -> None:
    ritual = "Минута молчания в память о погибших защитниках города"

    assert window_of(telling(1, ritual, channel=7)).find(telling(2, ritual, channel=7, hours=24)) is None


def test_post_beyond_the_span_is_not_found() -> None:
    window = window_of(telling(1, COLLAPSE))
    late = telling(2, AGAIN, hours=SPAN.total_seconds() / HOUR + 1)

    assert window.find(late) is None


def test_old_posts_go_when_newer_come() -> None:
    window = window_of(telling(1, COLLAPSE), telling(2, RATE, hours=100))

    assert len(window) == 1
    assert window.story_of(1) is None


def test_find_changes_nothing() -> None:
    window = window_of(telling(1, COLLAPSE))

    assert window.find(telling(2, AGAIN)) == window.find(telling(2, AGAIN))
    assert len(window) == 1


def test_discarded_post_is_not_found() -> None:
    window = window_of(telling(1, COLLAPSE))
    window.discard(1)
    window.discard(99)

    assert window.find(telling(2, AGAIN)) is None


def test_moved_post_is_found_in_its_new_story() -> None:
    window = window_of(telling(1, COLLAPSE), telling(2, RATE))
    window.move([1], 2)

    assert found(window, telling(3, AGAIN)).story_id == 2


def test_post_taken_out_by_hand_is_never_joined_again() -> None:
    window = window_of(telling(1, COLLAPSE))
    window.keep_apart(2, 1)

    assert window.find(telling(2, AGAIN)) is None
    assert window.find(telling(3, AGAIN)) is not None


def test_what_a_story_is_merged_into_is_kept_apart_too() -> None:
    window = window_of(telling(1, COLLAPSE), telling(5, RATE))
    window.keep_apart(2, 1)
    window.merge(1, into=5)

    assert window.find(telling(2, AGAIN)) is None
    assert found(window, telling(3, AGAIN)).story_id == 5


def test_post_very_like_two_stories_ties_them() -> None:
    window = window_of(telling(1, COLLAPSE), telling(2, COLLAPSE))

    verdict = found(window, telling(3, COLLAPSE))

    assert verdict.also == (2,)
    assert (verdict.into, verdict.merged) == (1, frozenset({2}))
    assert (Verdict(2, 2, 0.9, "copy", (1,)).into, Verdict(2, 2, 0.9, "copy", (1,)).merged) == (1, frozenset({2}))


def test_stories_kept_apart_by_hand_are_not_tied() -> None:
    window = window_of(telling(1, COLLAPSE), telling(2, COLLAPSE))
    window.keep_apart(2, 1)

    assert found(window, telling(3, COLLAPSE)).also == ()


def test_likeness_to_one_post_of_a_large_story_does_not_join_it() -> None:
    large = [telling(number, f"{RATE} {number}", story=2) for number in range(2, 2 + demand_of(12).size)]
    window = window_of(telling(1, COLLAPSE, story=2), *large)

    assert window.find(telling(99, AGAIN)) is None
    assert window_of(telling(1, COLLAPSE)).find(telling(99, AGAIN)) is not None


def test_shares_of_a_likeness_add_up_to_its_similarity() -> None:
    first, second = telling(1, COLLAPSE), telling(2, AGAIN)
    likeness = window_of(first, second).explain(first, second)

    assert likeness.shares["lead"] > 0
    assert likeness.similarity > 0.55
    assert window_of(first, second).explain(second, first).similarity == likeness.similarity


def test_numbers_and_days_that_differ_speak_against_one_event() -> None:
    first, second = telling(1, "В среду упали 3 автомобиля"), telling(2, "В пятницу упали 7 автомобилей")
    likeness = window_of(first, second).explain(first, second)

    assert likeness.values["measures_differ"] > 0
    assert likeness.shares["measures_differ"] < 0
    assert likeness.shares["days_differ"] < 0
    assert window_of(first, second).explain(first, first).shares["days_differ"] == 0


def test_span_may_be_shorter() -> None:
    window = Window(dt.timedelta(hours=1))
    window.add(telling(1, COLLAPSE))

    assert window.find(telling(2, AGAIN, hours=2)) is None


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([COLLAPSE, AGAIN, RATE, "", "19"]), st.floats(0, 200))))
def test_window_forgets_wholly_what_it_forgets(posts: list[tuple[int, str, float]]) -> None:
    window = Window()
    for post_id, text, hours in posts:
        window.add(telling(post_id, text, hours=hours))
    for post_id in range(10):
        window.discard(post_id)

    assert len(window) == 0
    assert window.find(telling(99, COLLAPSE)) is None
    assert len(window._postings) == 0


def test_of_two_stories_about_as_alike_the_older_is_joined() -> None:
    window = window_of(telling(1, COLLAPSE), telling(2, f"{COLLAPSE} (обновлено)"))

    assert found(window, telling(3, AGAIN)).story_id == 1
