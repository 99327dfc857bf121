// The messages of a chat, from top to bottom: the bot's description, days, bubbles with their media, albums.

import { h, icon, iconButton } from "./dom.js";
import { formatted } from "./formatted_text.js";
import { inlineKeyboard } from "./inline_keyboard.js";
import { isWaiting, state } from "./page_state.js";
import { botAvatar, fullName } from "./people_list.js";
import { messageMenu } from "./popup_menus.js";
import { day, fileSize, t, timeOfDay } from "./translation.js";

/** Draws the rows of a chat. */
export function messageRows(person) {
  const rows = [person.started ? null : description(person)];
  let today = null;
  // The messages of an album stand together.
  for (const group of Map.groupBy(person.messages.values(), ({ id, group }) => group ?? id).values()) {
    const [first] = group;
    const date = new Date(first.date * 1000).toDateString();
    if (date !== today) rows.push(h("p", { key: date, class: "day" }, h("span", {}, day(first.date))));
    today = date;
    const waiting = group.flatMap((message) => message.keyboard.flat().filter((button) => isWaiting(message, button)));
    const answered = first.reply && person.messages.get(first.reply);
    rows.push(h(bubble, { key: first.id, person, bot: state.bot.name, group, waiting, answered }));
  }
  return rows;
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
  const held = group.filter((message) => message.media).map(drawMedia);
  const isAlbum = group.length > 1 && group.every((message) => message.media?.kind === "photo");
  const shown = isAlbum ? h("div", { class: "album" }, held) : held;
  return [shown, caption];
}

const text = (person, message) => message.text !== "" && h("div", { class: "text", dir: "auto" }, formatted(person, message));

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

const fileOf = (held) => `file/${encodeURIComponent(held.file)}`;
const NARROWEST = 140;
const WIDEST = 480;
const HIGHEST = 420;
const PLAYED = { voice: "voice", audio: "audio", video: "video", video_note: "video", animation: "video" };

function drawMedia(message) {
  const held = message.media;
  if (held.kind === "photo") return photo(message);
  if (held.kind === "sticker" || held.kind === "dice") return h("p", { class: "sticker" }, held.emoji ?? "🙂");
  if (held.kind === "document") return documentLink(held);
  if (held.kind in PLAYED) return card(PLAYED[held.kind], held.title ?? held.file_name ?? t(PLAYED[held.kind] === "video" ? "video" : "voice"), seconds(held.duration));
  if (held.kind === "contact") return card("contact", held.first_name, held.phone_number);
  if (held.kind === "poll") return card("poll", held.question, t("poll"));
  if (held.kind === "venue") return card("location", held.title, held.address);
  return card("location", t("location"), "");
}

function photo({ media: held, text }) {
  const name = text.split("\n")[0].slice(0, 100) || t("picture");
  return h("a", { class: "photo", href: fileOf(held), target: "_blank", "aria-label": `${t("see-picture")}: ${name}` },
    h("img", { src: fileOf(held), alt: name, ...reservedSize(held), decoding: "async" }));
}

/** Returns the size of a picture in the chat; its space is reserved until it has loaded. */
function reservedSize({ width, height }) {
  const shown = Math.round(Math.max(NARROWEST, Math.min(width, WIDEST, (HIGHEST * width) / height)));
  return { width: shown, height: Math.round((shown * height) / width) };
}

function documentLink(held) {
  const name = held.file_name ?? t("document");
  return h("a", { class: "file", href: fileOf(held), download: name, "aria-label": t("download", { name }) }, cardParts("document", name, fileSize(held.file_size)));
}

const card = (...parts) => h("div", { class: "file" }, cardParts(...parts));

function cardParts(drawing, title, line) {
  return [h("span", { class: "file-icon" }, icon(drawing)), h("bdi", { class: "file-name" }, title), h("span", { class: "file-size" }, line)];
}

const seconds = (duration = 0) => `${Math.floor(duration / 60)}:${String(duration % 60).padStart(2, "0")}`;
