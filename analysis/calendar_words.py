"""Words that come with the calendar: every Monday is full of them, and nothing has happened."""

from __future__ import annotations


def _words(lines: str) -> frozenset[str]:
    return frozenset(lines.split())


CALENDAR_WORDS = _words(
    """
    понедельник вторник среда четверг пятница суббота воскресенье выходные неделя
    понеділок вівторок середа четвер п'ятниця субота неділя вихідні тиждень
    monday tuesday wednesday thursday friday saturday sunday weekend week
    январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
    січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень
    january february march april june july august september october november december
    утро день вечер ночь полночь полдень сегодня вчера завтра сейчас час минута сутки месяц год доброе спокойной
    утром днем вечером ночью вранці уранці вдень увечері ввечері вночі
    ранок вечір ніч північ опівдні сьогодні вчора завтра зараз година хвилина доба місяць рік доброго
    morning day evening night midnight noon today yesterday tomorrow hour minute month year good
    зима весна лето осень літо осінь winter spring summer autumn
    подписаться подписка канал чат бот ссылка репост підписатися підписка посилання subscribe channel link
    """
)
"""Days, months, times of the day, and what stands below posts."""
