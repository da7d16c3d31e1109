"""The words every generated corpus begins with: small words and news words, the most frequent first.

Chosen by hand. They give posts and queries the shape of news; what they say means nothing.
"""

from __future__ import annotations

FUNCTION_WORDS = {
    "ru": (
        "и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой от о так мочь для вы "
        "до же как один только или бы если уже год время ещё когда где после при также во об сам чем чтобы между "
        "под над без"
    ),
    "uk": (
        "і в не на я бути він з що а по це вона цей до але вони ми весь який із у то за свій від про так могти для "
        "ви ж як один тільки або б якщо вже рік час ще коли де після при також сам ніж щоб між під над без та"
    ),
    "en": (
        "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they "
        "which one you were her all she there would their we him been has when who will more no if out so said what "
        "up its about into than them can only other new some could time these two may then do first any my now such "
        "like our over"
    ),
}
"""Language -> its commonest words in the order of their frequency: about half of every text."""

NEWS_WORDS = {
    "ru": (
        "россия украина президент война путин зеленский москва киев правительство министр армия удар ракета "
        "беспилотник дрон область город сообщить заявить суд полиция задержать взрыв пожар рубль доллар банк цена "
        "нефть газ санкция компания рынок акция выборы депутат закон дума губернатор глава служба военный погибнуть "
        "пострадать авария самолёт поезд дорога житель школа больница врач ребёнок женщина человек страна сша трамп "
        "байден европа нато германия франция китай израиль иран турция переговоры мир перемирие обмен пленный фронт "
        "наступление оборона минобороны мид кремль эксперт источник канал видео фото новость матч команда футбол "
        "чемпион игра тренер наука учёный космос технология интернет сервис пользователь телефон смартфон биткоин "
        "криптовалюта криптобиржа курс налог бюджет экономика инфляция ставка центробанк кредит ипотека квартира "
        "строительство завод производство экспорт импорт урожай погода снег дождь температура"
    ),
    "uk": (
        "україна росія президент війна зеленський путін київ москва уряд міністр армія удар ракета безпілотник дрон "
        "область місто повідомити заявити суд поліція затримати вибух пожежа гривня долар банк ціна нафта газ "
        "санкція компанія ринок вибори депутат закон рада голова служба військовий загинути постраждати аварія літак "
        "потяг дорога житель школа лікарня лікар дитина жінка людина країна сша трамп байден європа нато німеччина "
        "франція китай ізраїль іран туреччина переговори мир перемир'я обмін полонений фронт наступ оборона "
        "міноборони мзс кремль експерт джерело канал відео фото новина матч команда футбол чемпіон гра тренер наука "
        "вчений космос технологія інтернет сервіс користувач телефон біткоїн криптовалюта курс податок бюджет "
        "економіка інфляція ставка нацбанк кредит квартира будівництво завод виробництво експорт врожай погода сніг "
        "дощ температура"
    ),
    "en": (
        "russia ukraine president war putin zelensky moscow kyiv government minister army strike missile drone region "
        "city report state court police arrest explosion fire dollar bank price oil gas sanction company market share "
        "election law official military kill injure crash plane train road resident school hospital doctor child "
        "woman people country trump biden europe nato germany france china israel iran turkey talks peace ceasefire "
        "prisoner front offensive defense kremlin expert source channel video photo news match team football champion "
        "game coach science scientist space technology internet service user phone bitcoin crypto rate tax budget "
        "economy inflation credit apartment construction plant production export import crop weather snow rain "
        "temperature"
    ),
}
"""Language -> what news is about; rank behind the function words."""
