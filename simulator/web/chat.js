// The open chat of a person with the bot.

import { composer } from "./composer.js";
import { h, icon, iconButton } from "./dom.js";
import { messageRows } from "./messages.js";
import { closeChat, showBeside } from "./navigation.js";
import { added, onChange, redraw, selectedPerson, state, unread, update } from "./page_state.js";
import { botAvatar } from "./people_list.js";
import { personMenu } from "./popup_menus.js";
import { actAs } from "./server_connection.js";
import { t } from "./translation.js";

const NEAR = 60;

export function chat() {
  const person = selectedPerson();
  return h("section", { id: "chat", class: person ? "chat" : "chat empty", "aria-label": t("chat"), drawn: markRead },
    h("header", { class: "bar chat-bar" },
      iconButton("back", t("back"), closeChat, { class: "icon-button only-phone" }),
      botAvatar(),
      h("div", { class: "chat-names" },
        // On a phone it is the only heading, as the list with the other one is hidden.
        h("h2", { class: "chat-title", "aria-level": "1" }, person && state.bot.name),
        h("p", { class: "chat-line" }, person && t("seen-by", { name: person.name }))),
      iconButton("more", t("more"), (event) => personMenu(event.currentTarget, person), { "aria-haspopup": "menu" }),
      added.bar.map((view) => view()),
      sideButton("panel", "panel", "panel", "panel-button")),
    h("div", { class: "log-room" }, h("div", { class: "wall" }), log(person)),
    h("button", { class: "to-bottom", hidden: !state.isAway, onclick: () => goToEnd() }, icon("down"), t("to-bottom")),
    h("div", { class: "foot" }, person && foot(person)));
}

/** A button that shows a section beside the chat, or hides it. */
export function sideButton(drawing, name, side, className) {
  const isShown = state.beside === side;
  return iconButton(drawing, t(name), () => showBeside(isShown ? "" : side), { class: `icon-button ${className}`, "aria-pressed": String(isShown) });
}

/** The messages, laid out from the end; another phone has another log, so that nobody is told what stands there already. */
function log(person) {
  const about = { class: "log", role: "log", "aria-live": "polite", "aria-label": t("chat"), tabindex: "0" };
  return h("div", { key: person?.id, ...about, onscrollend: scrolled },
    h("div", { class: "rows" }, person ? messageRows(person) : h("p", { class: "nobody" }, t("choose-chat"))));
}

/** Draws the bottom of the chat: the composer, or the one button that can be used. */
function foot(person) {
  const wide = (act) => h("button", { class: "wide-button", onclick: () => actAs(person, act) }, t(act));
  if (person.gone) return h("p", { class: "foot-note" }, icon("gone"), t("is-gone"));
  if (person.blocked) return wide("unblock");
  return person.started ? composer(person) : wide("start");
}

function markRead() {
  const person = selectedPerson();
  if (!person || document.hidden || !unread(person).length) return;
  if (state.view !== "chat" && matchMedia("(max-width: 699px)").matches) return;
  update(person, { read: Math.max(...person.messages.keys()) });
}

addEventListener("visibilitychange", markRead);

/** Offers the way to the end to somebody who has scrolled up; not before, as its row makes the log smaller. */
function scrolled({ currentTarget }) {
  const isAway = currentTarget.scrollTop < -NEAR;
  if (isAway !== state.isAway) update(state, { isAway });
}

// The one who sends something sees it.
onChange("message", ({ person, message }) => message.mine && !message.edited && person === state.selected && redraw(() => goToEnd("instant")));

const goToEnd = (behavior) => document.querySelector(".log").scrollTo({ top: 0, behavior });
