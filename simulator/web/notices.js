// What the page says: a lost connection, short notices.

import { h, icon } from "./dom.js";
import { added, redraw, state } from "./page_state.js";
import { t } from "./translation.js";

export function notices() {
  return h("section", { id: "notices", class: "notices", "aria-live": "polite" },
    !state.connected && h("p", { class: "notice bad" }, icon("alert"), t("disconnected")),
    added.notices.map((view) => view()));
}

const TOAST_SECONDS = 4;

export function toasts() {
  const { toast } = state;
  return h("div", { class: "toasts", role: "status", "aria-live": "polite" },
    toast && h("p", { key: toast.at, class: "toast", dir: "auto" }, toast.text));
}

export function toast(text) {
  const shown = (state.toast = { text, at: performance.now() });
  redraw();
  setTimeout(() => {
    if (state.toast === shown) state.toast = null;
    redraw();
  }, TOAST_SECONDS * 1000);
}

/** Copies a text to the clipboard, which browsers offer only in a secure context. */
export function copy(words) {
  const done = navigator.clipboard?.writeText(words) ?? Promise.reject();
  done.then(() => toast(t("copied")), () => toast(t("not-copied")));
}
