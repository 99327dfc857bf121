// The composer: text field, attachments and the menu of commands.

import { attached, openAttachMenu, sendAttachment } from "./attachments.js";
import { fit, h, icon, iconButton } from "./dom.js";
import { beginEdit, cancelEdit, draftOf, sendDraft } from "./drafts.js";
import { selectedPerson, state, update } from "./page_state.js";
import { openMenu } from "./popup_menus.js";
import { actAs } from "./server_connection.js";
import { t } from "./translation.js";

export function composer(person) {
  const draft = draftOf(person.id);
  return h("form", { key: person.id, class: "composer", onsubmit: (event) => event.preventDefault() },
    draft.edit && aboutEdit(person, draft.edit),
    draft.attachment && attached(draft),
    h("div", { class: "composer-row" },
      iconButton("menu", t("commands"), (event) => openCommands(event.currentTarget, person), { class: "menu-button", "aria-haspopup": "menu" }),
      h("textarea", {
        class: "writing", rows: "1", dir: "auto", placeholder: t(draft.attachment ? "caption" : "write"), "aria-label": t("write"),
        enterkeyhint: "send", readonly: draft.sending, value: draft.text, oninput: typed, onkeydown: pressed, drawn: fit,
      }),
      iconButton("clip", t("attach"), (event) => openAttachMenu(event.currentTarget, person), { "aria-haspopup": "menu" }),
      iconButton("send", t("send"), () => send(person), { class: "icon-button send" })));
}

function aboutEdit(person, { text }) {
  return h("div", { class: "about-draft" },
    icon("edit"),
    h("div", { class: "about-words" }, h("strong", {}, t("editing")), h("span", { dir: "auto" }, text.slice(0, 120))),
    iconButton("close", t("cancel"), () => cancelEdit(person.id)));
}

/** Opens the menu of all commands; what is being written stays. */
function openCommands(button, person) {
  const items = person.commands.map(({ command, description }) => ({
    label: [h("strong", {}, `/${command}`), h("span", { dir: "auto" }, description)],
    done: () => actAs(person, "send", { text: `/${command}` }),
  }));
  openMenu(button, t("commands"), items);
}

function send(person) {
  const draft = draftOf(person.id);
  if (draft.attachment) sendAttachment(person, draft);
  else sendDraft(person);
  document.querySelector(".writing").focus();
}

const typed = (event) => update(draftOf(state.selected), { text: event.target.value });

/** Sends, gives up an edit, or edits the last message. */
function pressed(event) {
  const { key, shiftKey, isComposing, target } = event;
  const person = selectedPerson();
  if (key === "Enter" && !shiftKey && !isComposing) send(person);
  else if (key === "Escape" && draftOf(person.id).edit) cancelEdit(person.id);
  else if (key === "ArrowUp" && !target.value) editLast(person);
  else return;
  event.preventDefault();
}

function editLast(person) {
  const own = [...person.messages.values()].filter((message) => message.mine && message.text && message.forwarded === undefined);
  if (own.length) beginEdit(person.id, own.at(-1));
}
