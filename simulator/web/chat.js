// The open chat of a person with the bot.

import { composer } from "./composer.js";
import { built, el, fill, icon, iconButton, reconcile, refill } from "./dom.js";
import { followAnswers } from "./inline_keyboard.js";
import { drawTicks, messageRows } from "./messages.js";
import { closeChat, panelIsShown, showPanel } from "./navigation.js";
import { redrawOn, selectedPerson, state, unreadCount } from "./page_state.js";
import { actionText, botAvatar } from "./people_list.js";
import { personMenu } from "./popup_menus.js";
import { actAs } from "./server_connection.js";
import { t } from "./translation.js";

const NEAR = 120;

export function drawChat(root) {
  root.setAttribute("aria-label", t("chat"));
  // On a phone it is the only heading, as the list with the other one is hidden.
  const title = el("h2", { class: "chat-title", "aria-level": "1" });
  const line = el("p", { class: "chat-line", "aria-live": "polite" });
  const rows = el("div", { class: "rows" });
  const log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": t("chat"), tabindex: "0" }, rows);
  const bottom = el("button", { type: "button", class: "to-bottom", hidden: true, onclick: () => scrollDown(log, "smooth") }, icon("down"), t("to-bottom"));
  const foot = el("div", { class: "foot" });
  root.append(
    el("header", { class: "bar chat-bar" },
      iconButton("back", t("back"), closeChat, { class: "icon-button only-phone" }),
      botAvatar(),
      el("div", { class: "chat-names" }, title, line),
      iconButton("more", t("more"), (event) => selectedPerson() && personMenu(event.currentTarget, selectedPerson()), { "aria-haspopup": "menu" }),
      sideButtons.map((button) => button()),
      sideButton("panel", "panel", showPanel, panelIsShown, "panel-button")),
    el("div", { class: "log-room" }, el("div", { class: "wall" }), log),
    bottom,
    foot);
  const view = { root, title, line, log, rows, bottom, foot, person: null, own: 0, atBottom: true, maxScroll: 0 };
  log.addEventListener("scroll", () => scrolled(view));
  // A chat scrolled to the bottom stays there when a picture or the phone's keyboard grows.
  const growing = new ResizeObserver(() => {
    view.maxScroll = maxScrollOf(log);
    if (view.atBottom) scrollDown(log);
  });
  growing.observe(log);
  growing.observe(rows);
  redrawOn(["chat", "bot"], () => draw(view));
  redrawOn(["opened"], () => {
    draw(view);
    scrollDown(log);
  });
  addEventListener("visibilitychange", () => markRead(selectedPerson()));
  followAnswers();
}

const sideButtons = [];

/** Adds a button to the bar, before the chat is drawn. */
export const addSideButton = (button) => sideButtons.push(button);

/** A button that shows something beside the chat, or hides it. */
export function sideButton(drawing, name, show, isShown, className) {
  const button = built(iconButton(drawing, t(name), () => show(!isShown()), { class: `icon-button ${className}` }));
  redrawOn(["panel"], () => button.setAttribute("aria-pressed", String(isShown())));
  return button;
}

function draw(view) {
  const person = selectedPerson();
  view.root.classList.toggle("empty", !person);
  if (!person) {
    view.person = null;
    fill(view.rows, el("p", { class: "nobody" }, t("choose-chat")));
    fill(view.foot);
    delete view.foot.dataset.sign;
    view.title.textContent = view.line.textContent = "";
    return;
  }
  if (view.person !== person.id) showAnother(view, person);
  view.title.textContent = state.bot.name;
  view.line.classList.toggle("acting", Boolean(person.action));
  view.line.textContent = person.action ? actionText(person) : t("seen-by", { name: person.name });
  reconcile(view.rows, messageRows(person));
  drawTicks(view.rows, person);
  drawFoot(view.foot, person);
  // Whoever sends something sees it.
  const own = newestOwn(person);
  if (own > view.own) view.atBottom = true;
  view.own = own;
  if (view.atBottom) scrollDown(view.log);
  drawBottom(view);
  markRead(person);
}

/** Opens another phone; screen readers do not announce the messages already there. */
function showAnother(view, person) {
  view.person = person.id;
  view.log.setAttribute("aria-live", "off");
  view.rows.replaceChildren();
  view.atBottom = true;
  view.own = newestOwn(person);
  setTimeout(() => view.log.setAttribute("aria-live", "polite"), 500);
}

/** Draws the bottom of the chat: the composer, or the one button that can be used. */
function drawFoot(foot, person) {
  const kind = person.gone ? "gone" : person.blocked ? "blocked" : person.started ? "writing" : "new";
  const wide = (label, onclick) => el("button", { type: "button", class: "wide-button", onclick }, label);
  const made = {
    gone: () => el("p", { class: "foot-note" }, icon("gone"), t("is-gone")),
    blocked: () => wide(t("unblock"), () => actAs(person, "unblock")),
    new: () => wide(t("start"), () => actAs(person, "start")),
    writing: () => composer(person.id),
  };
  refill(foot, `${person.id} ${kind}`, made[kind], "textarea, .wide-button");
}

function markRead(person) {
  if (!person || document.hidden) return;
  if (document.getElementById("app").dataset.view !== "chat" && matchMedia("(max-width: 699px)").matches) return;
  if (!unreadCount(person)) return;
  person.read = Math.max(...person.messages.keys());
  actAs(person, "read", { message: person.read });
}

/** Notes whether somebody has scrolled up; a change of the content's height does not count. */
function scrolled(view) {
  const { log } = view;
  if (distanceToBottom(log) < NEAR) view.atBottom = true;
  else if (maxScrollOf(log) === view.maxScroll) view.atBottom = false;
  drawBottom(view);
  view.maxScroll = maxScrollOf(log);
}

/** Keeps the button to the end until only its own height is left, so hiding it scrolls nothing. */
function drawBottom({ log, bottom, atBottom }) {
  if (distanceToBottom(log) <= bottom.offsetHeight) bottom.hidden = true;
  else if (!atBottom) bottom.hidden = false;
}

const newestOwn = (person) => Math.max(0, ...[...person.messages.values()].filter((message) => message.mine).map((message) => message.id));

/** The largest scroll position. */
const maxScrollOf = (log) => log.scrollHeight - log.clientHeight;

const distanceToBottom = (log) => maxScrollOf(log) - log.scrollTop;

function scrollDown(log, behavior = "instant") {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  log.scrollTo({ top: log.scrollHeight, behavior: calm ? "instant" : behavior });
}
