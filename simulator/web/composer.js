// The composer: text field, attachments and the menu of commands.

import { attachmentList, hasAttachments, openAttachMenu, sendAttachments } from "./attachments.js";
import { fit, h, icon, iconButton } from "./dom.js";
import { beginReplyOrEdit, cancelReplyOrEdit, draftOf, sendCommand, sendDraft, sends } from "./drafts.js";
import { selectedPerson, state, update } from "./page_state.js";
import { openMenu } from "./popup_menus.js";
import { t } from "./translation.js";

export function composer(person) {
  const draft = draftOf(person.id);
  const commands = suggested(person);
  const marked = markedOf(commands);
  return h("form", { key: person.id, class: "composer", onsubmit: (event) => event.preventDefault() },
    commands.length > 0 && h("ul", { id: "suggestions", class: "suggestions", role: "listbox", tabindex: "0", "aria-label": t("commands") },
      commands.map((each, place) => h(suggestion, { key: place, person, ...each, place, isMarked: place === marked }))),
    aboutDraft(person, draft),
    attachmentList(draft),
    h("div", { class: "composer-row" },
      iconButton("menu", t("commands"), (event) => openCommands(event.currentTarget, person), { class: "menu-button", "aria-haspopup": "menu" }),
      h("textarea", {
        class: "writing", rows: "1", dir: "auto", placeholder: t(hasAttachments(draft) ? "caption" : "write"), "aria-label": t("write"), enterkeyhint: "send", readonly: draft.sending,
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

/** Opens the menu of all commands; what is being written stays. */
function openCommands(button, person) {
  const items = person.commands.map(({ command, description }) => ({
    label: [h("strong", {}, `/${command}`), h("span", { dir: "auto" }, description)],
    done: () => send(person, command),
  }));
  openMenu(button, t("commands"), items);
}

/** The commands that match what is written, unless somebody has closed their list. */
function suggested(person) {
  const begun = /^\/(\w*)$/.exec(draftOf(person.id).text);
  return begun && !state.suggestions.closed ? person.commands.filter(({ command }) => command.startsWith(begun[1])) : [];
}

const markedOf = (commands) => Math.min(state.suggestions.marked, commands.length - 1);

function suggestion({ person, command, description, place, isMarked }) {
  return h("li", {
    id: `command-${place}`, role: "option", class: "suggestion", "aria-selected": String(isMarked),
    onclick: () => send(person, command), drawn: (node) => isMarked && node.scrollIntoView({ block: "nearest" }),
  }, h("strong", {}, `/${command}`), h("span", { dir: "auto" }, description));
}

/** Sends the draft, or a command in its place. */
function send(person, command) {
  const draft = draftOf(person.id);
  if (command) sendCommand(person, `/${command}`);
  else if (hasAttachments(draft)) sendAttachments(person, draft);
  else sendDraft(person);
  document.querySelector(".writing").focus();
}

function typed(event) {
  draftOf(state.selected).text = event.target.value;
  update(state, { suggestions: { marked: 0, closed: false } });
}

function pressed(event) {
  const person = selectedPerson();
  const commands = suggested(person);
  if (commands.length ? commandKey(event, person, commands) : writingKey(event, person)) event.preventDefault();
}

/** Moves in the list of commands, sends one or closes it; returns whether it was a key for that. */
function commandKey({ key }, person, commands) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  const marked = markedOf(commands);
  if (step) update(state.suggestions, { marked: (marked + step + commands.length) % commands.length });
  else if (key === "Enter") send(person, commands[marked].command);
  else if (key === "Escape") update(state.suggestions, { closed: true });
  else return false;
  return true;
}

/** Sends, gives up a reply or an edit, or edits the last message; returns whether it was a key for that. */
function writingKey(event, person) {
  if (event.key === "Escape") return cancelReplyOrEdit(person.id);
  if (event.key === "ArrowUp" && !event.target.value) return editLast(person);
  if (sends(event)) send(person);
  return sends(event);
}

function editLast(person) {
  const own = [...person.messages.values()].filter((message) => message.mine && message.text && message.forwarded === undefined);
  if (own.length) beginReplyOrEdit(person.id, { edit: own.at(-1) });
  return own.length > 0;
}
