// The list of people, each with a phone, and their avatars.

import { openAddDialog } from "./dialogs.js";
import { h, icon, iconButton } from "./dom.js";
import { openChat } from "./navigation.js";
import { state, unreadCount } from "./page_state.js";
import { themeButton } from "./theme.js";
import { languageName, number, switchLanguage, t, timeOfDay } from "./translation.js";

export function peopleList() {
  return h("nav", { id: "people", class: "people", "aria-label": t("people") },
    h("header", { class: "bar" },
      h("img", { class: "logo", src: "icon.svg", alt: "", width: "34", height: "34" }),
      h("h1", {}, t("title")),
      iconButton("globe", t("other-language"), switchLanguage),
      themeButton()),
    h("p", { class: "about" }, t("about")),
    h("ul", { class: "people-list" }, [...state.people.values()].map(row)),
    h("footer", { class: "people-foot" },
      h("button", { type: "button", class: "quiet-button", onclick: openAddDialog }, icon("plus"), t("add-person"))));
}

function row(person) {
  const last = newest(person);
  const open = person.id === state.selected;
  const count = open ? 0 : unreadCount(person);
  const line = status(person, last);
  const name = fullName(person);
  return h("li", { key: person.id },
    h("button", { type: "button", class: "person", "aria-current": open && "true", onclick: () => openChat(person.id) },
      avatar(name, person.id),
      h("span", { class: "person-name" },
        h("bdi", { class: "name" }, name),
        person.role === "admin" && h("span", { class: "chip" }, t("admin"))),
      h("time", { class: "person-time" }, last && timeOfDay(last.date)),
      h("span", { class: line.quiet ? "person-line quiet" : "person-line", dir: "auto" }, line.text),
      h("span", { class: "person-language" }, languageName(person.language)),
      count > 0 && h("span", { class: "badge", "aria-label": t("unread", { n: count }) }, number(count))));
}

function status(person, last) {
  if (person.gone) return { text: t("is-gone"), quiet: true };
  if (person.blocked) return { text: t("has-blocked"), quiet: true };
  if (person.action) return { text: actionText(person), quiet: true };
  if (!last) return { text: t("not-started"), quiet: true };
  const text = last.text || (last.media ? t(last.media.kind in KINDS ? last.media.kind : "document") : "");
  return { text: (last.mine ? t("you") : "") + text.slice(0, 90).replace(/\s+/g, " ") };
}

const ACTIONS = ["typing", "upload_photo", "upload_document", "upload_video"];
const KINDS = { photo: 1, document: 1, sticker: 1, voice: 1, video: 1, contact: 1, location: 1, poll: 1 };

/** What the bot is doing in a person's chat, such as «escribiendo…». */
export const actionText = ({ action: { action } }) => t(ACTIONS.includes(action) ? action : "acting");

const newest = (person) => [...person.messages.values()].at(-1);

export const fullName = (person) => [person.name, person.surname].filter(Boolean).join(" ");

const COLOURS = 7;

function avatar(name, id) {
  const words = name.split(/\s+/).filter((word) => /\p{L}|\p{N}/u.test(word));
  const letters = words.slice(0, 2).map((word) => [...word.matchAll(/[\p{L}\p{N}]/gu)][0][0].toUpperCase());
  return h("span", { class: `avatar tint-${id % COLOURS}`, "aria-hidden": "true" }, letters.join("") || "?");
}

export function botAvatar() {
  return h("span", { class: "avatar bot-avatar", "aria-hidden": "true" }, icon("pen"));
}
