// The messages of a chat, from top to bottom: the bot's description, days, bubbles, albums.

import { el, entitle, icon, iconButton, refill } from "./dom.js";
import { formatted } from "./formatted_text.js";
import { inlineKeyboard } from "./inline_keyboard.js";
import { album, media } from "./media.js";
import { isWaiting, state } from "./page_state.js";
import { botAvatar, fullName } from "./people_list.js";
import { messageMenu } from "./popup_menus.js";
import { actAs } from "./server_connection.js";
import { day, t, timeOfDay } from "./translation.js";

/** Returns the rows of a chat for `reconcile`. */
export function messageRows(person) {
  const rows = [];
  if (!person.started) rows.push(description(person));
  let today = null;
  for (const group of grouped([...person.messages.values()])) {
    const [first] = group;
    const date = new Date(first.date * 1000).toDateString();
    if (date !== today) rows.push(line(`d${date}`, day(first.date)));
    today = date;
    rows.push(shown(person, group));
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

function shown(person, group) {
  const [first] = group;
  const waiting = group.flatMap((message) => message.keyboard.flat()).map((button) => isWaiting(person, first, button));
  const answered = first.reply ? person.messages.get(first.reply) : null;
  // Ticks are updated in place, so that a bubble with a picture need not be redrawn.
  const sign = JSON.stringify([group, waiting, answered?.text, person.gone || person.blocked], (name, value) => (name === "acknowledged" ? undefined : value));
  const make = (old) => {
    const node = group.length > 1 ? albumBubble(person, group, answered) : bubble(person, first, answered);
    if (!old) node.classList.add("arriving");
    return node;
  };
  return { key: `m${first.id}`, sign, make };
}

function description(person) {
  const make = () => el("section", { class: "description" },
    botAvatar(),
    el("h3", { "aria-level": "2" }, t("what-can")),
    el("p", { dir: "auto" }, person.description));
  return { key: "description", sign: person.description, make };
}

/** Returns a line in the middle: a day, or what is not a message of anybody's. */
function line(key, words) {
  return { key, sign: words, make: () => el("p", { class: "day" }, el("span", {}, words)) };
}

function bubble(person, message, answered) {
  const held = message.media ? media(message) : null;
  const caption = el("div", { class: "caption" }, text(person, message), meta(message));
  return framed(person, message, [
    message.forwarded !== undefined && el("p", { class: "forwarded", dir: "auto" }, t("forwarded", { name: message.forwarded })),
    message.reply && quoted(person, answered),
    message.above ? [caption, held] : [held, caption],
  ]);
}

function albumBubble(person, group, answered) {
  const captioned = group.find((message) => message.text) ?? group[0];
  return framed(person, group[0], [group[0].reply && quoted(person, answered), album(group), el("div", { class: "caption" }, text(person, captioned), meta(group.at(-1)))]);
}

function framed(person, message, parts) {
  const kind = message.media?.kind;
  const bare = kind === "sticker" && !message.text ? " bare" : "";
  const pictured = ["photo", "video", "animation"].includes(kind) ? " pictured" : "";
  const who = message.mine ? fullName(person) : state.bot.name;
  const options = iconButton("down", t("message-options"), (event) => messageMenu(event.currentTarget, person, message), { class: "bubble-options", "aria-haspopup": "menu" });
  const frame = el("div", { class: `bubble${bare}${pictured}` }, el("div", { class: "body" }, parts), options);
  frame.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, img")) return;
    event.preventDefault();
    messageMenu(frame, person, message);
  });
  return el("article", { class: message.mine ? "message mine" : "message theirs", "data-id": message.id, "aria-label": `${who}, ${timeOfDay(message.date)}` },
    frame,
    message.keyboard.length > 0 && inlineKeyboard(person, message));
}

function text(person, message) {
  if (!message.text) return null;
  const onCommand = message.mine ? null : (command) => actAs(person, "send", { text: command });
  return el("div", { class: "text", dir: "auto" }, formatted(message.text, message.entities, onCommand));
}

function meta(message) {
  return el("span", { class: "meta" },
    message.edited && el("span", {}, t("edited"), " "),
    el("time", { datetime: new Date(message.date * 1000).toISOString() }, timeOfDay(message.date)),
    message.mine && el("span", { class: "ticks", role: "img", "data-of": message.id }));
}

function quoted(person, answered) {
  const who = answered ? (answered.mine ? fullName(person) : state.bot.name) : "";
  return el("div", { class: "quoted", dir: "auto" },
    el("strong", {}, who),
    el("span", {}, answered ? answered.text.slice(0, 120) || t(answered.media?.kind ?? "document") : t("gone-message")));
}

/** Draws the ticks of a chat. */
export function drawTicks(rows, person) {
  for (const node of rows.querySelectorAll(".ticks")) {
    const drawing = person.messages.get(Number(node.dataset.of))?.acknowledged ? "acknowledged" : "sent";
    if (refill(node, drawing, () => icon(drawing))) entitle(node, t(drawing));
  }
}
