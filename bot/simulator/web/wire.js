// The page's only two ways to the server: what happens comes in, what people do goes out.

import { refusal } from "./refusals.js";
import { apply, changed, state } from "./store.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

const LARGEST_FILE = 20 * 1024 * 1024;

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

/** Does something; tells the person when it cannot be done. Gives back whether it was. */
export async function act(name, parts = {}) {
  return told(fetch("act", { method: "POST", body: JSON.stringify({ act: name, ...parts }) }));
}

/** The same, by the person whose phone is open. */
export const actAs = (person, name, parts = {}) => act(name, { person: person.id, ...parts });

/** Sends a file of this computer, if it is one that the bot could fetch. */
export async function upload(person, file, kind) {
  if (file.size === 0) return toast(t("file-empty"));
  if (file.size > LARGEST_FILE) return toast(t("file-too-large"));
  const asked = new URLSearchParams({ person: person.id, kind, name: file.name });
  return told(fetch(`upload?${asked}`, { method: "POST", body: file }));
}

async function told(request) {
  try {
    const answer = await request;
    if (answer.ok) return true;
    const body = await answer.json().catch(() => ({}));
    toast(t("not-done", { why: refusal(body.error ?? String(answer.status)) }));
  } catch {
    toast(t("disconnected"));
  }
  return false;
}
