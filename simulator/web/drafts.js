// Drafts: what each person is writing, kept while another phone is open, until it is sent.

import { parseMarkdown, toMarkdown } from "./markdown.js";
import { redraw, state, update } from "./page_state.js";
import { actAs } from "./server_connection.js";

/** The draft of a person: the text, the message that it is an edit of, and the file that goes with it. */
export function draftOf(id) {
  if (!state.drafts.has(id)) state.drafts.set(id, { text: "", edit: null, before: "", attachment: null });
  return state.drafts.get(id);
}

/** Starts an edit of a message, which sets the written text aside. */
export function beginEdit(id, edit) {
  cancelEdit(id);
  const draft = draftOf(id);
  Object.assign(draft, { edit, before: draft.text, text: toMarkdown(edit.text, edit.entities) });
  redraw(() => document.querySelector(".writing")?.focus());
}

/** Cancels an edit, if there is one. */
export function cancelEdit(id) {
  const draft = draftOf(id);
  if (draft.edit) update(draft, { text: draft.before, edit: null });
}

/** Sends the draft, or the edit of a message. */
export async function sendDraft(person) {
  const draft = draftOf(person.id);
  const content = parseMarkdown(draft.text);
  if (!content.text) return;
  state.drafts.delete(person.id);
  if (draft.edit) Object.assign(draftOf(person.id), { text: draft.before, attachment: draft.attachment });
  redraw();
  const done = draft.edit
    ? await actAs(person, "edit", { message: draft.edit.id, ...content })
    : await actAs(person, "send", content);
  const now = draftOf(person.id);
  // What could not be sent stands there again, unless something else is written by now.
  if (done || now.edit || (now.text && now.text !== draft.before)) return;
  state.drafts.set(person.id, draft);
  redraw();
}
