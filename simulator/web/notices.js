// What the page says: a lost connection, short notices.

import { h, icon } from "./dom.js";
import { added, state, update } from "./page_state.js";
import { t } from "./translation.js";

const TOAST_MILLISECONDS = 4000;

export function notices() {
  return h("section", { id: "notices", class: "notices", "aria-live": "polite" },
    !state.connected && h("p", { class: "notice bad" }, icon("alert"), t("disconnected")),
    added.notices.map((view) => view()));
}

export function toasts() {
  const { text, at } = state.toast ?? {};
  return h("div", { class: "toasts", role: "status", "aria-live": "polite" },
    Date.now() < at + TOAST_MILLISECONDS && h("p", { key: at, class: "toast", dir: "auto" }, text));
}

export const toast = (text) => update(state, { toast: { text, at: Date.now() } });

/** Copies a text to the clipboard, which browsers offer only in a secure context. */
export function copy(words) {
  const done = navigator.clipboard?.writeText(words) ?? Promise.reject();
  done.then(() => toast(t("copied")), () => toast(t("not-copied")));
}
