"""Everything the bot says, in English: the language that every other one falls back to."""

from __future__ import annotations

from analysis.plurals import english_form
from bot.texts.catalogue import Catalogue
from matching.errors import SENTENCES

ENGLISH = Catalogue(
    language="en",
    form_of=english_form,
    decimal_sign=".",
    whole_days=("{n} day", "{n} days"),
    whole_hours=("{n} hour", "{n} hours"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    commands=(
        ("list", "Your subscriptions: change, pause, delete"),
        ("topics", "Subscribe to a whole topic"),
        ("search", "Look through everything posted so far"),
        ("watch", "Subscribe to words"),
        ("trend", "How often something is posted, as a picture"),
        ("bursts", "What is suddenly said everywhere"),
        ("stats", "What you get, and what I keep"),
        ("channels", "What I read, and what I should"),
        ("help", "How to ask, with examples"),
        ("settings", "Quiet hours, digests, pauses, what is muted"),
        ("language", "English, Русский, Українська"),
        ("timezone", "Whose clock I go by"),
        ("connect", "Post into a channel of yours"),
        ("disconnect", "Back to this chat"),
        ("privacy", "What is kept about this chat"),
        ("export", "Everything kept about this chat, as a file"),
        ("delete_me", "Forget this chat for good"),
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
    help_end=(
        "/search looks through what was already posted, /trend draws how often it was. /list shows, changes, pauses, "
        "renames and deletes subscriptions. /bursts shows what is suddenly said everywhere."
    ),
    privacy=(
        "What I keep, because without it I could not work: the number of this chat, its kind, language and time zone; "
        "the subscriptions you make here, with their names and queries, and how you want them; and if somebody invited "
        "you, that you are let in and by whom."
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
    topic_about="🎯 Strict finds only posts that are surely about the topic: fewer, and nearer to it.",
    topic_normal="Normal",
    topic_strict="🎯 Strict",
    any_language="All languages",
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
    search_too_slow="That search takes too long here. Add a word, a channel or a day, for example {example}",
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
    notice_quarantined=(
        "🧩 Something that was sent to the bot failed three times and was set aside; everything else goes on. The log "
        "says what kind of failure it is (update set aside)."
    ),
    notice_conflict=(
        "⚔️ Another program reads the bot's messages with the same token. The bot waits and tries again, but what the "
        "other one reads is lost to it. Stop that program, or take a new token from @BotFather."
    ),
    door_closed="This bot is private: it answers those whom its operator has invited. Nothing that you write is kept.",
    door_contact="Its operator can be reached here: {contact}",
    invite_spent="This invitation is used up or too old. Please ask for a new one.",
    invite_made=(
        "✉️ This link lets {n} person in. It is good for {days}:",
        "✉️ This link lets {n} people in. It is good for {days}:",
    ),
    invite_operator=(
        "✉️ Who opens this link becomes an operator of this bot: they are told what happens to channels, and can "
        "invite others. It can be used once, and is good for {days}:"
    ),
    invite_more="/invite 5 makes one for five people, /invite operator makes one for an operator.",
    slow_down="That was a lot at once. Please give me a minute; then I listen again.",
    too_many_subscriptions=(
        "This chat has {n} subscription, which is as many as it may have. Delete one in /list, or join two with OR.",
        "This chat has {n} subscriptions, which is as many as it may have. Delete one in /list, or join two with OR.",
    ),
    forwarded="I do not obey forwarded messages. Please write it yourself.",
    privacy_kept=(
        "What I keep for a while: which posts I sent you, for {sent}; the numbers of your messages to me, for "
        "{heard}, and their words only until I have answered. The words of a subscription go when you delete it."
    ),
    privacy_never=(
        "What I do not keep: your name, your phone number, your other messages. Nothing is passed on, and no profile "
        "is made of you. Copies of the database for emergencies may hold all this a while longer."
    ),
    privacy_contact="Who runs this bot, and answers for it: {contact}",
    privacy_no_contact="Who runs this bot answers for it, and has left no address here: ask whoever told you of it.",
    privacy_yours="/export gives you everything that is kept about this chat. /delete_me erases all of it.",
    export_caption="Everything that is kept about this chat, as JSON.",
    erase_question=(
        "Shall I forget you? Your subscriptions, your settings, what I sent you and whether you may use me: all of it "
        "goes, for good. Where an invitation was needed, you will need a new one."
    ),
    erase_question_group=(
        "Shall I forget this group? Its subscriptions in all topics, its settings and what I sent here: all of it "
        "goes, for good."
    ),
    erase_yes="🗑 Yes, forget everything",
    erase_no="No, keep it",
    erase_begun="From now on nothing is sent here. I am erasing everything, and say so when it is done.",
    erase_not="Nothing was changed.",
    erased="✅ Done: nothing is kept about this chat any more. If you write to me again, we begin anew.",
    ask_language="Which language shall I speak here?",
    language_set="✅ I speak {language} here now.",
    ask_zone="Times here are those of {zone}, where it is {time}. Choose another, or write the nearest city: {example}",
    zone_which="Which one?",
    zone_unknown="I do not know that place. Try the nearest big city, like {example}, or {offset}.",
    zone_city="Kyiv",
    zone_offset="UTC+2",
    zone_set="✅ Times here are those of {zone} now, where it is {time}.",
    for_channel="📣 For the channel {channel}",
    connect_usage=(
        "If you administer a channel, I can post into it whatever the channels say about its subject. Make me an "
        "administrator there who may post messages, then write:"
    ),
    connect_in_private="A channel is connected in a private chat with me. In a group, just write to me there.",
    connect_unknown="I cannot see that channel. Is its name right, and am I an administrator there?",
    connect_no_channel="That is no channel. In a group, just write to me there.",
    connect_not_administrator="Only administrators of that channel can connect it.",
    connect_may_not_post="I may not post there yet. Make me an administrator of the channel who may post messages.",
    connect_none="This chat is connected to no channel.",
    connected="✅ What you do here now is for the channel {channel}: its alerts go there. {disconnect} ends that.",
    connection_ended=(
        "This chat was connected to the channel {channel}, but you or I may not post there any more. What you do here "
        "is for this chat again."
    ),
    disconnected="✅ What you do here is for this chat again. The channel goes on getting what it is subscribed to.",
    also_told="also: {channels}",
    also_later="+{span}",
    also_sooner="−{span}",
    also_more=("and {n} more", "and {n} more"),
    told_by=("📣 {n} channel tells this", "📣 {n} channels tell this"),
    changed="✏️ Changed: {changes}",
    deleted_and_forgotten="The channel has deleted this post, and its text is not kept.",
    digest_waited=(
        "📬 {n} post has waited for you:",
        "📬 {n} posts have waited for you; here they are in one message:",
    ),
    counted_sample="Estimated from one post in {n}: there are too many to count them all at once.",
    a_day="{bars} a day, up to now",
    brings_most="Most from: {channels}",
    brings="{channel} {n}",
    quieter="These words are often in what it finds, and rarely elsewhere. How much each of them would leave:",
    quieter_word="{word} {percent} %",
    quieter_button="Without “{word}”",
    edit="📝 Change words",
    ask_query=(
        "{name} looks for:\n{query}\n\nWhat shall it look for instead? Please answer this message with the new words. "
        "(query #{number})"
    ),
    ask_query_hint="new words",
    edit_title="New words for {name}.",
    edit_before=("Until now: {n} post in the same time.", "Until now: {n} posts in the same time."),
    edit_apply="✅ Use these words",
    edited_query="✅ Changed: {name}\n{query}",
    undo="↩️ Undo",
    not_wanted="👎 Not what I wanted",
    feedback_title=(
        "{name} found {n} post in the last 7 days. Each of these changes would have kept this one away:",
        "{name} found {n} posts in the last 7 days. Each of these changes would have kept this one away:",
    ),
    feedback_newest=(
        "Of the {n} newest post that {name} found, these changes would have kept this one away:",
        "Of the {n} newest posts that {name} found, these changes would have kept this one away:",
    ),
    feedback_word="without the word {word}: keeps {kept} of {n}",
    feedback_channel="without the channel {channel}: keeps {kept} of {n}",
    feedback_topic="without the topic {topic}: keeps {kept} of {n}",
    feedback_stricter="only what is surely about {topic}: keeps {kept} of {n}",
    feedback_button="{place}. −{what}",
    feedback_stricter_button="{place}. 🎯 {what}",
    feedback_nothing=(
        "I know no small change that would have kept this post away and most of the others not. Change the words, or "
        "pause the subscription:"
    ),
    feedback_not_any_more="As your subscriptions are now, this post would not come any more.",
    search_facets=(
        "{n} post in {days}: {bars}\nMost from: {channels}",
        "{n} posts in {days}: {bars}\nMost from: {channels}",
    ),
    mode="📰 Every post, or one a story",
    mode_title="When does {name} alert?",
    mode_about="When several channels tell one story, its alert is one message, and names those that come later.",
    mode_first="At the first post of a story",
    mode_every="At every post",
    mode_nth=("Once {n} channel tells it", "Once {n} channels tell it"),
    inline_error="I cannot search for that",
    share="🔗 Share",
    shared=(
        "Whoever opens this link sees what these words find, and can subscribe to them. It says nothing about you, and "
        "is good for {days}:\n{link}\n\n{query}"
    ),
    share_gone="This link has expired, or was never one of mine. Write some words, and I show you what they find.",
    channels_title=("I read {n} channel:", "I read {n} channels:"),
    channels_none="I read no channel yet.",
    channels_silent="not read at the moment",
    channels_propose="Do you miss one? Propose it: {example}",
    propose_no_name="That is no name of a channel. Write it like {example}.",
    propose_known="I read {channel} already.",
    propose_sent="✉️ {channel} is proposed. I tell you here what becomes of it.",
    propose_waiting="That has been proposed from here, or too much is waiting. I tell you here what becomes of it.",
    propose_nobody="Nobody has been named here who could decide that. Please ask whoever runs this bot.",
    proposal="📡 Somebody would like this channel to be read: {channel}",
    proposal_approve="✅ Read it",
    proposal_refuse="✖️ No",
    proposal_approved="✅ {channel} will be read: the account joins it when it next can.",
    proposal_refused="✖️ {channel} will not be read.",
    proposal_decided="That is decided already.",
    propose_approved="✅ {channel}, which you proposed, will be read. Subscribe with: {example}",
    propose_refused="{channel}, which you proposed, will not be read here.",
    trend_usage="Write what to count behind the command, like {example}.",
    trend_days=("{query}: {n} post in the last {days}.", "{query}: {n} posts in the last {days}."),
    trend_hours=("{query}: {n} post in the last {hours}.", "{query}: {n} posts in the last {hours}."),
    trend_most_day="Most on {day}: {n}.",
    trend_most_hour="Most in the hour from {hour}: {n}.",
    trend_usual="Half of the days had {n} or less, not counting today.",
    trend_to_hours="The last 48 hours",
    trend_to_days="The last 30 days",
    stats_here=("This chat has {n} subscription", "This chat has {n} subscriptions"),
    stats_paused=(", {n} of them paused", ", {n} of them paused"),
    stats_alerts="Alerts: {day} in the last 24 hours, {week} in the last 7 days.",
    stats_busiest=("Busiest: {name}, {n} alert in 7 days.", "Busiest: {name}, {n} alerts in 7 days."),
    stats_stored="I read and keep, for everybody here:",
    stats_posts=("{n} post of {channels}", "{n} posts of {channels}"),
    stats_channels=("{n} channel", "{n} channels"),
    stats_newest="The newest post was published {ago} ago.",
    stats_lag="Of the last day's posts, half were here {half} s after they were published, 99 % after {most} s.",
    bursts_title="📈 Said far more than usual:",
    bursts_none="At this moment nothing is said far more than usual.",
    bursts_learning="I am still learning how often each word is said. That takes posts of three whole days.",
    bursts_all="🔔 Tell me of every burst",
    burst_item="{what}: ×{times}, since {time}",
    burst_head=("📈 {what}: {times} time its usual rate", "📈 {what}: {times} times its usual rate"),
    burst_new="📈 {what}: hardly ever said before",
    burst_posts=("{n} post in an hour", "{n} posts in an hour"),
    burst_channels=("in {n} channel", "in {n} channels"),
    burst_usual="usually about {n}",
    burst_rare="usually one at most",
    burst_also="With it: {words}",
    burst_hours="{bars} by the hour, one day",
    burst_first="First:",
    burst_of_all="I tell you whenever a word, a name or a topic is in far more posts than usual, in several channels.",
    burst_of_word="I tell you whenever {what} is in far more posts than usual, in several channels.",
    burst_of_topic="I tell you whenever something about {what} is in far more posts than usual, in several channels.",
    burst_lately=("In the last 7 days that was {n} time.", "In the last 7 days that was {n} times."),
    burst_subscribed="✅ Subscribed: {name}\n{query}\n\nYou hear of it when it happens. /list changes or ends it.",
    settings_title="When you hear from me. Times are those of {zone}, see /timezone.",
    settings_quiet_none="🌙 Quiet hours: none",
    settings_quiet="🌙 Quiet hours: {hours}; {way}",
    settings_paused="⏸ Everything is paused until {time}",
    settings_digests=("📰 In digests: {n} subscription", "📰 In digests: {n} subscriptions"),
    settings_muted=("🔇 Muted: {n} word, channel or story", "🔇 Muted: {n} words, channels and stories"),
    settings_twice="🔁 If it is unclear whether a message has reached you, it comes once more, marked",
    settings_once="🔁 If it is unclear whether a message has reached you, it does not come again",
    twice_button="🔁 Rather twice than not at all",
    once_button="🔁 Never anything twice",
    quiet_button="🌙 Quiet hours",
    quiet_ask="When shall I be quiet? Choose, or write for example {example}",
    quiet_bad="These are no hours of a day. Write them like {example}",
    quiet_off="No quiet hours",
    quiet_hold="afterwards everything comes one by one",
    quiet_digest="afterwards everything comes in one message",
    quiet_chosen="only chosen subscriptions come through, the others afterwards in one message",
    quiet_hold_button="Afterwards one by one",
    quiet_digest_button="Afterwards in one message",
    quiet_chosen_button="Let chosen subscriptions through",
    pause_all="⏸ Pause everything",
    pause_end="▶️ End the pause",
    pause_ask="For how long? What comes meanwhile is one message afterwards.",
    pause_hour="1 hour",
    pause_hours="8 hours",
    pause_day="A day",
    pause_monday="Until Monday morning",
    digests_button="📰 Digests",
    digests_ask="How shall each subscription come?",
    pace_instant="⚡ at once",
    pace_hourly="🕐 every hour",
    pace_daily="📰 daily at {hour}",
    pace_daily_button="📰 once a day…",
    pace_hour_ask="{name}: at which hour? By the clock of {zone}.",
    pace_next="Next digest: {time}",
    through="🌙 also in quiet hours",
    through_yes="🌙 Let it through quiet hours",
    through_no="🌙 Not in quiet hours any more",
    mutes_button="🔇 Muted",
    mutes_list="This is muted. A tap lets it be heard again:",
    mutes_none="Nothing is muted. The button {button} under an alert mutes a word, a channel or a story.",
    mute="🔇 Mute…",
    mute_ask="What shall I mute?",
    mute_story="🔇 This story",
    mute_channel="🔇 The channel {channel}",
    mute_word="🔇 The word {word}",
    mute_other_word="🔇 Another word…",
    mute_ask_word="Which word shall I mute? Please answer this message with it: posts that have it do not come.",
    mute_ask_word_hint="word",
    mute_item_word="the word {word}",
    mute_item_channel="the channel {channel}",
    mute_item_story="a story told by {channel}",
    mute_no_word="I can mute a word, or a phrase in quotation marks, and nothing else.",
    mute_too_many=(
        "There is {n} thing muted already, which is as many as there can be. /settings lets some be heard again.",
        "There are {n} things muted already, which is as many as there can be. /settings lets some be heard again.",
    ),
    muted="🔇 Muted: {what}. /settings lets it be heard again.",
    unmuted="Heard again from now on",
    digest_of_stories=("📰 {n} story, {span}", "📰 {n} stories, {span}"),
    digest_more_stories=(
        "and {n} story more. To see it, search with {search}",
        "and {n} stories more. To see them, search with {search}",
    ),
    query_errors=SENTENCES,
)
