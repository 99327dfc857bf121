// Requests to change the petition's folder. The right to make them stands in the terminal's address.

import { applyChange, markChanged, state } from "./page_state.js";

const KEPT = "edit-token";

/** Keeps the token that follows the address which the terminal shows, and takes it out of the URL. */
export function readToken() {
  const found = /^#edit=([\w-]+)$/.exec(location.hash);
  if (!found) return;
  localStorage.setItem(KEPT, found[1]);
  history.replaceState(null, "", location.pathname);
}

/** Whether this page was opened with the address that the terminal shows. */
export const hasToken = () => localStorage.getItem(KEPT) !== null;

/** Why nothing can be written now, as a name in the dictionary; null when it can. */
export const closedFor = () => state.editor?.closed_for ?? (hasToken() ? null : "token");

/** Requests an edit; returns null when it was made, and the name of the reason when it was not. */
export async function requestEdit(name, parts = {}) {
  try {
    const answer = await fetch("edit", {
      method: "POST",
      headers: { "X-Edit-Token": localStorage.getItem(KEPT) ?? "" },
      body: JSON.stringify({ edit: name, ...parts }),
    });
    const body = await answer.json().catch(() => ({}));
    if (body.editor) applyChange({ kind: "editor", editor: body.editor });
    if (body.error === "token") {
      localStorage.removeItem(KEPT);
      markChanged("editor");
    }
    return answer.ok ? null : (body.error ?? "disconnected");
  } catch {
    return "disconnected";
  }
}
