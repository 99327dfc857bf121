// Draws a text with its formatting. Offsets count UTF-16 units, as in JavaScript.

import { h } from "./dom.js";
import { changeMessage } from "./page_state.js";
import { actAs } from "./server_connection.js";
import { momentInWords, t } from "./translation.js";

/** Draws the text of a message; what is hidden in it is shown or hidden, by its offset, when it is clicked. */
export function formatted(person, { id, mine, text, entities, shown = {} }) {
  return nested(text, entities, (entity, children, words) => {
    const isShown = Boolean(shown[entity.offset]);
    const show = () => changeMessage(person, id, { shown: { ...shown, [entity.offset]: !isShown } });
    const send = mine ? null : () => actAs(person, "send", { text: words });
    return (DRAWN[entity.type] ?? plain)(children, entity, { words, isShown, show, send });
  }, BLOCKS);
}

/**
 * Returns the parts of a text in order: words, and what `made` returns of an entity, of the parts inside
 * it and of its words. The line break after one of the `blocks` is left out.
 */
export function nested(text, entities, made, blocks = new Set()) {
  const parts = (from, to, inside) => {
    const all = [];
    let at = from;
    while (inside.length) {
      const [entity] = inside;
      const begin = Math.max(entity.offset, at);
      const end = Math.min(entity.offset + entity.length, to);
      const within = inside.slice(1).filter((other) => other.offset < end);
      inside = inside.slice(1).filter((other) => other.offset >= end);
      if (begin >= end) continue;
      if (begin > at) all.push(text.slice(at, begin));
      all.push(made(entity, parts(begin, end, within), text.slice(begin, end)));
      at = blocks.has(entity.type) && text[end] === "\n" ? end + 1 : end;
    }
    if (at < to) all.push(text.slice(at, to));
    return all;
  };
  return parts(0, text.length, entities
    .filter((entity) => entity.length > 0 && entity.offset < text.length)
    .sort((a, b) => a.offset - b.offset || b.length - a.length));
}

// A block ends its own line, so the line break after it is not a second one.
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", blockquote: "blockquote" };
const TINTED = ["mention", "text_mention", "hashtag", "cashtag", "phone_number", "bot_command"];
const DRAWN = { date_time: time, spoiler, expandable_blockquote: expandable, bot_command: command, pre, text_link: link, url: link, email: link };

const plain = (children, { type }) => h(TAGS[type] ?? "span", { class: TINTED.includes(type) && "tag" }, children);

/** Returns the address if its scheme is safe to open; `javascript:` and the like are not. */
export function safeAddress(address) {
  const { protocol, href } = URL.parse(address) ?? {};
  return ["http:", "https:", "mailto:", "tg:"].includes(protocol) ? href : null;
}

function link(children, { type, url }, { words }) {
  const address = { text_link: url, email: `mailto:${words}` }[type] ?? (/^[a-z]+:/i.test(words) ? words : `https://${words}`);
  const href = safeAddress(address);
  if (!href) return h("span", {}, children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", title: href }, children);
}

function pre(children) {
  return h("pre", { tabindex: "0" }, h("code", {}, children));
}

function command(children, entity, { words, send }) {
  if (!send) return plain(children, entity);
  return h("button", { class: "command", onclick: send }, words);
}

// In the viewer's zone and language, as Telegram does; the words that were sent are the tooltip.
function time(children, { unix_time: unix, date_time_format: format }, { words }) {
  const shown = format ? momentInWords(unix, format) : children;
  return h("time", { datetime: new Date(unix * 1000).toISOString(), title: words }, shown);
}

function spoiler(children, _, { isShown, show }) {
  const press = (event) => [" ", "Enter"].includes(event.key) && (event.preventDefault(), show());
  const covered = { role: "button", tabindex: "0", "aria-label": t("hidden-text"), onclick: show, onkeydown: press };
  return h("span", isShown ? { class: "spoiler shown" } : { class: "spoiler", ...covered }, h("span", { class: "spoiler-text" }, children));
}

function expandable(children, _, { words, isShown, show }) {
  if (words.length <= 160 && words.split("\n").length <= 3) return h("blockquote", {}, children);
  return h("blockquote", {},
    h("div", { class: isShown ? "expandable open" : "expandable" }, children),
    h("button", { class: "command", "aria-expanded": String(isShown), onclick: show }, t(isShown ? "less-text" : "more-text")));
}
