// What somebody is writing, kept while another phone is looked at.

import { marked } from "./markdown.js";
import { changed } from "./store.js";

const drafts = new Map();

/** The draft of a person: the text, and the message it answers or changes. */
export function draftOf(id) {
  if (!drafts.has(id)) drafts.set(id, { text: "", reply: null, edit: null, before: "" });
  return drafts.get(id);
}

/** Begins an answer to a message, or a change of one; what was being written waits meanwhile. */
export function begin(id, { reply = null, edit = null }) {
  leave(id);
  const draft = draftOf(id);
  draft.reply = reply;
  draft.edit = edit;
  if (edit) {
    draft.before = draft.text;
    draft.text = marked(edit.text, edit.entities);
  }
  changed("draft");
}

/** The words that go with what is attached: not those of a message that is being changed. */
export function wordsOf(id) {
  const draft = draftOf(id);
  return draft.edit ? draft.before : draft.text;
}

/** Keeps those words. */
export function keepWords(id, words) {
  const draft = draftOf(id);
  draft[draft.edit ? "before" : "text"] = words;
}

/** Neither an answer nor a change any more. Whether it was one. */
export function leave(id) {
  const draft = draftOf(id);
  if (!draft.reply && !draft.edit) return false;
  if (draft.edit) draft.text = draft.before;
  draft.reply = draft.edit = null;
  changed("draft");
  return true;
}

/** What was written is on its way. */
export function finish(id) {
  const { edit, before } = draftOf(id);
  drafts.delete(id);
  if (edit) draftOf(id).text = before;
  changed("draft");
}

/** What did not arrive comes back, unless something else is being written by now. */
export function restore(id, draft) {
  const now = draftOf(id);
  if (now.reply || now.edit || (now.text && now.text !== draft.before)) return;
  drafts.set(id, draft);
  changed("draft");
}
