// Texts that somebody has changed and not saved: kept in the browser, so that a reload loses none.

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

/** How many fields have an unsaved change. */
export function unsavedCount() {
  readOnce();
  return unsaved.size;
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

addEventListener("beforeunload", (event) => unsaved.size > 0 && event.preventDefault());
