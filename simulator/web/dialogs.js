// Modal dialogs. The browser keeps the focus inside and restores it afterwards.

import { h } from "./dom.js";
import { state, update } from "./page_state.js";
import { act, actAs } from "./server_connection.js";
import { languageName, t } from "./translation.js";

export const LANGUAGES = ["es", "en", "ca", "gl", "eu", "fr", "pt", "de", "it", "ar", "uk", "zh-hans", ""];

export function openAddDialog() {
  const options = LANGUAGES.map((tag) => h("option", { value: tag }, languageName(tag)));
  askToConfirm({
    title: t("add-person"),
    body: [
      field("name", t("first-name"), { required: true, pattern: ".*\\S.*", autofocus: true }),
      field("surname", t("surname")),
      labelled(t("their-language"), h("select", { name: "language" }, options)),
    ],
    yes: t("add"),
    done: (said) => act("add", Object.fromEntries(said)),
  });
}

export function openStartLinkDialog(person) {
  askToConfirm({
    title: t("start-link"),
    text: t("start-link-why"),
    body: field("payload", t("start-mark"), {
      pattern: "[A-Za-z0-9_\\-]{0,64}", title: t("start-mark-rule"), autofocus: true, defaultValue: "newsletter",
    }),
    yes: t("open"),
    done: (said) => actAs(person, "start", Object.fromEntries(said)),
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

const field = (name, label, props) => labelled(label, h("input", { name, type: "text", maxlength: "64", autocomplete: "off", ...props }));

export const labelled = (label, control) => h("label", { class: "field" }, h("span", {}, label), control);

/** Shows a text to be acknowledged, such as an alert of the bot. */
export function showAlert(title, text) {
  const about = { class: "dialog", role: "alertdialog", "aria-label": title, "aria-describedby": "alert-text" };
  openDialog(about, () => h("form", { method: "dialog" },
    h("p", { id: "alert-text", class: "alert-text", dir: "auto" }, text),
    h("div", { class: "dialog-buttons" }, h("button", { type: "submit", class: "button", autofocus: true }, t("accept")))));
}

/** Asks a question; `done` is called with the form when it is confirmed. `danger` marks what cannot be undone. */
export function askToConfirm({ title, text, body, yes, done, danger }) {
  openDialog({ class: "dialog", "aria-label": title }, () => h("form", { method: "dialog", onsubmit: (event) => done(new FormData(event.target)) },
    h("h2", {}, title),
    text && h("p", {}, text),
    body,
    h("div", { class: "dialog-buttons" },
      h("button", { class: "button quiet", onclick: closeAround }, t("cancel")),
      h("button", { type: "submit", class: danger ? "button danger" : "button" }, yes))));
}

let opened = 0;

/** Opens a dialog, of which `content` returns the trees at each drawing; `drawn` is called with its node after each. */
export function openDialog(props, content, drawn) {
  update(state, { dialogs: [...state.dialogs, { key: (opened += 1), props, content, drawn }] });
}

export const dialogs = () => state.dialogs.map((dialog) => {
  const drawn = (node, isNew) => {
    if (isNew) node.showModal();
    dialog.drawn?.(node);
  };
  const onclose = () => update(state, { dialogs: state.dialogs.filter((each) => each !== dialog) });
  return h("dialog", { key: dialog.key, ...dialog.props, onclose, drawn }, dialog.content());
});

/** Closes the dialog of a button. */
export const closeAround = ({ currentTarget }) => currentTarget.closest("dialog").close();

/** Closes a dialog when somebody presses beside it. */
export const closeBeside = ({ target, currentTarget }) => target === currentTarget && target.close();
