// Draws a text with its formatting. Offsets count UTF-16 units, as in JavaScript.

import { el } from "./dom.js";
import { momentInWords, t } from "./translation.js";

/** Draws a text; `onCommand` is called with a command that is clicked. */
export function formatted(text, entities, onCommand) {
  const ordered = entities
    .filter((entity) => entity.length > 0 && entity.offset < text.length)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  return nodes(text, 0, text.length, ordered, onCommand);
}

function nodes(text, from, to, entities, onCommand) {
  const drawn = [];
  let at = from;
  while (entities.length) {
    const [entity] = entities;
    const begin = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    const inside = entities.slice(1).filter((other) => other.offset < end);
    entities = entities.slice(1).filter((other) => other.offset >= end);
    if (begin >= end) continue;
    if (begin > at) drawn.push(text.slice(at, begin));
    const children = nodes(text, begin, end, inside, onCommand);
    drawn.push(wrapped(entity, text.slice(begin, end), children, onCommand));
    // A block ends its own line, so the line break after it is not a second one.
    at = BLOCKS.has(entity.type) && text[end] === "\n" ? end + 1 : end;
  }
  if (at < to) drawn.push(text.slice(at, to));
  return drawn;
}

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", blockquote: "blockquote" };

function wrapped(entity, words, children, onCommand) {
  switch (entity.type) {
    case "pre":
      return el("pre", { tabindex: "0" }, el("code", {}, children));
    case "expandable_blockquote":
      return words.length > 160 || words.split("\n").length > 3 ? expandable(children) : el("blockquote", {}, children);
    case "spoiler":
      return spoiler(children);
    case "text_link":
      return link(entity.url, children);
    case "url":
      return link(/^[a-z]+:/i.test(words) ? words : `https://${words}`, children);
    case "email":
      return link(`mailto:${words}`, children);
    case "bot_command":
      return onCommand
        ? el("button", { type: "button", class: "command", onclick: () => onCommand(words) }, words)
        : el("span", { class: "tag" }, children);
    case "date_time":
      return time(entity, words, children);
    case "mention": case "hashtag": case "cashtag": case "phone_number": case "text_mention":
      return el("span", { class: "tag" }, children);
    default:
      return el(TAGS[entity.type] ?? "span", {}, children);
  }
}

/** Returns the address if its scheme is safe to open; `javascript:` and the like are not. */
export function safeAddress(address) {
  try {
    const { protocol, href } = new URL(address);
    return ["http:", "https:", "mailto:", "tg:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

// In the viewer's zone and language, as Telegram does; the words that were sent are the tooltip.
function time({ unix_time: unix, date_time_format: format }, words, children) {
  const shown = format ? momentInWords(unix, format) : children;
  return el("time", { datetime: new Date(unix * 1000).toISOString(), title: words }, shown);
}

function link(address, children) {
  const href = safeAddress(address);
  if (!href) return el("span", {}, children);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer", title: href }, children);
}

function spoiler(children) {
  const show = () => {
    cover.classList.add("shown");
    for (const name of ["role", "tabindex", "aria-label"]) cover.removeAttribute(name);
  };
  const press = (event) => [" ", "Enter"].includes(event.key) && (event.preventDefault(), show());
  const cover = el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": t("hidden-text"), onclick: show, onkeydown: press },
    el("span", { class: "spoiler-text" }, children));
  return cover;
}

function expandable(children) {
  const words = el("div", { class: "expandable" }, children);
  const more = el("button", { type: "button", class: "command", "aria-expanded": "false", onclick: () => {
    const open = words.classList.toggle("open");
    more.setAttribute("aria-expanded", String(open));
    more.textContent = t(open ? "less-text" : "more-text");
  } }, t("more-text"));
  return el("blockquote", {}, words, more);
}
