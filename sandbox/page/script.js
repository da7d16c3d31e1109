// The chat page works on forms; this makes it live: changes come as HTML from the server, forms go without a reload.
"use strict";

const $ = (id) => document.getElementById(id);
const NEAR_BOTTOM = 120; // pixels
const NARROW = matchMedia("(max-width: 46rem)");
const TITLE = document.title;

// HTML of the server. DOMParser runs no scripts, and the page's policy allows none but this file.

function parsed(html) {
  const inside = new DOMParser().parseFromString(html, "text/html").body;
  localize(inside);
  return [...inside.children];
}

function localize(root) {
  for (const node of root.querySelectorAll("time")) {
    const at = new Date(node.dateTime);
    node.textContent = node.dataset.shows === "day"
      ? at.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" })
      : at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    node.title = at.toLocaleString();
  }
}

function patch({ put = [], first = [], fill = {}, gone = [], struck = [] }) {
  const follow = isAtBottom();
  for (const id of gone) $(id)?.remove();
  for (const id of struck) strike($(id));
  for (const [id, html] of Object.entries(fill)) refill(id, html);
  for (const [into, html] of put) for (const node of parsed(html)) place($(into), node, false);
  for (const [into, html] of first) for (const node of parsed(html)) place($(into), node, true);
  const own = put.length && document.querySelector("#messages > :last-child.own");
  if (follow || own || fill.messages) toBottom(); else if (put.length) $("down").hidden = false;
}

function place(into, node, first) {
  const old = node.id && $(node.id);
  if (old) {
    const focused = old.contains(document.activeElement);
    const open = old.querySelector("details[open]");
    if (open) node.querySelector("details")?.setAttribute("open", "");
    old.replaceWith(node);
    if (focused) (node.querySelector(".rows button") || $("text"))?.focus();
  } else if (first) {
    into.prepend(node);
    badge("badge-channels", "channels");
  } else {
    into.append(node);
    if (node.matches(".message:not(.own)")) heard(node);
  }
  if (!node.matches(".day") && (old || first)) glow(node);
}

function heard(node) {
  badge("badge-chat", "chat");
  rest();
  if (node.dataset.ask) answer(node, node.dataset.ask);
  if (document.hidden) document.title = `● ${TITLE}`;
}

function refill(id, html) {
  const writing = document.activeElement?.id === "text";
  const draft = $("text")?.value;
  $(id).replaceChildren(...parsed(html));
  if (id === "composer" && $("text")) {
    $("text").value = draft ?? "";
    if (writing) $("text").focus();
  }
  ready();
}

function strike(node) {
  node?.classList.add("gone");
  node?.querySelector("details")?.remove();
}

function glow(node) {
  node.classList.add("changed");
  setTimeout(() => node.classList.remove("changed"), 1700);
}

function isAtBottom() {
  const box = $("messages");
  return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_BOTTOM;
}

function toBottom() {
  $("messages").scrollTop = $("messages").scrollHeight;
  $("down").hidden = true;
}

function rest(text = $("status").dataset.rest) { $("status").textContent = text; }

// The stream. A browser that was cut off connects again by itself, and is told everything anew.

const events = new EventSource(document.body.dataset.events);
const on = (name, handle) => events.addEventListener(name, (event) => handle(JSON.parse(event.data)));
let typing;
on("patch", patch);
on("typing", () => {
  rest("typing…");
  clearTimeout(typing);
  typing = setTimeout(() => rest(), 5000);
});
on("answer", ({ text, alert, url }) => {
  document.querySelectorAll("[aria-busy]").forEach((node) => node.removeAttribute("aria-busy"));
  if (url) post("/open", { link: url });
  if (!text) return;
  if (!alert) return toast(text);
  $("alert-text").textContent = text;
  if (!$("alert").open) $("alert").showModal();
});
on("notice", ({ marks, text }) => {
  marks.forEach((id) => count($(id)?.querySelector(".badge")));
  if (text) $("notice").textContent = text;
});
events.addEventListener("open", () => rest());
events.addEventListener("error", () => rest("the demo has stopped, waiting for it…"));

