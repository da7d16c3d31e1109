// The console's own few lines: keys, and posts as they arrive. Foreign words are put in as text, never as markup.
"use strict";

const items = () => [...document.querySelectorAll("[data-item]")].filter((each) => each.checkVisibility());

function move(step) {
  const all = items();
  if (!all.length) return;
  const here = all.findIndex((each) => each.classList.contains("here-now"));
  const next = all[Math.max(0, Math.min(all.length - 1, here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step))];
  if (here >= 0) all[here].classList.remove("here-now");
  next.classList.add("here-now");
  next.scrollIntoView({ block: "nearest" });
  next.querySelector("[data-open]")?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (pressed) => {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
  if (pressed.target.closest("input, select, textarea")) {
    if (pressed.key === "Escape") pressed.target.blur();
    return;
  }
  if (pressed.key === "/") {
    pressed.preventDefault();
    const box = document.getElementById("q");
    if (box) box.select();
    else location.assign("/search");
  } else if (pressed.key === "j") move(1);
  else if (pressed.key === "k") move(-1);
});

// On a phone the sections are wider than the screen: the present one is brought into sight.
const section = document.querySelector(".sections [aria-current]");
if (section) section.parentElement.scrollLeft = section.offsetLeft - section.parentElement.clientWidth / 2;

// On a phone the facets wait behind their heading.
if (matchMedia("(max-width: 860px)").matches) {
  document.querySelectorAll("details.facets").forEach((each) => each.removeAttribute("open"));
}

const list = document.getElementById("live");
if (list) watch(list);

function watch(list) {
  const MOST = 300;
  const SOON = 2_000;
  const LATE = 60_000;
  const lamp = document.getElementById("lamp");
  const button = document.getElementById("pause");
  const label = button.textContent;
  const quiet = document.getElementById("quiet");
  const pattern = document.getElementById("arrived");
  let paused = false;
  let waiting = [];
  let events = null;
  let last = null;
  let wait = SOON;

  const say = (state) => {
    lamp.textContent = lamp.dataset[state];
    lamp.className = `lamp ${state}`;
  };

  const shown = (post) => {
    const item = pattern.content.firstElementChild.cloneNode(true);
    const channel = item.querySelector(".channel");
    const time = item.querySelector("time");
    const out = item.querySelector(".out");
    const said = item.querySelector(".said");
    item.dataset.id = post.id;
    channel.firstElementChild.textContent = post.channel;
    channel.href = post.here;
    time.textContent = post.clock;
    time.dateTime = post.at;
    time.after(...post.topics.map((topic) => {
      const tag = document.createElement("span");
      tag.className = "tag";
      tag.textContent = topic;
      return tag;
    }));
    if (post.url) out.href = post.url;
    else out.remove();
    for (const [piece, isMarked] of post.pieces) {
      const part = document.createElement(isMarked ? "mark" : "span");
      part.textContent = piece;
      said.append(part);
    }
    return item;
  };

  const put = (posts) => {
    for (const post of posts) list.prepend(shown(post));
    while (list.children.length > MOST) list.lastElementChild.remove();
    if (posts.length) quiet.hidden = true;
  };

  const connect = () => {
    const address = new URL(list.dataset.events, location.href);
    if (last !== null) address.searchParams.set("after", last);
    events = new EventSource(address);
    events.onopen = () => {
      wait = SOON;
      say(paused ? "paused" : "open");
    };
    events.onerror = () => {
      say("lost");
      // What breaks is asked for again by the browser; what is refused (the database is away, a proxy says so) is not.
      if (events.readyState !== EventSource.CLOSED) return;
      setTimeout(connect, wait);
      wait = Math.min(2 * wait, LATE);
    };
    events.addEventListener("full", () => {
      events.close();
      say("full");
    });
    events.onmessage = (event) => {
      last = event.lastEventId;
      const post = JSON.parse(event.data);
      if (!paused) return put([post]);
      waiting.push(post);
      button.textContent = button.dataset.waiting.replace("{n}", waiting.length);
    };
  };
  connect();

  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", paused);
    if (!paused) {
      put(waiting);
      waiting = [];
      button.textContent = label;
    }
    say(events.readyState === EventSource.OPEN ? (paused ? "paused" : "open") : "lost");
  });
}
