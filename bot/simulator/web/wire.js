// The page's only two ways to the server: what happens comes in, what people do goes out.

import { refusal } from "./refusals.js";
import { apply, changed, state } from "./store.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

let stream = null;
let seen = "";

/** Follows everything that happens; the browser comes back by itself when it was cut off. */
export function follow() {
  open();
  // A browser keeps six connections to one address, and tabs that nobody sees would take them all.
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
    // After a refusal the browser gives up; the demo may only be starting.
    if (opened.readyState === EventSource.CLOSED) setTimeout(() => opened === stream && open(), 2000);
  };
}

function connected(is) {
  if (state.connected === is) return;
  state.connected = is;
  changed("connection");
}

/** Does something, and gives back the answer; when it cannot be done, `tell` gets the reason, and the answer is null. */
export async function act(name, parts = {}, tell = toast) {
  return told(fetch("act", { method: "POST", body: JSON.stringify({ act: name, ...parts }) }), tell);
}

/** The same, by the person whose phone is open. */
export const actAs = (person, name, parts = {}, tell = toast) => act(name, { person: person.id, ...parts }, tell);

/** Brings a file of this computer to the server; the answer names it, so that it can be sent. */
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
