// Drafts: what each person is writing, kept while another phone is open, until it is sent.

import { parseMarkdown, toMarkdown } from "./markdown.js";
import { redraw, state } from "./page_state.js";
import { actAs } from "./server_connection.js";

/**
 * The draft of a person: the text, and the file that goes with it; of an edit, the message and the
 * draft that it sets aside.
 */
export function draftOf(id) {
  if (!state.drafts.has(id)) state.drafts.set(id, { text: "" });
  return state.drafts.get(id);
}

/** Starts an edit of a message, which sets the written text aside. */
export function beginEdit(id, edit) {
  cancelEdit(id);
  state.drafts.set(id, { edit, text: toMarkdown(edit.text, edit.entities), aside: draftOf(id) });
  redraw(() => document.querySelector(".writing")?.focus());
}

/** Cancels an edit, if there is one. */
export function cancelEdit(id) {
  const { aside } = draftOf(id);
  if (aside) state.drafts.set(id, aside);
  redraw();
}

/** Sends the draft, or the edit of a message. */
export async function sendDraft(person) {
  const draft = draftOf(person.id);
  const content = parseMarkdown(draft.text);
  if (!content.text) return;
  const next = draft.aside ?? { text: "" };
  const { text } = next;
  state.drafts.set(person.id, next);
  redraw();
  const done = draft.edit
    ? await actAs(person, "edit", { message: draft.edit.id, ...content })
    : await actAs(person, "send", content);
  // What could not be sent stands there again, unless something else is written by now.
  if (done || draftOf(person.id) !== next || next.text !== text) return;
  state.drafts.set(person.id, draft);
  redraw();
}
