// The demo's chat page. Everything that people wrote is set as text, never as markup.
"use strict";

const $ = (id) => document.getElementById(id);
const state = { bot: {}, user: {}, channels: [], messages: new Map(), posts: new Map(), chat: {} };
const NEAR_BOTTOM = 120; // pixels
const DOTS = 8; // colours of channels in style.css
const NARROW = matchMedia("(max-width: 46rem)");

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(text, onClick, className = "") {
  const node = make("button", className, text);
  node.type = "button";
  node.addEventListener("click", onClick);
  return node;
}

// Text with entities. Offsets are UTF-16 units, which is how JavaScript counts.

const PLAIN_TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote",
};

function fill(node, text, from, to, entities) {
  let at = from;
  for (let i = 0; i < entities.length;) {
    const entity = entities[i];
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    let next = i + 1;
    while (next < entities.length && entities[next].offset < end) next += 1;
    if (end > start) {
      node.append(text.slice(at, start));
      const inner = elementFor(entity, text.slice(start, end));
      fill(inner, text, start, end, entities.slice(i + 1, next));
      node.append(inner);
      at = end;
    }
    i = next;
  }
  node.append(text.slice(at, to));
}

function elementFor(entity, words) {
  switch (entity.type) {
    case "text_link": return link(entity.url);
    case "url": return link(/^[a-z]+:/i.test(words) ? words : `https://${words}`);
    case "mention": return link(`https://t.me/${words.slice(1)}`);
    case "bot_command": return button("", () => say(words), "linklike");
    case "spoiler": return spoiler();
    case "expandable_blockquote": return folded();
    default: return make(PLAIN_TAGS[entity.type] || "span", entity.type);
  }
}

function link(address) {
  let url;
  try { url = new URL(address); } catch { return make("span"); }
  if (!["http:", "https:", "mailto:", "tel:"].includes(url.protocol)) return make("span");
  const node = make("a");
  node.href = url.href;
  node.target = "_blank";
  node.rel = "noopener noreferrer";
  node.addEventListener("click", (event) => { if (showPost(url)) event.preventDefault(); });
  return node;
}

function spoiler() {
  const node = make("span", "spoiler");
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-expanded", "false");
  node.setAttribute("aria-label", "hidden text");
  const open = () => {
    node.setAttribute("aria-expanded", "true");
    node.removeAttribute("aria-label");
  };
  node.addEventListener("click", open);
  node.addEventListener("keydown", (event) => { if (event.key === "Enter") open(); });
  return node;
}

function folded() {
  const node = make("blockquote", "folded");
  node.addEventListener("click", () => node.classList.toggle("folded"));
  return node;
}

function formatted(text, entities) {
  const node = make("div", "text");
  fill(node, text, 0, text.length, entities);
  return node;
}

