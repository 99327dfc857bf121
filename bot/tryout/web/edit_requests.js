// Requests to change the petition's folder. The right to make them stands in the terminal's address.

import { applyChange, markChanged, onChange, state } from "./page_state.js";

const KEPT = "edit-token";

/** Keeps the token that follows the address which the terminal shows, and takes it out of the URL. */
export function readToken() {
  const found = /^#edit=([\w-]+)$/.exec(location.hash);
  if (!found) return;
  localStorage.setItem(KEPT, found[1]);
  history.replaceState(null, "", location.pathname);
}

/** Why nothing can be written now, as a name in the dictionary; null when it can. */
export const closedFor = () => state.editor?.closed_for ?? (localStorage.getItem(KEPT) === null ? "token" : null);

// A wrong token, or one of a preview that has ended, is noticed before anybody writes.
onChange("all", () => closedFor() ?? ask({ method: "GET" }));

/** Requests an edit; returns null when it was made, and the name of the reason when it was not. */
export const requestEdit = (name, parts = {}) => ask({ method: "POST", body: JSON.stringify({ edit: name, ...parts }) });

async function ask(request) {
  try {
    const answer = await fetch("edit", { ...request, headers: { "X-Edit-Token": localStorage.getItem(KEPT) ?? "" } });
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