// Forms: whatever is sent goes with the person, chat and topic of the form it belongs to.

async function post(path, fields, failed = () => {}) {
  const form = new URLSearchParams([...new FormData($("act")), ...Object.entries(fields)]);
  return sent(path, form, failed);
}

async function sent(path, form, failed = () => {}) {
  try {
    const reply = await fetch(path, { method: "POST", headers: { "X-Script": "1" }, body: form });
    if (reply.ok) {
      const done = await reply.json();
      if (done.go) location.assign(done.go);
      return done;
    }
    toast(await reply.text());
  } catch {
    toast("The demo does not answer; is it still running?");
  }
  failed();
  return null;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.getAttribute("method") === "dialog") return;
  event.preventDefault();
  const by = event.submitter;
  const path = by?.getAttribute("formaction") || form.getAttribute("action");
  const fields = new URLSearchParams(new FormData(form, by));
  const area = form.querySelector("textarea");
  const words = area?.value;
  if (path === "/press") wait(by);
  if (path === "/say" && by?.form?.id === "act" && !$("commands").hidden) clear();
  if (path === "/choose") clear();
  if (form.id === "write") {
    if (!words.trim() || !$("inline").hidden) return $("inline").querySelector(".result")?.focus();
    clear();
  } else if (path === "/publish") { area.value = ""; grow(area); }
  const restore = () => { by?.removeAttribute("aria-busy"); if (area) { area.value = words; grow(area); } };
  const done = await sent(path, fields, restore);
  if (done && path !== "/publish" && form.id !== "write") form.closest("details")?.removeAttribute("open");
});
document.addEventListener("change", (event) => {
  if ("sends" in event.target.dataset) event.target.form.requestSubmit();
});

function wait(node) {
  node.setAttribute("aria-busy", "true");
  setTimeout(() => node.removeAttribute("aria-busy"), 8000);
}

function clear() {
  $("text").value = "";
  grow($("text"));
  noReply();
  showCommands();
  $("inline").hidden = true;
}

// What is tapped and needs nobody's answer.

document.addEventListener("click", (event) => {
  const node = event.target.closest("a, button, .spoiler");
  if (!node) return document.querySelectorAll("details.menu[open], details.change[open]").forEach((each) => {
    if (!each.contains(event.target)) each.removeAttribute("open");
  });
  if (node.matches("a[href^='#']")) {
    event.preventDefault();
    show(node.getAttribute("href").slice(1));
  } else if (node.matches(".spoiler, .unfold")) open(node);
  else if (node.dataset.show) view(node.dataset.show);
  else if (node.dataset.reply) answer(node.closest(".message"));
  else if (node.dataset.insert) insert(node.dataset.insert);
  else if (node.dataset.copy) navigator.clipboard.writeText(node.dataset.copy).then(() => toast("Copied."));
  else if (node.matches(".more")) ask(node.dataset.query, node.dataset.offset);
  else if (node.id === "down") toBottom();
  else if (node.id === "no-reply") noReply();
  else if (node.id === "slash") insert("/");
});

function open(node) {
  const opened = node.getAttribute("aria-expanded") === "true";
  node.setAttribute("aria-expanded", String(!opened));
  if (node.matches(".spoiler")) node.removeAttribute("aria-label");
  else node.textContent = opened ? "Show more" : "Show less";
  node.closest("blockquote")?.classList.toggle("folded", opened);
}

function show(id) {
  const node = $(id);
  if (!node) return toast("That is gone, or too old to be shown here.");
  if (node.closest("#channels")) view("channels");
  if (id === "channels") return;
  node.scrollIntoView({ block: "center" });
  node.focus({ preventScroll: true });
  glow(node.closest(".post") || node);
}

