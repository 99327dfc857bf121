// Texts that somebody has changed and not saved: kept in the browser, so that a reload loses none.

import { requestEdit } from "./edit_requests.js";
import { markChanged, state } from "./page_state.js";

const prefix = () => `unsaved ${state.preview.folder} `;
const name = ({ file, key }) => `${file} ${key}`;
const unsaved = new Map();
let readFor = null;

/** What the folder says for a field. */
export const savedValue = ({ file, key }) => state.editor.files[file]?.values[key] ?? null;

/** Whether two values are the same. */
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The unsaved change of a field, `{base, value}`: from which saved value it began, and what it is; or null. */
export function unsavedChange(field) {
  readOnce();
  return unsaved.get(name(field)) ?? null;
}

/** The fields with an unsaved change. */
export function unsavedFields() {
  readOnce();
  return state.editor.fields.filter((field) => unsaved.has(name(field)));
}

/** Whether the folder says something else by now than when an unsaved change began. */
export function inConflict(field) {
  const change = unsavedChange(field);
  return change !== null && !same(change.base, savedValue(field));
}

/** Saves what is written in a field; returns null when nothing is left to save, else the reason. */
export async function saveChange(field, again = true) {
  const change = unsavedChange(field);
  if (!change) return null;
  if (inConflict(field)) return "changed";
  const { hash } = state.editor.files[field.file] ?? {};
  const reason = await requestEdit("save", { file: field.file, key: field.key, value: change.value, hash });
  // Another value of the same file was changed meanwhile, and this one is still what it was.
  if (reason === "changed" && again && !inConflict(field)) return saveChange(field, false);
  if (reason) return reason;
  if (same(unsavedChange(field)?.value, change.value)) dropChange(field);
  else rebase(field);
  return null;
}

/** Notes what somebody has written; nothing is left to save when it is what the folder says. */
export function noteChange(field, value) {
  const base = unsavedChange(field)?.base ?? savedValue(field);
  if (same(value, base) && same(base, savedValue(field))) dropChange(field);
  else keep(field, { base, value });
}

/** Lets an unsaved change begin from what the folder says by now. */
export function rebase(field) {
  const change = unsavedChange(field);
  if (change) keep(field, { base: savedValue(field), value: change.value });
}

/** Forgets an unsaved change, as it was saved or given up. */
export function dropChange(field) {
  readOnce();
  unsaved.delete(name(field));
  localStorage.removeItem(prefix() + name(field));
  markChanged("unsaved");
}

function keep(field, change) {
  unsaved.set(name(field), change);
  try {
    localStorage.setItem(prefix() + name(field), JSON.stringify(change));
  } catch {
    // The browser's storage is full: the text stays in this tab.
  }
  markChanged("unsaved");
}

function readOnce() {
  if (readFor === state.preview.folder) return;
  readFor = state.preview.folder;
  unsaved.clear();
  for (const item of Object.keys(localStorage).filter((each) => each.startsWith(prefix()))) {
    try {
      unsaved.set(item.slice(prefix().length), JSON.parse(localStorage.getItem(item)));
    } catch {
      localStorage.removeItem(item);
    }
  }
}
