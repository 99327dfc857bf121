// Modal dialogs. The browser keeps the focus inside and restores it afterwards.

import { el, iconButton } from "./dom.js";
import { t } from "./words.js";

/** Shows a text to be acknowledged, such as an alert of the bot. */
export function notice(title, text) {
  const ok = el("button", { type: "submit", class: "button", autofocus: true }, t("accept"));
  opened(el("dialog", { class: "dialog", role: "alertdialog", "aria-label": title, "aria-describedby": "alert-text" },
    el("form", { method: "dialog" },
      el("p", { id: "alert-text", class: "alert-text", dir: "auto" }, text),
      el("div", { class: "dialog-buttons" }, ok))));
}

/**
 * Asks a question; `done` is called with the form when it is confirmed. `danger` marks what
 * cannot be undone.
 */
export function ask({ title, text, body, yes, done, danger }) {
  const form = el("form", { method: "dialog" },
    el("h2", {}, title),
    text && el("p", {}, text),
    body,
    el("div", { class: "dialog-buttons" },
      el("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, t("cancel")),
      el("button", { type: "submit", class: danger ? "button danger" : "button" }, yes)));
  const dialog = el("dialog", { class: "dialog", "aria-label": title }, form);
  form.addEventListener("submit", () => done(new FormData(form)));
  opened(dialog);
}

/** Shows a picture as large as the window allows. */
export function enlarge(source, name) {
  const dialog = el("dialog", { class: "enlarged", "aria-label": name },
    el("img", { src: source, alt: name }),
    iconButton("close", t("cancel"), () => dialog.close()));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  opened(dialog);
}

/** Opens a dialog; it is removed when it is closed. */
export function opened(dialog) {
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
