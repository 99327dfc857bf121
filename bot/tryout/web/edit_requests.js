// Requests to change the petition's folder. The right to make them stands in the terminal's address.

import { applyChange, onChange, state, update } from "./page_state.js";
import { t } from "./translation.js";

// The token that follows the address which the terminal shows is kept, and taken out of the URL.
const [, token] = /^#edit=([\w-]+)$/.exec(location.hash) ?? [];
if (token) {
  localStorage.setItem("edit-token", token);
  history.replaceState(null, "", location.pathname);
}
state.token = localStorage.getItem("edit-token");

/** Whether nothing can be written now. */
export const isClosed = () => state.token === null || Boolean(state.closedFor);

// Why nothing can be written, if so, the server says before anybody writes.
onChange("all", () => state.editor && ask({ method: "GET" }));

/** Requests an edit; returns null when it was made, else its refusal: `error` and, for people, `why`. */
export const requestEdit = (edit, parts = {}) => ask({ method: "POST", body: JSON.stringify({ edit, ...parts }) });

async function ask(request) {
  try {
    const answer = await fetch("edit", { ...request, headers: { "X-Edit-Token": state.token ?? "" } });
    const body = await answer.json();
    if (body.editor) applyChange({ kind: "editor", editor: body.editor });
    if (request.method === "GET" || answer.status === 403) update(state, { closedFor: body.why ?? null });
    return answer.ok ? null : body;
  } catch {
    return { why: t("Sin conexión con la vista previa. Tu texto sigue aquí, sin guardar.") };
  }
}
