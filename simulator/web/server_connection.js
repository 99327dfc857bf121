// The connection to the server: a stream of changes comes in, actions go out.

import { toast } from "./notices.js";
import { applyChange, state, update } from "./page_state.js";
import { t, translatedRefusal } from "./translation.js";

let stream = null;
let seen = "";

/** Follows the stream of changes; the browser reconnects by itself. */
export function follow() {
  open();
  // Browsers allow six connections to one address; hidden tabs would use them all.
  document.addEventListener("visibilitychange", open);
}

function open() {
  stream?.close();
  stream = null;
  if (document.hidden) return;
  const opened = (stream = new EventSource(`events?seen=${encodeURIComponent(seen)}`));
  opened.onopen = () => update(state, { connected: true });
  opened.onmessage = (event) => {
    seen = event.lastEventId;
    applyChange(JSON.parse(event.data));
  };
  opened.onerror = () => {
    update(state, { connected: false });
    // The browser gives up after a refusal, but the demo may only be starting.
    if (opened.readyState === EventSource.CLOSED) setTimeout(() => opened === stream && open(), 2000);
  };
}

/** Sends an action and returns the answer; null after a failure, whose reason `onFailure` gets. */
export async function act(name, parts = {}, onFailure = toast) {
  return answerOf(fetch("act", { method: "POST", body: JSON.stringify({ act: name, ...parts }) }), onFailure);
}

/** Sends an action of the person whose phone is open. */
export const actAs = (person, name, parts = {}, onFailure = toast) => act(name, { person: person.id, ...parts }, onFailure);

/** Uploads a file; the answer has the identifier to send it by. */
export async function upload(file, kind, onFailure) {
  const asked = new URLSearchParams({ kind, name: file.name });
  return answerOf(fetch(`upload?${asked}`, { method: "POST", body: file }), onFailure);
}

async function answerOf(request, onFailure) {
  try {
    const answer = await request;
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    onFailure(t("not-done", { why: translatedRefusal(body.error ?? String(answer.status)) }));
  } catch {
    onFailure(t("disconnected"));
  }
  return null;
}
