// Converts the Markdown that Telegram's clients understand to entities and back.

import { nested } from "./formatted_text.js";

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

/** Returns the written text without its marks, and the entities. */
export const parseMarkdown = (typed) => parsed(typed.trim(), 0);

/** Parses a part of a text that begins at a place. */
function parsed(typed, at) {
  const found = MARKS.map(([type, pattern]) => ({ type, match: pattern.exec(typed) })).filter(({ match }) => match);
  if (!found.length) return { text: typed, entities: [] };
  const [{ type, match }] = found.sort((a, b) => a.match.index - b.match.index);
  const [whole, inner, url] = match;
  const before = typed.slice(0, match.index);
  const offset = at + before.length;
  const inside = parsed(inner, offset);
  const { length } = inside.text;
  const after = parsed(typed.slice(match.index + whole.length), offset + length);
  return {
    text: before + inside.text + after.text,
    entities: [{ type, offset, length, ...(url && { url }) }, ...inside.entities, ...after.entities],
  };
}

/** Returns the text with marks for its entities. */
export const toMarkdown = (text, entities) => nested(text, entities, ({ type, url }, inside) => {
  const sign = SIGNS[type] ?? "";
  return type === "text_link" ? `[${inside.join("")}](${url})` : sign + inside.join("") + sign;
}).join("");
