// The messages of a chat, from top to bottom: the bot's description, days, bubbles, albums.

import { h, icon, iconButton } from "./dom.js";
import { formatted } from "./formatted_text.js";
import { inlineKeyboard } from "./inline_keyboard.js";
import { media } from "./media.js";
import { changeMessage, isWaiting, state } from "./page_state.js";
import { botAvatar, fullName } from "./people_list.js";
import { messageMenu } from "./popup_menus.js";
import { actAs } from "./server_connection.js";
import { day, t, timeOfDay } from "./translation.js";

/** Draws the rows of a chat. */
export function messageRows(person) {
  const rows = [person.started ? null : description(person)];
  let today = null;
  for (const group of grouped([...person.messages.values()])) {
    const [first] = group;
    const date = new Date(first.date * 1000).toDateString();
    if (date !== today) rows.push(h("p", { key: date, class: "day" }, h("span", {}, day(first.date))));
    today = date;
    const waiting = group.flatMap((message) => message.keyboard.flat().filter((button) => isWaiting(person, message, button)));
    const answered = first.reply && person.messages.get(first.reply);
    rows.push(h(bubble, { key: first.id, person, bot: state.bot.name, group, waiting, answered }));
  }
  return rows;
}

/** Groups the messages of each album; other messages stay single. */
function grouped(messages) {
  const groups = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (message.group && last?.[0].group === message.group) last.push(message);
    else groups.push([message]);
  }
  return groups;
}

function description(person) {
  return h("section", { key: "description", class: "description" },
    botAvatar(),
    h("h3", { "aria-level": "2" }, t("what-can")),
    h("p", { dir: "auto" }, person.description));
}

/** A message or an album, which is drawn again only when something of it changes. */
function bubble({ person, bot, group, waiting, answered }) {
  const [first] = group;
  const { id, mine, date, keyboard } = first;
  const nameOf = (message) => (message.mine ? fullName(person) : bot);
  const openMenu = (event) => {
    if (event.type === "contextmenu" && event.target.closest("a, img")) return;
    event.preventDefault();
    messageMenu(event.currentTarget, person, first);
  };
  return h("article", { class: mine ? "message mine" : "message theirs", "data-id": id, "aria-label": `${nameOf(first)}, ${timeOfDay(date)}` },
    h("div", { class: bubbleClass(group), oncontextmenu: openMenu },
      h("div", { class: "body" },
        first.forwarded !== undefined && h("p", { class: "forwarded", dir: "auto" }, t("forwarded", { name: first.forwarded })),
        first.reply && quoted(answered, answered && nameOf(answered)),
        content(person, group)),
      iconButton("down", t("message-options"), openMenu, { class: "bubble-options", "aria-haspopup": "menu" })),
    keyboard.length > 0 && inlineKeyboard(person, first, waiting));
}

function bubbleClass([{ media: held, text }]) {
  if (held?.kind === "sticker" && !text) return "bubble bare";
  return ["photo", "video", "animation"].includes(held?.kind) ? "bubble pictured" : "bubble";
}

function content(person, group) {
  const [first] = group;
  const captioned = group.find((message) => message.text) ?? first;
  const caption = h("div", { class: "caption" }, text(person, captioned), meta(group.at(-1)));
  const held = group.filter((message) => message.media).map((message) => media(message, (part) => switchPart(person, message, part)));
  const isAlbum = group.length > 1 && group.every((message) => message.media?.kind === "photo");
  const shown = isAlbum ? h("div", { class: "album" }, held) : held;
  return first.above ? [caption, shown] : [shown, caption];
}

/** Shows or hides a part of a message: what a spoiler covers, the rest of a quote. */
function switchPart(person, { id, shown = [] }, part) {
  changeMessage(person, id, { shown: shown.includes(part) ? shown.filter((each) => each !== part) : [...shown, part] });
}

function text(person, message) {
  if (!message.text) return null;
  const onCommand = message.mine ? null : (command) => actAs(person, "send", { text: command });
  return h("div", { class: "text", dir: "auto" }, formatted(message, (part) => switchPart(person, message, part), onCommand));
}

function meta({ edited, date, mine, acknowledged }) {
  const ticks = acknowledged ? "acknowledged" : "sent";
  return h("span", { class: "meta" },
    edited && h("span", {}, t("edited"), " "),
    h("time", { datetime: new Date(date * 1000).toISOString() }, timeOfDay(date)),
    mine && h("span", { class: "ticks", role: "img", "aria-label": t(ticks), title: t(ticks) }, icon(ticks)));
}

function quoted(answered, who) {
  return h("div", { class: "quoted", dir: "auto" },
    h("strong", {}, who),
    h("span", {}, answered ? answered.text.slice(0, 120) || t(answered.media?.kind ?? "document") : t("gone-message")));
}
