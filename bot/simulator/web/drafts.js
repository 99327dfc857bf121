// What somebody is writing, kept while another phone is looked at.

import { changed } from "./store.js";

const drafts = new Map();

/** The draft of a person: the text, and the message it answers or changes. */
export function draftOf(id) {
  if (!drafts.has(id)) drafts.set(id, { text: "", reply: null, edit: null });
  return drafts.get(id);
}

/** Begins an answer to a message, or a change of one. */
export function begin(id, { reply = null, edit = null }) {
  const draft = draftOf(id);
  draft.reply = reply;
  draft.edit = edit;
  if (edit) draft.text = edit.text;
  changed("draft");
}

/** What was written has been sent, or is not wanted any more. */
export function finish(id) {
  drafts.delete(id);
  changed("draft");
}
