// Draws media: pictures, albums, documents and the other kinds of content.

import { showPicture } from "./dialogs.js";
import { el, icon } from "./dom.js";
import { fileSize, t } from "./translation.js";

const fileOf = (held) => `file/${encodeURIComponent(held.file)}`;
const NARROWEST = 140;
const WIDEST = 480;
const HIGHEST = 420;
const PLAYED = { voice: "voice", audio: "audio", video: "video", video_note: "video", animation: "video" };

export function media(message) {
  const held = message.media;
  if (held.kind === "photo") return photo(message);
  if (held.kind === "sticker" || held.kind === "dice") return el("p", { class: "sticker" }, held.emoji ?? "🙂");
  if (held.kind === "document") return documentLink(held);
  if (held.kind in PLAYED) return card(PLAYED[held.kind], held.title ?? held.file_name ?? t(PLAYED[held.kind] === "video" ? "video" : "voice"), seconds(held.duration));
  if (held.kind === "contact") return card("contact", held.first_name, held.phone_number);
  if (held.kind === "poll") return card("poll", held.question, t("poll"));
  if (held.kind === "venue") return card("place", held.title, held.address);
  return card("place", t("location"), "");
}

/** Draws an album: pictures side by side, documents one under the other. */
export function album(group) {
  if (group.some((message) => message.media?.kind !== "photo")) return group.map((message) => media(message));
  return el("div", { class: "album" }, group.map((message) => photo(message)));
}

function photo(message) {
  const held = message.media;
  const name = message.text.split("\n")[0].slice(0, 100) || t("picture");
  const image = el("img", { src: fileOf(held), alt: name, ...reservedSize(held), decoding: "async" });
  const button = el("button", { type: "button", class: "photo", "aria-label": `${t("see-picture")}: ${name}` }, image);
  let covered = message.spoiler;
  button.classList.toggle("covered", covered);
  button.addEventListener("click", () => {
    if (!covered) return showPicture(fileOf(held), name);
    covered = false;
    button.classList.remove("covered");
  });
  return button;
}

/** Returns the size of a picture in the chat; its space is reserved until it has loaded. */
function reservedSize({ width, height }) {
  const shown = Math.round(Math.max(NARROWEST, Math.min(width, WIDEST, (HIGHEST * width) / height)));
  return { width: shown, height: Math.round((shown * height) / width) };
}

function documentLink(held) {
  const name = held.file_name ?? t("document");
  return el("a", { class: "file", href: fileOf(held), download: name, "aria-label": t("download", { name }) }, cardParts("document", name, fileSize(held.file_size)));
}

const card = (...parts) => el("div", { class: "file" }, cardParts(...parts));

function cardParts(drawing, title, line) {
  return [el("span", { class: "file-icon" }, icon(drawing)), el("bdi", { class: "file-name" }, title), el("span", { class: "file-size" }, line)];
}

function seconds(duration = 0) {
  return `${Math.floor(duration / 60)}:${String(duration % 60).padStart(2, "0")}`;
}
