// One message bubble: origin, media, text, time and buttons.

import { fullName } from "./people.js";
import { el, icon, iconButton } from "./dom.js";
import { formatted } from "./entities.js";
import { keyboard } from "./keyboard.js";
import { album, media } from "./media.js";
import { messageMenu } from "./menus.js";
import { state } from "./store.js";
import { ticks } from "./ticks.js";
import { actAs } from "./wire.js";
import { clock, t } from "./words.js";

export function bubble(person, message, answered) {
  const held = message.media ? media(message) : null;
  const caption = el("div", { class: "caption" }, text(person, message), meta(message));
  return framed(person, message, [
    message.forwarded !== undefined && el("p", { class: "forwarded", dir: "auto" }, t("forwarded", { name: message.forwarded })),
    message.reply && quoted(person, answered),
    message.above ? [caption, held] : [held, caption],
  ]);
}

export function albumBubble(person, group, answered) {
  const captioned = group.find((message) => message.text) ?? group[0];
  return framed(person, group[0], [group[0].reply && quoted(person, answered), album(group), el("div", { class: "caption" }, text(person, captioned), meta(group.at(-1)))]);
}

function framed(person, message, parts) {
  const kind = message.media?.kind;
  const bare = kind === "sticker" && !message.text ? " bare" : "";
  const pictured = ["photo", "video", "animation"].includes(kind) ? " pictured" : "";
  const who = message.mine ? fullName(person) : state.bot.name;
  const body = el("div", { class: "body" }, parts);
  const frame = el("div", { class: `bubble${bare}${pictured}` }, body, options(person, message));
  frame.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, img")) return;
    event.preventDefault();
    messageMenu(frame, person, message);
  });
  return el("article", { class: message.mine ? "message mine" : "message theirs", "data-id": message.id, "aria-label": `${who}, ${clock(message.date)}` },
    frame,
    message.keyboard.length > 0 && keyboard(person, message));
}

function text(person, message) {
  if (!message.text) return null;
  const onCommand = message.mine ? null : (command) => actAs(person, "send", { text: command });
  return el("div", { class: "text", dir: "auto" }, formatted(message.text, message.entities, onCommand));
}

function meta(message) {
  return el("span", { class: "meta" },
    message.edited && el("span", {}, t("edited"), " "),
    el("time", { datetime: new Date(message.date * 1000).toISOString() }, clock(message.date)),
    message.mine && ticks(message));
}

function options(person, message) {
  return iconButton("down", t("message-options"), (event) => messageMenu(event.currentTarget, person, message), { class: "bubble-options", "aria-haspopup": "menu" });
}

function quoted(person, answered) {
  const who = answered ? (answered.mine ? fullName(person) : state.bot.name) : "";
  return el("div", { class: "quoted", dir: "auto" },
    el("strong", {}, who),
    el("span", {}, answered ? answered.text.slice(0, 120) || t(answered.media?.kind ?? "document") : t("gone-message")));
}
