"""The chat page in a real browser, without a bot behind it: what the visitor does, and what shows."""

from __future__ import annotations

import pytest

from sandbox.chat_records import CallbackAnswer, CommandScope
from sandbox.inline_records import InlineAnswer, InlineResult
from tests.browser.tab import DESKTOP, PHONE, Desk
from tests.sandbox.bot_api_fixtures import until

playwright = pytest.importorskip("playwright.async_api", reason="Playwright's Python package is not installed")
expect = playwright.expect

BUTTONS = {"inline_keyboard": [[{"text": "Why?", "callback_data": "why"}]]}


async def test_a_visitor_starts_the_bot_and_writes_to_it(desk: Desk) -> None:
    tab = await desk.open()
    await tab.get_by_role("button", name="Start").click()
    await expect(tab.locator(".message.own .text")).to_have_text("/start")
    await tab.get_by_label("Message", exact=True).fill("ferry")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".message.own .text")).to_have_text(["/start", "ferry"])
    await expect(tab.get_by_label("Message", exact=True)).to_have_value("")
    assert [message.text for message in desk.world.chats.history(desk.user.id)] == ["/start", "ferry"]


async def test_an_alert_is_edited_in_place_and_its_button_answered(desk: Desk) -> None:
    tab = await desk.open()
    sent = desk.bot_says("The ferry is late.", BUTTONS)
    await tab.get_by_role("button", name="Why?").click()
    await until(lambda: desk.world.chats.queries)
    [query] = desk.world.chats.queries.values()
    desk.world.chats.bot_answers(CallbackAnswer(query.id, desk.user.id, desk.user.id, "because of ferry"))
    await expect(tab.get_by_role("status").filter(has_text="because of ferry")).to_be_visible()
    desk.world.chats.bot_edits("editMessageText", sent, text="also: City Desk", entities=[], reply_markup=BUTTONS)
    await expect(tab.locator(".message .text")).to_have_text(["also: City Desk"])
    await expect(tab.locator(".message .foot")).to_contain_text("edited")


async def test_an_answer_with_an_alert_opens_a_dialog(desk: Desk) -> None:
    tab = await desk.open()
    desk.bot_says("x", BUTTONS)
    await tab.get_by_role("button", name="Why?").click()
    await until(lambda: desk.world.chats.queries)
    [query] = desk.world.chats.queries.values()
    answer = CallbackAnswer(query.id, desk.user.id, desk.user.id, "Read this", show_alert=True)
    desk.world.chats.bot_answers(answer)
    await expect(tab.get_by_role("dialog")).to_contain_text("Read this")
    await tab.get_by_role("button", name="OK").click()
    await expect(tab.get_by_role("dialog")).to_be_hidden()


async def test_commands_are_chosen_with_the_keyboard(desk: Desk) -> None:
    desk.world.chats.bot.commands[CommandScope(), ""] = [
        {"command": name, "description": name} for name in ("list", "search", "start")
    ]
    tab = await desk.open()
    await tab.get_by_label("Message", exact=True).press_sequentially("/s")
    await expect(tab.get_by_role("group", name="Commands").get_by_role("button")).to_have_count(2)
    await tab.keyboard.press("ArrowDown")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".message.own .text")).to_have_text("/start")
    await expect(tab.get_by_label("Message", exact=True)).to_have_value("")


async def test_inline_results_appear_while_typing_and_are_sent_by_a_tap(desk: Desk) -> None:
    tab = await desk.open()
    result = InlineResult("1", "article", "Ferry", "Harbour Wire", "The ferry is late.")
    box = tab.get_by_label("Message", exact=True)
    await box.fill(f"@{desk.world.chats.bot.username} ferry")
    await until(lambda: desk.world.chats.inline.queries)
    [query] = desk.world.chats.inline.queries.values()
    desk.world.chats.inline.answer(query, InlineAnswer((result,)))
    await tab.get_by_role("button", name="Ferry Harbour Wire").click()
    await expect(tab.locator(".message.own .text")).to_have_text("The ferry is late.")
    await expect(tab.locator(".message.own .via")).to_have_text(f"via @{desk.world.chats.bot.username}")
    await expect(box).to_have_value("")


