// Draws a text with its formatting. Offsets count UTF-16 units, as in JavaScript.

import { h } from "./dom.js";
import { momentInWords, t } from "./translation.js";

/**
 * Draws a text. Parts of it that can be shown are those whose offset is among `shown`, and `show` is called
 * with one; `onCommand`, if any, is called with a command that is clicked.
 */
export function formatted({ text, entities, shown = [] }, show, onCommand) {
  const ordered = entities
    .filter((entity) => entity.length > 0 && entity.offset < text.length)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  const wrap = (entity, words, children) => wrapped(entity, words, children, { isShown: shown.includes(entity.offset), show: () => show(entity.offset), onCommand });
  return trees(text, 0, text.length, ordered, wrap);
}

function trees(text, from, to, entities, wrap) {
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
    drawn.push(wrap(entity, text.slice(begin, end), trees(text, begin, end, inside, wrap)));
    // A block ends its own line, so the line break after it is not a second one.
    at = BLOCKS.has(entity.type) && text[end] === "\n" ? end + 1 : end;
  }
  if (at < to) drawn.push(text.slice(at, to));
  return drawn;
}

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", blockquote: "blockquote" };

function wrapped(entity, words, children, { isShown, show, onCommand }) {
  switch (entity.type) {
    case "pre":
      return h("pre", { tabindex: "0" }, h("code", {}, children));
    case "expandable_blockquote":
      return words.length > 160 || words.split("\n").length > 3 ? expandable(children, isShown, show) : h("blockquote", {}, children);
    case "spoiler":
      return isShown ? h("span", { class: "spoiler shown" }, spoiled(children)) : spoiler(children, show);
    case "text_link":
      return link(entity.url, children);
    case "url":
      return link(/^[a-z]+:/i.test(words) ? words : `https://${words}`, children);
    case "email":
      return link(`mailto:${words}`, children);
    case "bot_command":
      return onCommand
        ? h("button", { type: "button", class: "command", onclick: () => onCommand(words) }, words)
        : h("span", { class: "tag" }, children);
    case "date_time":
      return time(entity, words, children);
    case "mention": case "hashtag": case "cashtag": case "phone_number": case "text_mention":
      return h("span", { class: "tag" }, children);
    default:
      return h(TAGS[entity.type] ?? "span", {}, children);
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
  return h("time", { datetime: new Date(unix * 1000).toISOString(), title: words }, shown);
}

function link(address, children) {
  const href = safeAddress(address);
  if (!href) return h("span", {}, children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", title: href }, children);
}

function spoiler(children, show) {
  const press = (event) => [" ", "Enter"].includes(event.key) && (event.preventDefault(), show());
  return h("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": t("hidden-text"), onclick: show, onkeydown: press }, spoiled(children));
}

const spoiled = (children) => h("span", { class: "spoiler-text" }, children);

function expandable(children, isShown, show) {
  return h("blockquote", {},
    h("div", { class: isShown ? "expandable open" : "expandable" }, children),
    h("button", { type: "button", class: "command", "aria-expanded": String(isShown), onclick: show }, t(isShown ? "less-text" : "more-text")));
}
