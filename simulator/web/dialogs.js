// Modal dialogs. The browser keeps the focus inside and restores it afterwards.

import { el, iconButton } from "./dom.js";
import { state } from "./page_state.js";
import { act, actAs } from "./server_connection.js";
import { languageName, t } from "./translation.js";

export const LANGUAGES = ["es", "en", "ca", "gl", "eu", "fr", "pt", "de", "it", "ar", "uk", "zh-hans", ""];

export function openAddDialog() {
  const options = LANGUAGES.map((tag) => el("option", { value: tag }, languageName(tag)));
  askToConfirm({
    title: t("add-person"),
    body: [
      nameFields(),
      labelled(t("their-language"), el("select", { name: "language" }, options)),
    ],
    yes: t("add"),
    done: (said) => act("add", Object.fromEntries(said)),
  });
}

export function openRenameDialog(person) {
  askToConfirm({
    title: t("rename"),
    body: nameFields(person),
    yes: t("save"),
    done: (said) => actAs(person, "rename", Object.fromEntries(said)),
  });
}

export function openStartLinkDialog(person) {
  const address = (mark) => `https://t.me/${state.bot.username}?start=${mark}`;
  const shown = el("p", { class: "address" }, address("newsletter"));
  const follow = (event) => (shown.textContent = address(event.target.value));
  askToConfirm({
    title: t("start-link"),
    text: t("start-link-why"),
    body: [
      field("payload", t("start-mark"), { pattern: "[A-Za-z0-9_\\-]{0,64}", title: t("start-mark-rule"), value: "newsletter", autofocus: true, oninput: follow }),
      shown,
    ],
    yes: t("open"),
    done: (said) => actAs(person, "start", { payload: said.get("payload") }),
  });
}

export function confirmDeactivation(person) {
  askToConfirm({
    title: t("deactivate-ask", { name: person.name }),
    text: t("deactivate-why"),
    yes: t("deactivate"),
    danger: true,
    done: () => actAs(person, "deactivate"),
  });
}

const nameFields = ({ name, surname } = {}) => [
  field("name", t("first-name"), { required: true, pattern: ".*\\S.*", autofocus: true, value: name }),
  field("surname", t("surname"), { value: surname }),
];

function field(name, label, props = {}) {
  return labelled(label, el("input", { name, type: "text", maxlength: "64", autocomplete: "off", ...props }));
}

export function labelled(label, control) {
  return el("label", { class: "field" }, el("span", {}, label), control);
}

/** Shows a text to be acknowledged, such as an alert of the bot. */
export function showAlert(title, text) {
  const ok = el("button", { type: "submit", class: "button", autofocus: true }, t("accept"));
  openDialog(el("dialog", { class: "dialog", role: "alertdialog", "aria-label": title, "aria-describedby": "alert-text" },
    el("form", { method: "dialog" },
      el("p", { id: "alert-text", class: "alert-text", dir: "auto" }, text),
      el("div", { class: "dialog-buttons" }, ok))));
}

/**
 * Asks a question; `done` is called with the form when it is confirmed. `danger` marks what
 * cannot be undone.
 */
export function askToConfirm({ title, text, body, yes, done, danger }) {
  const form = el("form", { method: "dialog" },
    el("h2", {}, title),
    text && el("p", {}, text),
    body,
    el("div", { class: "dialog-buttons" },
      el("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, t("cancel")),
      el("button", { type: "submit", class: danger ? "button danger" : "button" }, yes)));
  const dialog = el("dialog", { class: "dialog", "aria-label": title }, form);
  form.addEventListener("submit", () => done(new FormData(form)));
  openDialog(dialog);
}

/** Shows a picture as large as the window allows. */
export function showPicture(source, name) {
  const dialog = el("dialog", { class: "enlarged", "aria-label": name },
    el("img", { src: source, alt: name }),
    iconButton("close", t("cancel"), () => dialog.close()));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  openDialog(dialog);
}

/** Opens a dialog; it is removed when it is closed. */
export function openDialog(dialog) {
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
