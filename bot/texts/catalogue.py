"""What a language has to say: one field for every sentence, with `{names}` where values go.

A template is filled by `bot.rich_text.fill`, so values may be bold or links; counted words choose their form by the
language's own rule (Unicode CLDR, plural rules).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from matching.errors import QueryError

Forms = tuple[str, ...]
"""The forms of a counted sentence, `{n}` inside, in the order that the language's `form_of` counts them."""


@dataclass(frozen=True)
class Catalogue:
    """Every sentence of the bot in one language. Make another with `dataclasses.replace(ENGLISH, ...)`: whatever it
    leaves out is said in English."""

    language: str
    """The ISO 639-1 code."""
    form_of: Callable[[int], int]
    decimal_sign: str
    """Between a whole number and its tenths (Unicode CLDR, number symbols)."""
    months: tuple[str, ...]
    """January first, as they stand behind a day's number."""
    whole_days: Forms
    whole_hours: Forms
    """A span of so many, as it stands behind "for" and "in the last"."""

    commands: tuple[tuple[str, str], ...]
    """Commands with their descriptions, as the menu shows them."""
    examples: tuple[str, ...]
    """Queries that a newcomer can try with one tap."""

    greeting: str
    greeting_group: str
    help: str
    help_examples: tuple[tuple[str, str], ...]
    """Queries and what they mean."""
    help_end: str
    privacy: str

    understood: str
    last_days: Forms
    no_posts_yet: str
    newest: str
    too_loud: Forms
    subscribe: str
    cancel: str
    subscribed: str
    cancelled: str
    ask_words: str
    ask_words_hint: str

    query_refused: str
    query_place: str
    query_suggestion: str
    try_suggestion: str
    unknown_channels: Forms

    topics_intro: str
    topic_about: str
    """Below the preview of a topic: how sure it must be, and in which language."""
    topic_normal: str
    topic_strict: str
    any_language: str

    list_title: Forms
    list_empty: str
    list_page: str
    state_active: str
    state_paused: str
    pause: str
    resume: str
    rename: str
    delete: str
    back: str
    earlier: str
    later: str
    delete_question: str
    delete_yes: str
    ask_name: str
    ask_name_hint: str
    renamed: str
    deleted: str
    paused: str
    resumed: str

    search_usage: str
    search_title: str
    search_too_slow: str
    search_nothing: str
    search_more: str
    search_end: str

    why: str
    open: str
    why_title: str
    why_reason: str
    why_deleted: str
    why_words: str
    why_topic: str
    why_topic_word: str
    why_no_words: str
    why_protected: str

    repeat: str
    late: str
    seen_late: str
    minutes: str
    hours: str
    days: str
    edited: str
    deleted_at_source: str
    alert_topics: str
    alert_reasons: str
    forwarded_from: str
    protected: str
    no_text: str
    media: tuple[tuple[str, str], ...]
    """Kinds of media and what to call them."""

    digest_title: Forms
    digest_more: Forms
    digest_words: str
    """In place of a query that cannot be shown."""
    digest_deleted: str

    notice_renamed: str
    """What operators are told, by `storage.notices.Kind`: what happened, to which channels, and what to do."""
    notice_private: str
    notice_kicked: str
    notice_deleted: str
    notice_restored: str
    notice_blind: str
    notice_sees_again: str
    notice_account_lost: str
    notice_clock: str
    notice_silent: str
    notice_back: str
    notice_unknown: str
    renamed_item: str
    blind_item: str
    more_items: Forms
    no_username: str

    stale: str
    only_words: str
    unknown_command: str
    only_administrators: str
    anonymous: str
    went_wrong: str

    notice_quarantined: str
    """The inbox: an update that could not be handled; another program that polls with our token."""
    notice_conflict: str

    door_closed: str
    """Who may come in, and how much of it; `bot.access`."""
    door_contact: str
    invite_spent: str
    invite_made: Forms
    invite_operator: str
    invite_more: str
    slow_down: str
    too_many_subscriptions: Forms
    forwarded: str

    privacy_kept: str
    """/privacy goes on with these behind `privacy`; what can be done about it."""
    privacy_never: str
    privacy_contact: str
    privacy_no_contact: str
    privacy_yours: str
    export_caption: str
    erase_question: str
    erase_question_group: str
    erase_yes: str
    erase_no: str
    erase_begun: str
    erase_not: str
    erased: str

    ask_language: str
    language_set: str
    ask_zone: str
    zone_which: str
    zone_unknown: str
    zone_city: str
    zone_offset: str
    """Examples of what to write: a city as people there write it, an offset."""
    zone_set: str

    for_channel: str
    """Above everything that is said in a private chat about the channel that it configures."""
    connect_usage: str
    connect_in_private: str
    connect_unknown: str
    connect_no_channel: str
    connect_not_administrator: str
    connect_may_not_post: str
    connect_none: str
    connected: str
    connection_ended: str
    disconnected: str

    also_told: str
    """Stories: who else tells what an alert is about; what an edit changed; what waited for too long."""
    also_later: str
    also_sooner: str
    also_more: Forms
    told_by: Forms
    changed: str
    deleted_and_forgotten: str
    digest_waited: Forms

    counted_sample: str
    """A preview: that counts are estimates; posts a day as blocks; who brings most; words that make it quieter."""
    a_day: str
    brings_most: str
    brings: str
    quieter: str
    quieter_word: str
    quieter_button: str
    edit: str
    ask_query: str
    ask_query_hint: str
    edit_title: str
    edit_before: Forms
    edit_apply: str
    edited_query: str
    undo: str

    not_wanted: str
    """Feedback: what would have kept a post away, and how much of last week it would have left."""
    feedback_title: Forms
    feedback_newest: Forms
    feedback_word: str
    feedback_channel: str
    feedback_topic: str
    feedback_stricter: str
    feedback_button: str
    feedback_stricter_button: str
    feedback_nothing: str
    feedback_not_any_more: str

    search_facets: Forms
    """Above the first page of a search: how many posts there were lately, when, and from whom."""

    mode: str
    """How often a story alerts."""
    mode_title: str
    mode_about: str
    mode_first: str
    mode_every: str
    mode_nth: Forms

    inline_error: str
    """Above a query in another chat that cannot be searched for."""

    share: str
    """Links that carry a query; the channels that are read, and proposals of more."""
    shared: str
    share_gone: str
    channels_title: Forms
    channels_none: str
    channels_silent: str
    channels_propose: str
    propose_no_name: str
    propose_known: str
    propose_sent: str
    propose_waiting: str
    propose_nobody: str
    proposal: str
    proposal_approve: str
    proposal_refuse: str
    proposal_approved: str
    proposal_refused: str
    proposal_decided: str
    propose_approved: str
    propose_refused: str

    trend_usage: str
    """/trend and /stats."""
    trend_days: Forms
    trend_hours: Forms
    trend_most_day: str
    trend_most_hour: str
    trend_usual: str
    trend_to_hours: str
    trend_to_days: str
    stats_here: Forms
    stats_paused: Forms
    stats_alerts: str
    stats_busiest: Forms
    stats_stored: str
    stats_posts: Forms
    stats_channels: Forms
    stats_newest: str
    stats_lag: str

    bursts_title: str
    """Bursts: what is said far more than usual; news of one; the preview of a subscription to such news."""
    bursts_none: str
    bursts_learning: str
    bursts_all: str
    burst_item: str
    burst_head: Forms
    burst_new: str
    burst_posts: Forms
    burst_channels: Forms
    burst_usual: str
    burst_rare: str
    burst_also: str
    burst_hours: str
    burst_first: str
    burst_of_all: str
    burst_of_word: str
    burst_of_topic: str
    burst_lately: Forms
    burst_subscribed: str

    settings_title: str
    """/settings: quiet hours, pauses, digests, what is muted; a digest's own words."""
    settings_quiet_none: str
    settings_quiet: str
    settings_paused: str
    settings_digests: Forms
    settings_muted: Forms
    settings_twice: str
    settings_once: str
    """What is done with a message of which nobody knows whether it arrived; the buttons that change that."""
    twice_button: str
    once_button: str
    quiet_button: str
    quiet_ask: str
    quiet_bad: str
    quiet_off: str
    quiet_hold: str
    quiet_digest: str
    quiet_chosen: str
    quiet_hold_button: str
    quiet_digest_button: str
    quiet_chosen_button: str
    pause_all: str
    pause_end: str
    pause_ask: str
    pause_hour: str
    pause_hours: str
    pause_day: str
    pause_monday: str
    digests_button: str
    digests_ask: str
    pace_instant: str
    pace_hourly: str
    pace_daily: str
    pace_daily_button: str
    pace_hour_ask: str
    pace_next: str
    through: str
    through_yes: str
    through_no: str
    mutes_button: str
    mutes_list: str
    mutes_none: str
    mute: str
    mute_ask: str
    mute_story: str
    mute_channel: str
    mute_word: str
    mute_other_word: str
    mute_ask_word: str
    mute_ask_word_hint: str
    mute_item_word: str
    mute_item_channel: str
    mute_item_story: str
    mute_no_word: str
    mute_too_many: Forms
    muted: str
    unmuted: str
    digest_of_stories: Forms
    digest_more_stories: Forms

    query_errors: Mapping[str, str]
    """What is wrong with a query, by the codes of `matching.errors.SENTENCES`."""

    def refusal(self, error: QueryError) -> str:
        """What is wrong with a query, with the values that the error names."""
        return self.query_errors[error.code].format_map(error.values)

    def in_days(self, n: int) -> str:
        """So many days in words."""
        return self.counted(self.whole_days, n).format(n=n)

    def in_hours(self, n: int) -> str:
        """So many hours in words."""
        return self.counted(self.whole_hours, n).format(n=n)

    def decimal(self, value: float) -> str:
        """A number with its tenths, as people there write it."""
        return f"{value:.1f}".replace(".", self.decimal_sign)

    def counted(self, forms: Forms, n: int) -> str:
        """The template of a counted sentence for that many."""
        return forms[min(self.form_of(n), len(forms) - 1)]
