// The marks that Telegram's own clients understand while one writes, as entities.

const MARKS = [
  ["pre", /```([\s\S]+?)```/],
  ["code", /`([^`\n]+)`/],
  ["bold", /\*\*(\S(?:[^\n]*?\S)?)\*\*/],
  ["italic", /__(\S(?:[^\n]*?\S)?)__/],
  ["strikethrough", /~~(\S(?:[^\n]*?\S)?)~~/],
  ["spoiler", /\|\|(\S(?:[^\n]*?\S)?)\|\|/],
  ["text_link", /\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/],
];

/** What is sent when this was written: the text without its marks, and the entities. */
export function written(typed) {
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

/** Entities found before keep their place when marks around or after them are taken away. */
function shift(entity, at, opening, length, closing) {
  const moved = (place) => place - (place > at ? Math.min(opening, place - at) : 0) - (place > at + opening + length ? Math.min(closing, place - at - opening - length) : 0);
  const end = moved(entity.offset + entity.length);
  entity.offset = moved(entity.offset);
  entity.length = end - entity.offset;
}
