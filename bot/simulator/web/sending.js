// Sends what was written at once; the field is free for the next text meanwhile.

import { draftOf, finish, restore } from "./drafts.js";
import { pieces, written } from "./markdown.js";
import { groups } from "./picked.js";
import { actAs, upload } from "./wire.js";

/** Sends the draft, or the edit of a message. */
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

/** Sends a command from the menu; the draft stays. */
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

/**
 * Sends files group by group, with a caption on the first; `sent` is called with each group that
 * was sent, `tell` with each failure. Nothing is sent before all files are uploaded.
 */
export async function sendFiles(person, picks, content, { sent, tell }) {
  const names = new Map();
  for (const pick of picks) {
    const answer = await upload(pick.file, pick.kind, (why) => tell(`${pick.file.name}: ${why}`));
    if (!answer) return false;
    names.set(pick, answer.file);
  }
  let more = content;
  for (const group of groups(picks)) {
    const files = group.map((pick) => names.get(pick));
    if (!(await actAs(person, "attach", { files, ...more }, tell))) return false;
    more = {};
    sent(group);
  }
  return true;
}