function clock(iso) {
  return new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function day(iso) {
  return new Date(iso).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}

function time(item) {
  const node = make("time", "", (item.edited ? "edited " : "") + clock(item.at));
  node.dateTime = item.at;
  node.title = new Date(item.at).toLocaleString();
  return node;
}

function glow(node) {
  node.classList.remove("changed");
  requestAnimationFrame(() => node.classList.add("changed"));
  setTimeout(() => node.classList.remove("changed"), 1700);
}

// Messages

function messageNode(message) {
  const node = make("article", message.own ? "message own" : "message");
  node.id = `message-${message.id}`;
  node.setAttribute("aria-label", message.own ? "You" : state.bot.name);
  const bubble = make("div", "bubble");
  if (message.reply_to) bubble.append(make("div", "quote", message.reply_to.text));
  if (message.media) bubble.append(mediaNode(message.media));
  if (message.text) bubble.append(formatted(message.text, message.entities));
  const foot = make("div", "foot");
  foot.append(time(message));
  bubble.append(foot);
  node.append(bubble);
  if (message.buttons.length) node.append(buttonRows(message));
  return node;
}

function mediaNode(media) {
  if (media.kind === "photo" || media.kind === "animation") {
    const image = make("img", "photo");
    image.alt = media.name || "a picture";
    image.addEventListener("error", () => image.replaceWith(make("span", "file", "🖼 picture")));
    image.addEventListener("load", () => { if (isAtBottom(image.height + NEAR_BOTTOM)) toBottom(); });
    image.src = media.url;
    return image;
  }
  const file = make("a", "file", `📄 ${media.name || media.kind}`);
  file.href = media.url;
  file.download = media.name || "file";
  return file;
}

function buttonRows(message) {
  const rows = make("div", "rows");
  for (const row of message.buttons) {
    const line = make("div", "row");
    for (const each of row) line.append(inlineButton(message, each));
    rows.append(line);
  }
  return rows;
}

function inlineButton(message, each) {
  if (each.url) {
    const node = link(each.url);
    node.textContent = `${each.text} ↗`;
    return node;
  }
  const node = button(each.text, async () => {
    node.setAttribute("aria-busy", "true");
    setTimeout(() => node.removeAttribute("aria-busy"), 8000);
    if (each.callback_data === undefined) return toast("The demo knows no such button.");
    await post("/press", { message_id: message.id, data: each.callback_data });
  });
  return node;
}

function showMessage(message, live = true) {
  const known = state.messages.has(message.id);
  state.messages.set(message.id, message);
  const follow = isAtBottom() || message.own;
  const node = messageNode(message);
  if (known) {
    const old = $(`message-${message.id}`);
    const focused = old.contains(document.activeElement);
    old.replaceWith(node);
    glow(node);
    if (focused) (node.querySelector(".rows button") || $("text")).focus();
  } else {
    addDay(message);
    $("messages").append(node);
    if (live && !message.own) badge("chat");
  }
  $("welcome").hidden = true;
  showKeyboard(message);
  if (follow) toBottom(); else $("down").hidden = false;
}

let lastDay = "";
function addDay(message) {
  const today = day(message.at);
  if (today !== lastDay) $("messages").append(make("div", "day", today));
  lastDay = today;
}

function isAtBottom(within = NEAR_BOTTOM) {
  const box = $("messages");
  return box.scrollHeight - box.scrollTop - box.clientHeight < within;
}

function toBottom() {
  const box = $("messages");
  box.scrollTop = box.scrollHeight;
  $("down").hidden = true;
}

function showKeyboard(message) {
  if (message.own || message.keyboard === null) return;
  const place = $("keyboard");
  place.replaceChildren();
  for (const row of message.keyboard) {
    const line = make("div", "row");
    for (const text of row) line.append(button(text, () => say(text)));
    place.append(line);
  }
  place.hidden = message.keyboard.length === 0;
}

// Posts of channels, newest first; the parts of an album are one card.

const keyOf = (channel, id) => `${channel}:${id}`;

function cardKey(item) {
  if (!item.album) return keyOf(item.channel.id, item.id);
  const first = [...state.posts.values()].find((other) => other.album === item.album);
  return first ? keyOf(first.channel.id, first.id) : keyOf(item.channel.id, item.id);
}

function showPostCard(item, live) {
  const key = cardKey(item);
  const known = state.posts.has(keyOf(item.channel.id, item.id));
  state.posts.set(keyOf(item.channel.id, item.id), item);
  const parts = item.album ? [...state.posts.values()].filter((other) => other.album === item.album) : [item];
  const node = postNode(key, parts);
  const old = $(`post-${key}`);
  if (old) old.replaceWith(node); else $("posts").prepend(node);
  if (live) glow(node);
  if (live && !known) badge("channels");
  countPosts();
}

function postNode(key, parts) {
  const item = parts[0];
  const node = make("article", "post");
  node.id = `post-${key}`;
  node.tabIndex = -1;
  const head = make("div", "head");
  const name = make("b");
  const dot = make("span", `dot dot${Math.max(0, state.channels.findIndex((each) => each.id === item.channel.id)) % DOTS}`);
  name.append(dot, item.channel.title);
  head.append(name, time(item));
  node.append(head);
  if (item.forwarded) node.append(make("div", "from", `forwarded from ${item.forwarded}`));
  const pictures = make("div", "pictures");
  for (const part of parts) pictures.append(...part.media.map(mediaNode));
  if (pictures.childNodes.length) node.append(pictures);
  for (const part of parts) if (part.text) node.append(formatted(part.text, part.entities));
  return node;
}

function hidePost({ channel, id }) {
  const key = keyOf(channel, id);
  state.posts.delete(key);
  const node = $(`post-${key}`);
  if (!node) return;
  node.classList.add("gone");
  node.querySelector("time").textContent = "deleted";
}

function countPosts() {
  const cards = document.querySelectorAll(".post").length;
  $("channels-status").textContent = `${state.channels.length} channels, ${cards} posts`;
}

// A link to a post of the demo's own channels leads to the other column, not to the internet.
function showPost(url) {
  if (url.hostname !== "t.me") return false;
  const parts = url.pathname.split("/").filter(Boolean);
  if (parts[0] === "c") parts.shift();
  const wanted = (parts[0] || "").toLowerCase();
  const channel = state.channels.find((each) => (each.username || String(each.id)).toLowerCase() === wanted);
  if (!channel) return false;
  view("channels");
  const node = parts[1] && cardOf(channel, Number(parts[1]));
  if (!node) return true;
  node.scrollIntoView({ block: "center" });
  node.focus({ preventScroll: true });
  glow(node);
  return true;
}

function cardOf(channel, id) {
  const item = state.posts.get(keyOf(channel.id, id));
  return item ? $(`post-${cardKey(item)}`) : $(`post-${keyOf(channel.id, id)}`);
}

// Live updates. The first event of a connection is the whole state, so that a lost one heals by itself.

const events = new EventSource("/events");
const on = (name, handle) => events.addEventListener(name, (event) => handle(JSON.parse(event.data)));

on("state", (fresh) => {
  Object.assign(state, { user: fresh.user, channels: fresh.channels });
  showBot(fresh.bot);
  state.messages.clear();
  state.posts.clear();
  lastDay = "";
  document.querySelectorAll(".message, .day, .post, .none").forEach((node) => node.remove());
  $("publish-channel").replaceChildren(...fresh.channels.map(channelOption));
  $("publish").hidden = fresh.channels.length === 0;
  fresh.messages.forEach((message) => showMessage(message, false));
  fresh.posts.forEach((item) => showPostCard(item, false));
  if (!fresh.posts.length) $("posts").append(make("p", "none", "Nothing has been published yet."));
  countPosts();
  showChat(fresh.chat);
  $("welcome").hidden = fresh.messages.length > 0;
  clearBadge(document.body.dataset.view);
  toBottom();
});
on("message", (message) => showMessage(message));
on("message-gone", ({ id }) => {
  state.messages.delete(id);
  $(`message-${id}`)?.remove();
});
on("post", (item) => {
  document.querySelector(".none")?.remove();
  if (!state.channels.some((each) => each.id === item.channel.id)) addChannel(item.channel);
  showPostCard(item, true);
});
on("post-gone", hidePost);
on("answer", showAnswer);
on("chat", ({ bot, chat }) => { showBot(bot); showChat(chat); });
on("action", () => { $("bot-status").textContent = "typing…"; });
events.addEventListener("error", () => { $("bot-status").textContent = "the demo has stopped, waiting for it…"; });

function channelOption(channel) {
  const option = make("option", "", channel.title);
  option.value = channel.id;
  return option;
}

function addChannel(channel) {
  state.channels.push(channel);
  $("publish-channel").append(channelOption(channel));
  $("publish").hidden = false;
}

function showBot(bot) {
  state.bot = bot;
  $("bot-name").textContent = bot.name;
  $("bot-avatar").textContent = bot.name.slice(0, 1).toUpperCase();
  $("bot-status").textContent = `@${bot.username}`;
  $("welcome-text").textContent = bot.description || "Press Start, and it will tell you.";
}

function showChat(chat) {
  state.chat = chat;
  $("block").hidden = chat.blocked || !chat.started;
  $("unblock").hidden = !chat.blocked;
  for (const id of ["text", "send"]) $(id).hidden = chat.blocked;
  $("slash").hidden = chat.blocked || !state.bot.commands.length;
}

function showAnswer({ text, alert, url }) {
  document.querySelectorAll("[aria-busy]").forEach((node) => node.removeAttribute("aria-busy"));
  if (url && !showPost(new URL(url))) toast(url);
  if (!text) return;
  if (!alert) return toast(text);
  $("alert-text").textContent = text;
  if (!$("alert").open) $("alert").showModal();
}

let toastTimer;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 1500 + 60 * text.length);
}

