// The composer: text field, attachments and the menu of commands.

import { openAttachMenu } from "./attachments.js";
import { fit, h, icon, iconButton } from "./dom.js";
import { beginReplyOrEdit, cancelReplyOrEdit, draftOf, sendCommand, sendDraft } from "./drafts.js";
import { redraw, selectedPerson, state } from "./page_state.js";
import { t } from "./translation.js";

export function composer(person) {
  const draft = draftOf(person.id);
  const commands = suggested(person);
  const marked = markedOf(commands);
  return h("form", { key: person.id, class: "composer", onsubmit: (event) => event.preventDefault() },
    commands.length > 0 && h("ul", { id: "suggestions", class: "suggestions", role: "listbox", tabindex: "0", "aria-label": t("commands") },
      commands.map(({ command, description }, place) => h(suggestion, { key: command, person, command, description, place, isMarked: place === marked }))),
    aboutDraft(person, draft),
    h("div", { class: "composer-row" },
      h("button", { type: "button", class: "menu-button", "aria-label": t("commands"), title: t("commands"), onclick: switchCommands }, icon("menu")),
      h("textarea", {
        class: "writing", rows: "1", dir: "auto", placeholder: t("write"), "aria-label": t("write"), enterkeyhint: "send",
        "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": "suggestions",
        "aria-activedescendant": commands.length > 0 && `command-${marked}`,
        value: draft.text, oninput: typed, onkeydown: pressed, drawn: fit,
      }),
      iconButton("clip", t("attach"), (event) => openAttachMenu(event.currentTarget, person), { "aria-haspopup": "menu" }),
      iconButton("send", t("send"), () => send(person), { class: "icon-button send" })));
}

function aboutDraft(person, { edit, reply }) {
  const message = edit ?? reply;
  if (!message) return null;
  const who = edit ? t("editing") : `${t("replying")} ${message.mine ? person.name : state.bot.name}`;
  return h("div", { class: "about-draft" },
    icon(edit ? "edit" : "reply"),
    h("div", { class: "about-words" }, h("strong", { dir: "auto" }, who), h("span", { dir: "auto" }, message.text.slice(0, 120))),
    iconButton("close", t("cancel"), () => cancelReplyOrEdit(person.id)));
}

/** The commands that are offered: those that match the draft, or all while their menu is open. */
function suggested(person) {
  const { shown } = state.commands;
  const begun = /^\/(\w*)$/.exec(draftOf(person.id).text);
  if (shown === "all") return person.commands;
  return begun && shown === "typed" ? person.commands.filter(({ command }) => command.startsWith(begun[1])) : [];
}

/** Which of the offered commands is marked. */
const markedOf = (commands) => Math.min(state.commands.marked, commands.length - 1);

function suggestion({ person, command, description, place, isMarked }) {
  return h("li", {
    id: `command-${place}`, role: "option", class: "suggestion", "aria-selected": String(isMarked),
    onclick: () => pick(person, command), drawn: (node) => isMarked && node.scrollIntoView({ block: "nearest" }),
  }, h("strong", {}, `/${command}`), h("span", { dir: "auto" }, description));
}

/** Offers all commands ("all"), those that match what is typed ("typed") or none (""). */
function offer(shown, marked = 0) {
  state.commands = { shown, marked };
  redraw();
}

function switchCommands() {
  offer(suggested(selectedPerson()).length ? "" : "all");
  document.querySelector(".writing").focus();
}

addEventListener("pointerdown", ({ target }) => {
  if (state.commands.shown === "all" && !target.closest(".composer")) offer("");
});

function pick(person, command) {
  sendCommand(person, `/${command}`);
  offer("");
  document.querySelector(".writing").focus();
}

function send(person) {
  sendDraft(person);
  document.querySelector(".writing").focus();
}

function typed(event) {
  draftOf(state.selected).text = event.target.value;
  offer("typed");
}

function pressed(event) {
  if (commandKey(event) || writingKey(event)) event.preventDefault();
}

/** Moves in the offered commands, sends one or closes them; returns whether it was a key for that. */
function commandKey({ key }) {
  const person = selectedPerson();
  const commands = suggested(person);
  const marked = markedOf(commands);
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (!commands.length) return false;
  if (step) offer(state.commands.shown, (marked + step + commands.length) % commands.length);
  else if (key === "Enter") pick(person, commands[marked].command);
  else if (key === "Escape") offer("");
  else return false;
  return true;
}

/** Sends, gives up a reply or an edit, or edits the last message; returns whether it was a key for that. */
function writingKey({ key, shiftKey, isComposing, target }) {
  const person = selectedPerson();
  if (key === "Enter" && !shiftKey && !isComposing) send(person);
  else if (key === "Escape") return cancelReplyOrEdit(person.id);
  else if (key === "ArrowUp" && !target.value) return editLast(person);
  else return false;
  return true;
}

function editLast(person) {
  const own = [...person.messages.values()].filter((message) => message.mine && message.text && message.forwarded === undefined);
  if (own.length) beginReplyOrEdit(person.id, { edit: own.at(-1) });
  return own.length > 0;
}
