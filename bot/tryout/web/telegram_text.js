// Telegram's HTML in a text field: how long it is on a phone, and marking what is selected.

/**
 * Returns how many characters Telegram counts: UTF-16 units without markup, with the longest value
 * in each placeholder, as `lengths` has it.
 */
export function telegramLength(text, lengths, html) {
  const filled = text.trim().replace(/\{([a-z_][a-z0-9_]*)\}/g, (whole, name) => (name in lengths ? "x".repeat(lengths[name]) : whole));
  const bare = html ? new DOMParser().parseFromString(filled, "text/html").body.textContent : filled;
  return bare.trim().length;
}

/** Puts a tag around what is selected, or takes it away; the browser's own undo takes it back. */
export function toggleTag(area, tag, attributes = "") {
  const open = `<${tag}${attributes}>`;
  const close = `</${tag}>`;
  const { selectionStart: start, selectionEnd: end, value } = area;
  const inside = value.slice(start, end);
  if (value.slice(0, start).endsWith(open) && value.startsWith(close, end)) {
    replaceRange(area, start - open.length, end + close.length, inside);
    area.setSelectionRange(start - open.length, end - open.length);
  } else {
    replaceRange(area, start, end, open + inside + close);
    area.setSelectionRange(start + open.length, end + open.length);
  }
}

/** Returns an address as it stands in an attribute. */
export const escapeAddress = (address) => address.replaceAll("&", "&amp;").replaceAll('"', "%22").replaceAll("<", "%3C").replaceAll(">", "%3E");

/** Writes something in place of a part of a field. */
export function replaceRange(area, start, end, text) {
  area.focus();
  area.setSelectionRange(start, end);
  // The one way to write into a field that its native undo knows of.
  document.execCommand(text ? "insertText" : "delete", false, text);
}
