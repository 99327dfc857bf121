// Draws media: pictures, albums, documents and the other kinds of content.

import { showPicture } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { fileSize, t } from "./translation.js";

const fileOf = (held) => `file/${encodeURIComponent(held.file)}`;
const NARROWEST = 140;
const WIDEST = 480;
const HIGHEST = 420;
const PLAYED = { voice: "voice", audio: "audio", video: "video", video_note: "video", animation: "video" };

/** Draws the media of a message; `show` is called to uncover a picture. */
export function media(message, show) {
  const held = message.media;
  if (held.kind === "photo") return photo(message, show);
  if (held.kind === "sticker" || held.kind === "dice") return h("p", { class: "sticker" }, held.emoji ?? "🙂");
  if (held.kind === "document") return documentLink(held);
  if (held.kind in PLAYED) return card(PLAYED[held.kind], held.title ?? held.file_name ?? t(PLAYED[held.kind] === "video" ? "video" : "voice"), seconds(held.duration));
  if (held.kind === "contact") return card("contact", held.first_name, held.phone_number);
  if (held.kind === "poll") return card("poll", held.question, t("poll"));
  if (held.kind === "venue") return card("place", held.title, held.address);
  return card("place", t("location"), "");
}

function photo({ media: held, text, spoiler, shown = [] }, show) {
  const name = text.split("\n")[0].slice(0, 100) || t("picture");
  const covered = spoiler && !shown.includes(COVER);
  const press = () => (covered ? show(COVER) : showPicture(fileOf(held), name));
  return h("button", { type: "button", class: covered ? "photo covered" : "photo", "aria-label": `${t("see-picture")}: ${name}`, onclick: press },
    h("img", { src: fileOf(held), alt: name, ...reservedSize(held), decoding: "async" }));
}

const COVER = "cover";

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

function seconds(duration = 0) {
  return `${Math.floor(duration / 60)}:${String(duration % 60).padStart(2, "0")}`;
}
