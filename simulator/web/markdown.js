// Converts the Markdown that Telegram's clients understand to entities and back.

const MARKS = [
  ["pre", /```([\s\S]+?)```/],
  ["code", /`([^`\n]+)`/],
  ["bold", /\*\*(\S(?:[^\n]*?\S)?)\*\*/],
  ["italic", /__(\S(?:[^\n]*?\S)?)__/],
  ["strikethrough", /~~(\S(?:[^\n]*?\S)?)~~/],
  ["spoiler", /\|\|(\S(?:[^\n]*?\S)?)\|\|/],
  ["text_link", /\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/],
];

const SIGNS = { pre: "```", code: "`", bold: "**", italic: "__", strikethrough: "~~", spoiler: "||" };
const LONGEST = 4096;

/** Returns the written text without its marks, and the entities. */
export function parseMarkdown(typed) {
  let text = typed.trim();
  const entities = [];
  for (let found; (found = first(text)); ) {
    const { type, match } = found;
    const [whole, inner, url] = match;
    const opening = whole.indexOf(inner);
    const closing = whole.length - opening - inner.length;
    text = text.slice(0, match.index) + inner + text.slice(match.index + whole.length);
    for (const entity of entities) shift(entity, match.index, opening, inner.length, closing);
    entities.push({ type, offset: match.index, length: inner.length, ...(url ? { url } : {}) });
    if (entities.length > 100) break;
  }
  return { text, entities };
}

function first(text) {
  return MARKS.map(([type, pattern]) => ({ type, match: pattern.exec(text) }))
    .filter(({ match }) => match)
    .sort((a, b) => a.match.index - b.match.index)[0];
}

/** Moves the entities found before when marks around or before them are removed. */
function shift(entity, at, opening, length, closing) {
  const moved = (place) => place - (place > at ? Math.min(opening, place - at) : 0) - (place > at + opening + length ? Math.min(closing, place - at - opening - length) : 0);
  const end = moved(entity.offset + entity.length);
  entity.offset = moved(entity.offset);
  entity.length = end - entity.offset;
}

/** Returns the text with marks for its entities. */
export function toMarkdown(text, entities) {
  const opened = new Map();
  const closed = new Map();
  const outermost = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  for (const { type, offset, length, url } of outermost) {
    const [opening, closing] = type === "text_link" ? ["[", `](${url})`] : [SIGNS[type] ?? "", SIGNS[type] ?? ""];
    const end = offset + length;
    opened.set(offset, (opened.get(offset) ?? "") + opening);
    closed.set(end, closing + (closed.get(end) ?? ""));
  }
  const places = [...new Set([0, ...opened.keys(), ...closed.keys(), text.length])].sort((a, b) => a - b);
  return places.map((place, n) => (closed.get(place) ?? "") + (opened.get(place) ?? "") + text.slice(place, places[n + 1] ?? place)).join("");
}

/** Splits a text into messages that Telegram's limit allows. */
export function splitText({ text, entities }) {
  const made = [];
  for (let from = 0, to; from < text.length; from = to) {
    to = from + endOfPiece(text.slice(from));
    made.push({ text: text.slice(from, to), entities: entities.flatMap((entity) => within(entity, from, to)) });
  }
  return made;
}

/** Returns where the first piece ends: after a line or else a word, never inside a character. */
function endOfPiece(text) {
  if (text.length <= LONGEST) return text.length;
  const fits = text.slice(0, LONGEST);
  const gap = [fits.lastIndexOf("\n"), fits.lastIndexOf(" ")].find((place) => place > LONGEST / 2);
  if (gap !== undefined) return gap + 1;
  return /[\uD800-\uDBFF]$/.test(fits) ? LONGEST - 1 : LONGEST;
}

function within(entity, from, to) {
  const begin = Math.max(entity.offset, from);
  const end = Math.min(entity.offset + entity.length, to);
  return begin < end ? [{ ...entity, offset: begin - from, length: end - begin }] : [];
}
