// The list of people, each with a phone, their avatars, and what the page itself can be switched to.

import { openAddDialog } from "./dialogs.js";
import { h, icon, iconButton } from "./dom.js";
import { openChat } from "./navigation.js";
import { state, unread } from "./page_state.js";
import { languageName, number, switchLanguage, t, timeOfDay } from "./translation.js";

export function peopleList() {
  return h("nav", { id: "people", class: "people", "aria-label": t("people") },
    h("header", { class: "bar" },
      h("img", { class: "logo", src: "icon.svg", alt: "", width: "34", height: "34" }),
      h("h1", {}, t("title")),
      iconButton("globe", t("other-language"), switchLanguage)),
    h("p", { class: "about" }, t("about")),
    h("ul", { class: "people-list" }, [...state.people.values()].map(row)),
    h("footer", { class: "people-foot" },
      h("button", { class: "quiet-button", onclick: openAddDialog }, icon("plus"), t("add-person"))));
}

function row(person) {
  const last = [...person.messages.values()].at(-1);
  const open = person.id === state.selected;
  const count = open ? 0 : unread(person).length;
  const about = person.gone ? t("is-gone") : person.blocked && t("has-blocked");
  const name = fullName(person);
  return h("li", { key: person.id },
    h("button", { class: "person", "aria-current": open && "true", onclick: () => openChat(person.id) },
      avatar(name, person.id),
      h("span", { class: "person-name" },
        h("bdi", { class: "name" }, name),
        person.role === "admin" && h("span", { class: "chip" }, t("admin"))),
      h("time", { class: "person-time" }, last && timeOfDay(last.date)),
      h("span", { class: about || !last ? "person-line quiet" : "person-line", dir: "auto" }, about || (last ? summary(last) : t("not-started"))),
      h("span", { class: "person-language" }, languageName(person.language)),
      count > 0 && h("span", { class: "badge", "aria-label": t("unread", { n: count }) }, number(count))));
}

/** What stands for a message in one line. */
function summary({ mine, text, media }) {
  const words = text || (media ? t(media.kind) : "");
  return (mine ? t("you") : "") + words.slice(0, 90).replace(/\s+/g, " ");
}

export const fullName = (person) => [person.name, person.surname].filter(Boolean).join(" ");

const COLOURS = 7;

function avatar(name, id) {
  const letters = name.split(/\s+/).map((word) => /[\p{L}\p{N}]/u.exec(word)?.[0]).filter(Boolean);
  const initials = letters.slice(0, 2).join("").toUpperCase();
  return h("span", { class: `avatar tint-${id % COLOURS}`, "aria-hidden": "true" }, initials || "?");
}

export const botAvatar = () => h("span", { class: "avatar bot-avatar", "aria-hidden": "true" }, icon("pen"));