async def test_a_group_is_made_and_a_message_elsewhere_marks_its_tab(desk: Desk) -> None:
    tab = await desk.open()
    await tab.get_by_title("New group, channel or person").click()
    await tab.get_by_role("textbox", name="New group").fill("Newsroom")
    await tab.get_by_role("button", name="Make").first.click()
    await expect(tab.get_by_role("heading", name="Newsroom")).to_be_visible()
    desk.bot_says("an alert")
    await expect(tab.locator(f"#tab-{desk.user.id} .badge")).to_have_text("1")
    await expect(tab.locator("#notice")).to_have_text("channelwatch: a message of channelwatch")


async def test_a_post_is_published_changed_and_found_from_a_link(desk: Desk) -> None:
    tab = await desk.open()
    await tab.get_by_label("Post", exact=True).fill("The ferry is late.")
    await tab.get_by_role("button", name="Publish").click()
    await expect(tab.locator(".post .text")).to_have_text("The ferry is late.")
    await tab.get_by_title("Change this post").click()
    await tab.get_by_label("Text of the post").fill("The ferry is cancelled.")
    await tab.get_by_role("button", name="Save").click()
    await expect(tab.locator(".post .text")).to_have_text("The ferry is cancelled.")
    desk.bot_says("https://t.me/harbour_wire_demo/1")
    await tab.locator(".message .text a").click()
    await expect(tab.locator(".post")).to_be_focused()


async def test_a_spoiler_and_a_long_quote_open(desk: Desk) -> None:
    text = "pier 4\n" + "long " * 60
    entities = [
        {"type": "spoiler", "offset": 0, "length": 6},
        {"type": "expandable_blockquote", "offset": 7, "length": 299},
    ]
    chats = desk.world.chats
    tab = await desk.open()
    chats.bot_sends("sendMessage", chats.chat(desk.user.id), text=text, entities=entities)
    spoiler = tab.get_by_label("Hidden text")
    await spoiler.focus()
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".spoiler")).to_have_attribute("aria-expanded", "true")
    folded = await tab.locator("blockquote").bounding_box()
    await tab.get_by_role("button", name="Show more").click()
    unfolded = await tab.locator("blockquote").bounding_box()
    assert folded is not None
    assert unfolded is not None
    assert unfolded["height"] > folded["height"]


async def test_a_page_that_lost_its_server_catches_up(desk: Desk) -> None:
    tab = await desk.open()
    port = int(desk.page.url.rstrip("/").rpartition(":")[2])
    await desk.page.stop()
    desk.bot_says("meanwhile")
    await expect(tab.locator("#status")).to_contain_text("has stopped")
    await desk.page.start(port)
    await expect(tab.locator(".message .text")).to_have_text("meanwhile")
    desk.complaints.clear()  # the browser says that the connection was refused


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, (320, 640)])
async def test_nothing_sticks_out_and_words_can_be_read(desk: Desk, size: tuple[int, int], dark: bool) -> None:
    desk.bot_says("A long-" + "word" * 60, BUTTONS)
    desk.world.channels.publish(desk.channel, "x" * 300)
    tab = await desk.open(size, dark=dark)
    wide = await tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    assert await tab.evaluate(CONTRASTS) == []


async def test_on_a_phone_the_other_column_counts_what_it_got(desk: Desk) -> None:
    tab = await desk.open(PHONE)
    desk.world.channels.publish(desk.channel, "The ferry is late.")
    channels = tab.get_by_role("button", name="Channels")
    await expect(channels).to_have_text("Channels1")
    await channels.click()
    await expect(tab.locator(".post")).to_be_visible()
    await expect(tab.locator("#messages")).to_be_hidden()


CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] > 200) return colour;
    }
    return [255, 255, 255, 255];
  };
  const dim = [];
  for (const node of document.querySelectorAll("body *")) {
    const words = [...node.childNodes].filter((each) => each.nodeType === 3 && each.data.trim());
    if (!words.length || !node.checkVisibility({ opacityProperty: true })) continue;
    const [one, two] = [light(rgba(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) dim.push(`${node.className || node.tagName}: ${ratio.toFixed(2)}`);
  }
  return dim;
}
"""
"""Texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3), as the browser computes their colours."""
