// What somebody has written in the form and not saved: kept in the browser, so that a reload loses none.

import { requestEdit } from "./edit_requests.js";
import { onChange, redraw, state } from "./page_state.js";
import { t } from "./translation.js";

// By field: what the folder said when the writing began, what is written, and what was told of saving it.
const written = (state.written = new Map());
const nameOf = ({ file, key }) => `written ${state.preview.folder} ${file} ${key}`;

onChange("all", () => {
  const ours = `written ${state.preview.folder} `;
  for (const name of Object.keys(localStorage).filter((each) => each.startsWith(ours) && !written.has(each))) {
    written.set(name, JSON.parse(localStorage.getItem(name)));
  }
});

const trimmed = (text) => (Array.isArray(text) ? text.map(trimmed) : text.trim?.() ?? text);
const same = (one, other) => JSON.stringify(trimmed(one)) === JSON.stringify(trimmed(other));

function entryOf(field) {
  const inFolder = { base: field.text, text: field.text };
  const entry = written.get(nameOf(field)) ?? inFolder;
  // What was not changed here gives way to what the folder says by now.
  return same(entry.text, entry.base) && !same(entry.base, field.text) ? inFolder : entry;
}

/** Whether somebody has written something else in a field than the folder says. */
export function isUnsaved(field) {
  const { base, text } = entryOf(field);
  return !same(text, field.text) && !same(text, base);
}

export const unsavedFields = () => state.editor.fields.filter(isUnsaved);

/** Whether the folder says something else by now than when the writing began. */
export const inConflict = (field) => isUnsaved(field) && !same(entryOf(field).base, field.text);

/** What stands in a field: what somebody has written there, or what the folder says. */
export const textOf = (field) => entryOf(field).text;

/** What was told last of saving a field: `saved`, or why it `failed`. */
export const toldOf = (field) => entryOf(field).told ?? {};

/** Notes what somebody has written. */
export const write = (field, text) => keep(field, { base: isUnsaved(field) ? entryOf(field).base : field.text, text });

/** Begins anew from what the folder says by now, with that or with another text; returns the field. */
export const begin = (field, text = field.text, told = {}) => keep(field, { base: field.text, text, told });

function keep(field, entry) {
  written.set(nameOf(field), entry);
  try {
    if (isUnsaved(field)) localStorage.setItem(nameOf(field), JSON.stringify(entry));
    else localStorage.removeItem(nameOf(field));
  } catch {
    // The browser's storage is full: the text stays in this tab.
  }
  redraw();
  return field;
}

/** The field of a value as the folder is now, if it is there. */
const fieldAt = ({ file, key }) => state.editor.fields.find((each) => each.file === file && each.key === key);

/** Saves what is written in a field; returns null, or why it was not saved. */
export async function save(field) {
  const { file, key } = field;
  const { base, text } = entryOf(field);
  const refused = await requestEdit("save", { file, key, base, text });
  const now = fieldAt(field) ?? field;
  const { text: typed } = entryOf(now);
  if (!refused) begin(now, typed === text ? now.text : typed, { saved: true });
  else if (!inConflict(now)) begin(now, typed, { failed: t(refused.why) });
  return refused && t(refused.why);
}
