// Drafts: what each person is writing, kept while another phone is open.

import { marked } from "./markdown.js";
import { changed } from "./store.js";

const drafts = new Map();

/** The draft of a person: the text, and the message that it replies to or edits. */
export function draftOf(id) {
  if (!drafts.has(id)) drafts.set(id, { text: "", reply: null, edit: null, before: "" });
  return drafts.get(id);
}

/** Starts a reply to a message or an edit of one; an edit sets the written text aside. */
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

/** The text for a caption: the draft, but not the text of an edit. */
export function wordsOf(id) {
  const draft = draftOf(id);
  return draft.edit ? draft.before : draft.text;
}

/** Stores the text of a caption as the draft. */
export function keepWords(id, words) {
  const draft = draftOf(id);
  draft[draft.edit ? "before" : "text"] = words;
}

/** Cancels a reply or an edit; returns whether there was one. */
export function leave(id) {
  const draft = draftOf(id);
  if (!draft.reply && !draft.edit) return false;
  if (draft.edit) draft.text = draft.before;
  draft.reply = draft.edit = null;
  changed("draft");
  return true;
}

/** Clears the draft when it is being sent. */
export function finish(id) {
  const { edit, before } = draftOf(id);
  drafts.delete(id);
  if (edit) draftOf(id).text = before;
  changed("draft");
}

/** Restores a draft that could not be sent, unless something else is written by now. */
export function restore(id, draft) {
  const now = draftOf(id);
  if (now.reply || now.edit || (now.text && now.text !== draft.before)) return;
  drafts.set(id, draft);
  changed("draft");
}
