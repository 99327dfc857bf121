// Round avatars: the initials of a name on a colour that belongs to the person.

import { el, icon } from "./dom.js";

const COLOURS = 7;

export function avatar(name, id) {
  const words = name.split(/\s+/).filter((word) => /\p{L}|\p{N}/u.test(word));
  const letters = words.slice(0, 2).map((word) => [...word.matchAll(/[\p{L}\p{N}]/gu)][0][0].toUpperCase());
  return el("span", { class: `avatar tint-${id % COLOURS}`, "aria-hidden": "true" }, letters.join("") || "?");
}

export function botAvatar() {
  return el("span", { class: "avatar bot-avatar", "aria-hidden": "true" }, icon("pen"));
}
