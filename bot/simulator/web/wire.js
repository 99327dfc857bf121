// The connection to the server: a stream of changes comes in, actions go out.

import { refusal } from "./refusals.js";
import { apply, changed, state } from "./store.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

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
  opened.onopen = () => connected(true);
  opened.onmessage = (event) => {
    seen = event.lastEventId;
    apply(JSON.parse(event.data));
  };
  opened.onerror = () => {
    connected(false);
    // The browser gives up after a refusal, but the demo may only be starting.
    if (opened.readyState === EventSource.CLOSED) setTimeout(() => opened === stream && open(), 2000);
  };
}

function connected(is) {
  if (state.connected === is) return;
  state.connected = is;
  changed("connection");
}

/** Sends an action and returns the answer; null after a failure, whose reason `tell` gets. */
export async function act(name, parts = {}, tell = toast) {
  return told(fetch("act", { method: "POST", body: JSON.stringify({ act: name, ...parts }) }), tell);
}

/** Sends an action of the person whose phone is open. */
export const actAs = (person, name, parts = {}, tell = toast) => act(name, { person: person.id, ...parts }, tell);

/** Uploads a file; the answer has the identifier to send it by. */
export async function upload(file, kind, tell) {
  const asked = new URLSearchParams({ kind, name: file.name });
  return told(fetch(`upload?${asked}`, { method: "POST", body: file }), tell);
}

async function told(request, tell) {
  try {
    const answer = await request;
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    tell(t("not-done", { why: refusal(body.error ?? String(answer.status)) }));
  } catch {
    tell(t("disconnected"));
  }
  return null;
}
