// The open chat of a person with the bot.

import { botAvatar } from "./avatar.js";
import { hearAnswers } from "./answers.js";
import { rowsOf } from "./rows.js";
import { composer } from "./composer.js";
import { el, fill, icon, iconButton, reconcile } from "./dom.js";
import { personMenu } from "./menus.js";
import { closePhone, panelIsShown, showPanel } from "./places.js";
import { drawOn, selected, state, unread } from "./store.js";
import { drawTicks } from "./ticks.js";
import { actAs } from "./wire.js";
import { t } from "./words.js";

const NEAR = 120;

export function drawChat(root) {
  root.setAttribute("aria-label", t("chat"));
  const title = el("h2", { class: "chat-title" });
  const line = el("p", { class: "chat-line", "aria-live": "polite" });
  const rows = el("div", { class: "rows" });
  const log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": t("chat"), tabindex: "0" }, rows);
  const bottom = el("button", { type: "button", class: "to-bottom", hidden: true, onclick: () => scrollDown(log, "smooth") }, icon("down"), t("to-bottom"));
  const foot = el("div", { class: "foot" });
  root.append(
    el("header", { class: "bar chat-bar" },
      iconButton("back", t("back"), closePhone, { class: "icon-button only-phone" }),
      botAvatar(),
      el("div", { class: "chat-names" }, title, line),
      iconButton("more", t("more"), (event) => selected() && personMenu(event.currentTarget, selected()), { "aria-haspopup": "menu" }),
      panelButton()),
    el("div", { class: "log-room" }, el("div", { class: "wall" }), log),
    bottom,
    foot);
  const scene = { root, title, line, log, rows, bottom, foot, person: null, own: 0, stuck: true, reach: 0 };
  log.addEventListener("scroll", () => scrolled(scene));
  // A chat scrolled to the bottom stays there when a picture or the phone's keyboard grows.
  const growing = new ResizeObserver(() => {
    scene.reach = reachOf(log);
    if (scene.stuck) scrollDown(log);
  });
  growing.observe(log);
  growing.observe(rows);
  drawOn(["chat", "bot"], () => draw(scene));
  drawOn(["opened"], () => arrive(scene));
  addEventListener("visibilitychange", () => markRead(selected()));
  hearAnswers();
}

function panelButton() {
  const button = iconButton("panel", t("panel"), () => showPanel(!panelIsShown()));
  drawOn(["panel"], () => button.setAttribute("aria-pressed", String(panelIsShown())));
  return button;
}

function arrive(scene) {
  draw(scene);
  scrollDown(scene.log);
}

function draw(scene) {
  const person = selected();
  scene.root.classList.toggle("empty", !person);
  if (!person) {
    scene.person = null;
    fill(scene.rows, el("p", { class: "nobody" }, t("choose-chat")));
    fill(scene.foot);
    delete scene.foot.dataset.key;
    scene.title.textContent = scene.line.textContent = "";
    return;
  }
  if (scene.person !== person.id) showAnother(scene, person);
  scene.title.textContent = state.bot.name;
  drawLine(scene.line, person);
  reconcile(scene.rows, rowsOf(person));
  drawTicks(scene.rows, person);
  drawFoot(scene.foot, person);
  goWithOwn(scene, person);
  if (scene.stuck) scrollDown(scene.log);
  drawBottom(scene);
  markRead(person);
}

/** Opens another phone; screen readers do not announce the messages already there. */
function showAnother(scene, person) {
  scene.person = person.id;
  scene.log.setAttribute("aria-live", "off");
  scene.rows.replaceChildren();
  scene.stuck = true;
  scene.own = newestOwn(person);
  setTimeout(() => scene.log.setAttribute("aria-live", "polite"), 500);
}

function drawLine(line, person) {
  const action = person.action?.action;
  const known = ["typing", "upload_photo", "upload_document", "upload_video"];
  line.classList.toggle("acting", Boolean(action));
  line.textContent = action ? t(known.includes(action) ? action : "acting") : t("seen-by", { name: person.name });
}

/** Draws the bottom of the chat: the composer, or the one button that can be used. */
function drawFoot(foot, person) {
  const kind = person.gone ? "gone" : person.blocked ? "blocked" : person.started ? "writing" : "new";
  const key = `${person.id} ${kind}`;
  if (foot.dataset.key === key) return;
  foot.dataset.key = key;
  const wide = (label, onclick) => el("button", { type: "button", class: "wide-button", onclick }, label);
  const made = {
    gone: () => el("p", { class: "foot-note" }, icon("gone"), t("is-gone")),
    blocked: () => wide(t("unblock"), () => actAs(person, "unblock")),
    new: () => wide(t("start"), () => actAs(person, "start")),
    writing: () => composer(person.id),
  };
  const held = foot.contains(document.activeElement);
  fill(foot, made[kind]());
  if (held) (foot.querySelector("textarea") ?? foot.querySelector("button"))?.focus();
}

function markRead(person) {
  if (!person || document.hidden) return;
  if (document.getElementById("app").dataset.view !== "chat" && matchMedia("(max-width: 699px)").matches) return;
  if (!unread(person)) return;
  person.read = Math.max(...person.messages.keys());
  actAs(person, "read", { message: person.read });
}

/** Notes whether somebody has scrolled up; a change of the content's height does not count. */
function scrolled(scene) {
  const { log } = scene;
  if (isAtBottom(log)) scene.stuck = true;
  else if (reachOf(log) === scene.reach) scene.stuck = false;
  drawBottom(scene);
  scene.reach = reachOf(log);
}

/** Keeps the button to the end until only its own height is left, so hiding it scrolls nothing. */
function drawBottom({ log, bottom, stuck }) {
  if (toGo(log) <= bottom.offsetHeight) bottom.hidden = true;
  else if (!stuck) bottom.hidden = false;
}

/** Scrolls to the bottom when somebody sends something. */
function goWithOwn(scene, person) {
  const own = newestOwn(person);
  if (own > scene.own) scene.stuck = true;
  scene.own = own;
}

const newestOwn = (person) => Math.max(0, ...[...person.messages.values()].filter((message) => message.mine).map((message) => message.id));

/** The largest scroll position. */
const reachOf = (log) => log.scrollHeight - log.clientHeight;

const toGo = (log) => reachOf(log) - log.scrollTop;

const isAtBottom = (log) => toGo(log) < NEAR;

function scrollDown(log, behavior = "instant") {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  log.scrollTo({ top: log.scrollHeight, behavior: calm ? "instant" : behavior });
}
