// The open chat of a person with the bot.

import { composer } from "./composer.js";
import { h, icon, iconButton } from "./dom.js";
import { messageRows } from "./messages.js";
import { closeChat, showBeside } from "./navigation.js";
import { added, isActing, selectedPerson, state, unread, update } from "./page_state.js";
import { actionText, botAvatar } from "./people_list.js";
import { personMenu } from "./popup_menus.js";
import { actAs } from "./server_connection.js";
import { t } from "./translation.js";

const NEAR = 120;

export function chat() {
  const person = selectedPerson();
  const isWorking = person && isActing(person);
  const said = isWorking ? actionText(person) : person && t("seen-by", { name: person.name });
  return h("section", { id: "chat", class: person ? "chat" : "chat empty", "aria-label": t("chat"), drawn: markRead },
    h("header", { class: "bar chat-bar" },
      iconButton("back", t("back"), closeChat, { class: "icon-button only-phone" }),
      botAvatar(),
      h("div", { class: "chat-names" },
        // On a phone it is the only heading, as the list with the other one is hidden.
        h("h2", { class: "chat-title", "aria-level": "1" }, person && state.bot.name),
        h("p", { class: isWorking ? "chat-line acting" : "chat-line", "aria-live": "polite" }, said)),
      iconButton("more", t("more"), (event) => personMenu(event.currentTarget, person), { "aria-haspopup": "menu" }),
      added.bar.map((view) => view()),
      sideButton("panel", "panel", "panel", "panel-button")),
    h("div", { class: "log-room" }, h("div", { class: "wall" }), log(person)),
    h("button", { type: "button", class: "to-bottom", hidden: !state.log.isAway, onclick: () => goToEnd("smooth") }, icon("down"), t("to-bottom")),
    h("div", { class: "foot" }, person && foot(person)));
}

/** A button that shows a section beside the chat, or hides it. */
export function sideButton(drawing, name, side, className) {
  const isShown = state.beside === side;
  return iconButton(drawing, t(name), () => showBeside(isShown ? "" : side), { class: `icon-button ${className}`, "aria-pressed": String(isShown) });
}

/** The messages; another phone has another log, so that nobody is told what stands there already. */
function log(person) {
  const about = { class: "log", role: "log", "aria-live": "polite", "aria-label": t("chat"), tabindex: "0" };
  return h("div", { key: person?.id, ...about, onscroll: scrolled, drawn: stayAtEnd },
    h("div", { class: "rows" }, person ? messageRows(person) : h("p", { class: "nobody" }, t("choose-chat"))));
}

/** Draws the bottom of the chat: the composer, or the one button that can be used. */
function foot(person) {
  const wide = (act) => h("button", { type: "button", class: "wide-button", onclick: () => actAs(person, act) }, t(act));
  if (person.gone) return h("p", { class: "foot-note" }, icon("gone"), t("is-gone"));
  if (person.blocked) return wide("unblock");
  return person.started ? composer(person) : wide("start");
}

function markRead() {
  const person = selectedPerson();
  if (!person || document.hidden || !unread(person).length) return;
  if (state.view !== "chat" && matchMedia("(max-width: 699px)").matches) return;
  person.read = Math.max(...person.messages.keys());
  actAs(person, "read", { message: person.read });
}

addEventListener("visibilitychange", markRead);

// A chat that is at its end stays there when a message, a picture or the phone's keyboard grows.
const growing = new ResizeObserver(() => {
  if (state.log.atEnd) goToEnd();
  state.log.highest = position().highest;
  measure();
});

function stayAtEnd(node, isNew) {
  if (!isNew) return;
  growing.disconnect();
  growing.observe(node);
  growing.observe(node.firstChild);
}

/** Notes whether somebody has scrolled up; that the end is further away, before `growing` knows it, does not count. */
function scrolled() {
  const { left, highest } = position();
  if (left < NEAR) state.log.atEnd = true;
  else if (highest === state.log.highest) state.log.atEnd = false;
  measure();
}

/** Offers the way to the end until only its button's height is left, so hiding that scrolls nothing. */
function measure() {
  const { atEnd, isAway } = state.log;
  const { left } = position();
  const offers = left > document.querySelector(".to-bottom").offsetHeight && (isAway || !atEnd);
  if (offers !== isAway) update(state.log, { isAway: offers });
}

/** The largest scroll position, and how much of it is left to the end. */
function position() {
  const { scrollHeight, clientHeight, scrollTop } = document.querySelector(".log");
  const highest = scrollHeight - clientHeight;
  return { highest, left: highest - scrollTop };
}

function goToEnd(behavior = "instant") {
  const node = document.querySelector(".log");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  node.scrollTo({ top: node.scrollHeight, behavior: calm ? "instant" : behavior });
}