// On a phone one column shows; the other counts what it got meanwhile.

function view(name) {
  document.body.dataset.view = name;
  document.querySelectorAll("[data-show]").forEach((node) => {
    node.setAttribute("aria-pressed", String(node.dataset.show === name));
  });
  clearBadge(name);
  if (name === "chat") toBottom();
}

function badge(name) {
  if (!NARROW.matches || document.body.dataset.view === name) return;
  const node = $(`${name}-badge`);
  node.textContent = Number(node.textContent || 0) + 1;
  node.hidden = false;
}

function clearBadge(name) {
  $(`${name}-badge`).textContent = "";
  $(`${name}-badge`).hidden = true;
}

document.querySelectorAll("[data-show]").forEach((node) => {
  node.addEventListener("click", () => view(node.dataset.show));
});

// Speaking

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) toast(await answer.text());
    return answer.ok;
  } catch {
    toast("The demo does not answer; is it still running?");
    return false;
  }
}

const say = (text) => post("/say", { text });

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

async function send() {
  const area = $("text");
  const text = area.value.trim();
  if (!text) return;
  area.value = "";
  grow(area);
  showCommands();
  if (!await say(text)) {
    area.value = text;
    grow(area);
  }
}

$("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
$("start").addEventListener("click", () => say("/start"));
$("block").addEventListener("click", () => post("/block", { blocked: true }));
$("unblock").addEventListener("click", () => post("/block", { blocked: false }));
$("down").addEventListener("click", toBottom);
$("messages").addEventListener("scroll", () => { if (isAtBottom()) $("down").hidden = true; });
$("publish").addEventListener("submit", async (event) => {
  event.preventDefault();
  const area = $("publish-text");
  if (!area.value.trim()) return area.focus();
  const sent = await post("/publish", { channel_id: Number($("publish-channel").value), text: area.value });
  if (sent) area.value = "";
  grow(area);
});
$("publish-text").addEventListener("input", () => grow($("publish-text")));
$("publish-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("publish").requestSubmit();
});

