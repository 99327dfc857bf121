// Drafts: what each person is writing, kept while another phone is open, until it is sent.

import { parseMarkdown, splitText, toMarkdown } from "./markdown.js";
import { redraw, state, update } from "./page_state.js";
import { actAs } from "./server_connection.js";

/** The draft of a person: the text, the message that it replies to or edits, and the files that go with it. */
export function draftOf(id) {
  if (!state.drafts.has(id)) state.drafts.set(id, { text: "", reply: null, edit: null, before: "", attachments: [] });
  return state.drafts.get(id);
}

/** Starts a reply to a message or an edit of one; an edit sets the written text aside. */
export function beginReplyOrEdit(id, { reply = null, edit = null }) {
  cancelReplyOrEdit(id);
  const draft = draftOf(id);
  Object.assign(draft, { reply, edit });
  if (edit) Object.assign(draft, { before: draft.text, text: toMarkdown(edit.text, edit.entities) });
  redraw(() => document.querySelector(".writing")?.focus());
}

/** Cancels a reply or an edit; returns whether there was one. */
export function cancelReplyOrEdit(id) {
  const draft = draftOf(id);
  if (!draft.reply && !draft.edit) return false;
  update(draft, { text: draft.edit ? draft.before : draft.text, reply: null, edit: null });
  return true;
}

/** Whether a key sends what is written. */
export const sends = ({ key, shiftKey, isComposing }) => key === "Enter" && !shiftKey && !isComposing;

/** Sends the draft, or the edit of a message. */
export async function sendDraft(person) {
  const draft = draftOf(person.id);
  const content = parseMarkdown(draft.text);
  if (!content.text) return;
  state.drafts.delete(person.id);
  if (draft.edit) Object.assign(draftOf(person.id), { text: draft.before, attachments: draft.attachments });
  redraw();
  const done = draft.edit
    ? await actAs(person, "edit", { message: draft.edit.id, ...content })
    : await sendPieces(person, content, draft.reply?.id ?? null);
  if (!done) restoreDraft(person.id, draft);
}

/** Restores a draft that could not be sent, unless something else is written by now. */
function restoreDraft(id, draft) {
  const now = draftOf(id);
  if (now.reply || now.edit || (now.text && now.text !== draft.before)) return;
  state.drafts.set(id, draft);
  redraw();
}

/** Sends a command from the menu; the draft stays. */
export function sendCommand(person, command) {
  const draft = draftOf(person.id);
  if (/^\/\w*$/.test(draft.text)) draft.text = "";
  actAs(person, "send", { text: command });
}

async function sendPieces(person, content, answered) {
  let reply = answered;
  for (const piece of splitText(content)) {
    if (!(await actAs(person, "send", { ...piece, reply_to: reply }))) return false;
    reply = null;
  }
  return true;
}
