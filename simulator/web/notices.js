// What the page says: a lost connection, short notices.

import { el, fill, icon } from "./dom.js";
import { redrawOn, state } from "./page_state.js";
import { t } from "./translation.js";

const notices = [connectionNotice];
const topics = ["connection"];

/** Adds a notice, which is drawn again when one of these topics changes, before any is drawn. */
export function addNotice(of, draw) {
  topics.push(...of);
  notices.push(draw);
}

export function drawNotices(root) {
  root.setAttribute("aria-live", "polite");
  redrawOn(topics, () => fill(root, notices.map((draw) => draw())));
}

function connectionNotice() {
  return !state.connected && el("p", { class: "notice bad" }, icon("alert"), t("disconnected"));
}

const TOAST_SECONDS = 4;

export function toast(text) {
  const line = el("p", { class: "toast", dir: "auto" }, text);
  document.getElementById("toasts").replaceChildren(line);
  setTimeout(() => line.remove(), TOAST_SECONDS * 1000);
}

/** Copies a text to the clipboard, which browsers offer only in a secure context. */
export function copy(words) {
  const done = navigator.clipboard?.writeText(words) ?? Promise.reject();
  done.then(() => toast(t("copied")), () => toast(t("not-copied")));
}