function answer(message, hint) {
  if (!$("reply")) return;
  $("reply-to").value = message.dataset.id;
  $("reply-text").textContent = message.querySelector(".text")?.textContent.slice(0, 90) || "a picture";
  $("reply").hidden = false;
  if (hint) $("text").placeholder = hint;
  $("text").focus();
}

function noReply() {
  $("reply-to").value = "";
  $("reply").hidden = true;
}

function insert(words) {
  $("text").value = words;
  $("text").focus();
  $("text").dispatchEvent(new Event("input", { bubbles: true }));
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
  const node = $(`badge-${name}`);
  node.textContent = "";
  node.hidden = true;
  if (name === "chat") toBottom();
}

function badge(id, name) {
  if (NARROW.matches && document.body.dataset.view !== name) count($(id));
}

function count(node) {
  if (!node) return;
  node.textContent = Number(node.textContent || 0) + 1;
  node.hidden = false;
}

// Writing: a slash shows the commands, @bot asks for inline results; arrows choose, Tab or Enter takes.

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

const shownCommands = () => [...$("commands").children].filter((node) => !node.hidden);

function showCommands() {
  const typed = $("text")?.value.toLowerCase() ?? "";
  const isCommand = /^\/\w*$/.test(typed);
  for (const node of $("commands").children) node.hidden = !isCommand || !node.value.startsWith(typed);
  const found = shownCommands();
  $("commands").hidden = !found.length;
  $("slash")?.setAttribute("aria-expanded", String(found.length > 0));
  choose(found, 0);
}

function choose(found, at) {
  for (const node of $("commands").children) node.classList.toggle("chosen", node === found[at]);
  found[at]?.scrollIntoView({ block: "nearest" });
}

let asked = 0;
async function ask(query, offset = "") {
  const number = ++asked;
  const done = await post("/inline", { query, offset });
  if (number !== asked || !done) return;
  const results = parsed(done.html);
  $("inline").querySelector(".more")?.remove();
  if (offset) $("inline").append(...results); else $("inline").replaceChildren(...results);
  $("inline").hidden = false;
}

let asking;
function askInline() {
  clearTimeout(asking);
  const found = $("text").value.match(/^@(\w+)\s([\s\S]*)$/);
  if (found?.[1].toLowerCase() === document.body.dataset.bot.toLowerCase()) {
    asking = setTimeout(() => ask(found[2]), 250);
  } else {
    asked += 1;
    $("inline").hidden = true;
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea")) grow(event.target);
  if (event.target.id !== "text") return;
  showCommands();
  askInline();
});
document.addEventListener("focusout", (event) => {
  if (event.target.id === "text" && !$("commands").contains(event.relatedTarget)) $("commands").hidden = true;
});
document.addEventListener("keydown", (event) => {
  if (event.target.matches(".spoiler") && ["Enter", " "].includes(event.key)) return open(event.target);
  if (event.key === "Escape") {
    document.querySelectorAll("details[open]").forEach((node) => node.removeAttribute("open"));
    $("commands").hidden = $("inline").hidden = true;
  }
  if (event.target.matches(".publish textarea, .change textarea")) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
  } else if (event.target.id === "text") write(event);
});

function write(event) {
  const found = $("commands").hidden ? [] : shownCommands();
  const at = found.findIndex((node) => node.matches(".chosen"));
  if (found.length && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    choose(found, (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
  } else if (found.length && ["Tab", "Enter"].includes(event.key)) {
    event.preventDefault();
    found[at].click();
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
}

// At the start, and whenever the line to write in was made anew.

function ready() {
  if ($("slash")) $("slash").hidden = !$("commands").childElementCount;
  const last = $("messages").lastElementChild;
  if (last?.dataset.ask) answer(last, last.dataset.ask);
}

document.addEventListener("visibilitychange", () => { document.title = TITLE; });
document.addEventListener("error", (event) => {
  if (event.target.matches("img")) event.target.replaceWith("🖼 picture");
}, true);
$("messages").addEventListener("scroll", () => { if (isAtBottom()) $("down").hidden = true; });
localize(document);
ready();
toBottom();
