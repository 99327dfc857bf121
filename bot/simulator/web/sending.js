// What was written goes out at once: the field is free for the next words while these are on their way.

import { draftOf, finish, restore } from "./drafts.js";
import { pieces, written } from "./markdown.js";
import { actAs } from "./wire.js";

/** Sends what somebody has written, or changes the message that is being changed. */
export async function sendDraft(person) {
  const draft = draftOf(person.id);
  const content = written(draft.text);
  if (!content.text) return;
  finish(person.id);
  const done = draft.edit
    ? await actAs(person, "edit", { message: draft.edit.id, ...content })
    : await sendPieces(person, content, draft.reply?.id ?? null);
  if (!done) restore(person.id, draft);
}

/** Sends a command from the menu; what else was being written stays. */
export function sendCommand(person, command) {
  const draft = draftOf(person.id);
  if (/^\/\w*$/.test(draft.text)) draft.text = "";
  actAs(person, "send", { text: command });
}

async function sendPieces(person, content, answered) {
  let reply = answered;
  for (const piece of pieces(content)) {
    if (!(await actAs(person, "send", { ...piece, reply_to: reply }))) return false;
    reply = null;
  }
  return true;
}