// Commands: a slash shows them, arrows choose, Tab or Enter takes.

let chosen = 0;

function matching() {
  const typed = $("text").value;
  if (!/^\/\w*$/.test(typed)) return [];
  return (state.bot.commands || []).filter((each) => `/${each.command}`.startsWith(typed.toLowerCase()));
}

function showCommands() {
  const found = matching();
  chosen = Math.min(Math.max(chosen, 0), Math.max(found.length - 1, 0));
  $("commands").hidden = found.length === 0;
  $("commands").replaceChildren(...found.map((each, place) => {
    const item = make("li");
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(place === chosen));
    item.append(make("b", "", `/${each.command}`), make("span", "", each.description));
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(each); });
    return item;
  }));
}

function take(command) {
  $("text").value = `/${command.command}`;
  send();
}

$("text").addEventListener("input", () => { chosen = 0; grow($("text")); showCommands(); });
$("text").addEventListener("blur", () => { $("commands").hidden = true; });
$("slash").addEventListener("click", () => {
  $("text").value = "/";
  $("text").focus();
  showCommands();
});
$("text").addEventListener("keydown", (event) => {
  const found = $("commands").hidden ? [] : matching();
  if (found.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
    showCommands();
    $("commands").children[chosen].scrollIntoView({ block: "nearest" });
  } else if (found.length && (event.key === "Tab" || event.key === "Enter")) {
    event.preventDefault();
    take(found[chosen]);
  } else if (event.key === "Escape") {
    $("commands").hidden = true;
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
