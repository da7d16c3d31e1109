"""Everything the bot says, in English: the language that every other one falls back to."""

from __future__ import annotations

from bot.texts.catalogue import Catalogue, english_form

ENGLISH = Catalogue(
    language="en",
    form_of=english_form,
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    commands=(
        ("list", "Your subscriptions: pause, rename, delete"),
        ("topics", "Subscribe to a whole topic"),
        ("search", "Look through everything posted so far"),
        ("watch", "Subscribe to words"),
        ("help", "How to ask, with examples"),
        ("privacy", "What is kept about this chat"),
        ("start", "Begin"),
    ),
    examples=("drone OR missile", '"peace talks" -football', "topic:economy has:photo"),
    greeting=(
        "Hello! Tell me what you want to know, and I will read the channels for you.\n\n"
        "Just write some words, like {example}. I show you what they would have found, and one tap makes it a "
        "subscription: from then on you get every new post that matches, the moment it is published.\n\n"
        "Or try one of these, look at /topics, or read /help."
    ),
    greeting_group=(
        "Hello! I can post into this group whatever the channels say about your subject.\n\n"
        "An administrator writes {example}, looks at what it would have found, and subscribes with one tap. "
        "/topics offers whole topics, /help explains how to ask."
    ),
    help=(
        "Write words; I find every form of them, in English, Russian and Ukrainian: {word} also finds its plural and "
        "its cases. All words of a query have to be in a post; all of the following can be combined."
    ),
    help_examples=(
        ("peace talks", "both words, anywhere in the post"),
        ("drone OR missile", "either of them"),
        ("drone -football", "the first without the second"),
        ("(drone OR missile) attack", "parentheses group"),
        ('"peace talks"', "in a row"),
        ("=talks", "this form only"),
        ("dron*", "all words that begin so"),
        ("#sanctions", "a hashtag; @name finds a mention"),
        ("topic:economy", "a whole topic, see /topics"),
        ("channel:@name", "only that channel"),
        ("lang:uk has:photo", "language; photo, video, link, poll or document"),
        ("from:@name link:host.org", "forwarded from; with a link to"),
    ),
    help_end="/search looks through what was already posted. /list shows, pauses, renames and deletes subscriptions.",
    privacy=(
        "I keep the number of this chat, its language, the subscriptions and queries you make here, and which posts I "
        "sent you, because without them I could not work. I do not keep your name or your other messages, and pass "
        "nothing on. Deleting a subscription deletes its words at once. Whoever runs this bot can erase the rest: ask "
        "them."
    ),
    understood="I understood: {query}",
    last_days=("In the last 7 days: {n} post.", "In the last 7 days: {n} posts."),
    no_posts_yet="In the last 7 days: nothing. It may still come; I will tell you at once.",
    newest="The newest:",
    too_loud=(
        "⚠️ That is about {n} post a day. Another word would make it quieter.",
        "⚠️ That is about {n} posts a day. Another word would make it quieter.",
    ),
    subscribe="🔔 Subscribe",
    cancel="Cancel",
    subscribed="✅ Subscribed: {name}\n{query}\n\nNew posts that match come here at once. /list changes or ends it.",
    cancelled="Cancelled. Write other words whenever you like.",
    draft_gone="This preview is too old. Please write the words again.",
    ask_words="Which words shall I watch for? Please answer this message with them.",
    ask_words_hint="words",
    query_refused="I did not understand that. {reason}",
    query_place="Here:",
    query_suggestion="Did you mean: {query}",
    try_suggestion="Try that",
    unknown_channels=(
        "I do not read the channel {names}. Channels are added by whoever runs this bot; please ask them.",
        "I do not read the channels {names}. Channels are added by whoever runs this bot; please ask them.",
    ),
    topics_intro="Which topic? I show you what it would have found first.",
    list_title=("You have {n} subscription:", "You have {n} subscriptions:"),
    list_empty="You have no subscription yet. Write some words, or choose from /topics.",
    list_page="Page {page} of {pages}",
    state_active="▶️ active",
    state_paused="⏸ paused",
    pause="⏸ Pause",
    resume="▶️ Resume",
    rename="✏️ Rename",
    delete="🗑 Delete",
    back="‹ Back",
    earlier="‹ Earlier",
    later="Later ›",
    delete_question="Delete {name}? You will get nothing more for it.",
    delete_yes="Yes, delete it",
    ask_name="How shall I call {name}? Please answer this message with the new name. (#{number})",
    ask_name_hint="new name",
    renamed="✅ It is called {name} now.",
    deleted="🗑 {name} is deleted.",
    paused="Paused",
    resumed="Resumed",
    search_usage="Write what to look for behind the command, like {example}.",
    search_title="Posts that match {query}, newest first:",
    search_nothing="Nothing that was posted so far matches {query}.",
    search_more="More",
    search_end="That is all.",
    why="Why?",
    open="Open",
    why_title="You get this post because of:",
    why_reason="{name}: {query}",
    why_deleted="a subscription that you have deleted since.",
    why_words="Matched in the post:",
    why_topic="{topic}, because of {words}",
    why_topic_word="{word} ({percent} %)",
    why_no_words="No single word decided; the post itself fits the query.",
    why_protected="The channel protects its posts, so their words are not shown here.",
    repeat="↻ possibly repeated",
    late="⏱ late: this was posted some time ago",
    seen_late="⏱ published {time}, seen {ago} later",
    minutes="{n} min",
    hours="{n} h",
    days="{n} d",
    edited="edited",
    deleted_at_source="The channel has deleted this post.",
    alert_topics="Topics: {topics}",
    alert_reasons="🔔 {names}",
    forwarded_from="Forwarded from {name}",
    protected="The channel protects its posts: read it there.",
    no_text="(no text)",
    media=(
        ("photo", "🖼 photo"),
        ("video", "🎬 video"),
        ("animation", "🎬 animation"),
        ("audio", "🎵 audio"),
        ("voice", "🎤 voice message"),
        ("document", "📎 document"),
        ("poll", "📊 poll"),
        ("location", "📍 location"),
        ("sticker", "sticker"),
        ("contact", "contact"),
    ),
    digest_title=("⏱ {n} post was found late:", "⏱ {n} posts were found late:"),
    digest_more=(
        "and {n} earlier one. To see it, search with {search}",
        "and {n} earlier ones. To see them, search with {search}",
    ),
    digest_words="WORDS",
    digest_deleted="deleted since",
    notice_renamed="✏️ Renamed: {channels}. Subscriptions follow by themselves; nothing needs to be done.",
    notice_private=(
        "🔒 Made private, and the account is no member: {channels}. Nothing new is read there. Let the account join"
        " by an invitation, or end it with: channelwatch channels remove"
    ),
    notice_kicked=(
        "🚪 The account was thrown out: {channels}. Nothing new is read there. Let it, or another account, be "
        "admitted again, or end it with: channelwatch channels remove"
    ),
    notice_deleted=(
        "🗑 Deleted: {channels}. What was stored stays and can be searched. To take it off the list: channelwatch "
        "channels remove"
    ),
    notice_restored="✅ Can be read again: {channels}. What was missed is being read; nothing needs to be done.",
    notice_blind=(
        "🙈 Not one look has succeeded for some time: {channels}. New posts are read late, or not at all. To see "
        "why: channelwatch channels status"
    ),
    notice_sees_again="👁 Seen again: {channels}. What was missed is being read; nothing needs to be done.",
    notice_account_lost=(
        "🔑 Telegram refuses the account {account} ({reason}). Channels that another account reads now: {moved}; "
        "without a reader: {left}. To sign in again: channelwatch login"
    ),
    notice_clock=(
        "🕰 The clock of the machine that reads the channels is {seconds} s away from Telegram's. Let it be set by "
        "a time server (NTP): Telegram refuses whoever is too far off."
    ),
    notice_silent=(
        "🔇 Ingest has said nothing for {minutes} min: no channel is read. See whether it runs, and what its log "
        "says. To start it: channelwatch run ingest"
    ),
    notice_back="🔊 Ingest works again, after {minutes} min. What was missed is being read; nothing needs to be done.",
    notice_unknown="Something happened that this version of the bot has no words for: {kind}",
    renamed_item="{old} → {new}",
    blind_item="{channel} ({minutes} min)",
    more_items=("and {n} more", "and {n} more"),
    no_username="(no public name)",
    stale="This button is not in use any more. /list shows what there is.",
    only_words="I can only read words. Write what you want to know, or see /help.",
    unknown_command="I do not know that command. /help explains what I can do.",
    only_administrators="In a group only its administrators can change subscriptions.",
    anonymous="I cannot see who you are here. Please write as yourself, not as the group or a channel.",
    went_wrong="Something went wrong on my side. Please try again in a minute.",
)
