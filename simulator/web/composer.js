// The composer: text field, attachments and the menu of commands.

import { fileInput, openAttachMenu } from "./attachments.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { beginReplyOrEdit, cancelReplyOrEdit, draftOf, sendCommand, sendDraft } from "./drafts.js";
import { redrawOn, state } from "./page_state.js";
import { t } from "./translation.js";

const HIGHEST = 160;
let drawDraft = () => {};
let drawSuggestions = () => {};

export function composer(id) {
  const person = () => state.people.get(id);
  const area = el("textarea", {
    class: "writing", rows: "1", dir: "auto", placeholder: t("write"), "aria-label": t("write"), enterkeyhint: "send",
    "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": "suggestions",
  });
  const sent = () => {
    drawDraft();
    area.focus();
  };
  const send = () => {
    sendDraft(person());
    sent();
  };
  const about = el("div", { class: "about-draft", hidden: true });
  const suggestions = commandSuggestions(area, person, (command) => {
    sendCommand(person(), command);
    sent();
  });
  const file = fileInput();
  area.addEventListener("input", () => {
    draftOf(id).text = area.value;
    fit(area);
    suggestions.typed();
  });
  area.addEventListener("keydown", (event) => suggestions.key(event) || key(event, id, area, send));
  drawDraft = () => draw(id, area, about, suggestions);
  drawSuggestions = () => area.isConnected && suggestions.draw();
  queueMicrotask(drawDraft);
  return el("form", { class: "composer", onsubmit: (event) => event.preventDefault() },
    suggestions.node,
    about,
    el("div", { class: "composer-row" },
      el("button", { type: "button", class: "menu-button", "aria-label": t("commands"), title: t("commands"), onclick: suggestions.all }, icon("menu")),
      area,
      iconButton("clip", t("attach"), (event) => openAttachMenu(event.currentTarget, person(), file), { "aria-haspopup": "menu" }),
      iconButton("send", t("send"), send, { class: "icon-button send" }),
      file));
}

function key(event, id, area, send) {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape") {
    if (cancelReplyOrEdit(id)) event.preventDefault();
  } else if (event.key === "ArrowUp" && !area.value) {
    const own = [...state.people.get(id).messages.values()].filter((message) => message.mine && message.text && message.forwarded === undefined);
    if (!own.length) return;
    event.preventDefault();
    beginReplyOrEdit(id, { edit: own.at(-1) });
  }
}

function draw(id, area, about, suggestions) {
  const draft = draftOf(id);
  if (area.value !== draft.text) area.value = draft.text;
  fit(area);
  drawAbout(about, id, draft);
  suggestions.draw();
  if (draft.edit || draft.reply) area.focus();
}

redrawOn(["draft"], () => drawDraft());
// The bot may change its commands while the menu is open.
redrawOn(["people"], () => drawSuggestions());

function drawAbout(node, id, draft) {
  const message = draft.edit ?? draft.reply;
  node.hidden = !message;
  if (!message) return;
  const who = draft.edit ? t("editing") : `${t("replying")} ${message.mine ? state.people.get(id).name : state.bot.name}`;
  fill(node,
    icon(draft.edit ? "edit" : "reply"),
    el("div", { class: "about-words" }, el("strong", { dir: "auto" }, who), el("span", { dir: "auto" }, message.text.slice(0, 120))),
    iconButton("close", t("cancel"), () => cancelReplyOrEdit(id)));
}

function fit(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight, HIGHEST)}px`;
}

/** A list of commands that match the draft; `choose` is called with the picked one. */
function commandSuggestions(area, person, choose) {
  const node = el("ul", { id: "suggestions", class: "suggestions", role: "listbox", tabindex: "0", "aria-label": t("commands"), hidden: true });
  let shown = [];
  let marked = 0;
  let everything = false;

  function draw() {
    const begun = /^\/(\w*)$/.exec(area.value);
    shown = everything ? person().commands : begun ? person().commands.filter(({ command }) => command.startsWith(begun[1])) : [];
    marked = Math.min(marked, Math.max(0, shown.length - 1));
    node.hidden = shown.length === 0;
    fill(node, shown.map(option));
    if (node.hidden) area.removeAttribute("aria-activedescendant");
    else area.setAttribute("aria-activedescendant", `command-${marked}`);
    node.children[marked]?.scrollIntoView({ block: "nearest" });
  }

  /** Shows the commands that match a changed draft. */
  function typed() {
    everything = false;
    draw();
  }

  function option({ command, description }, place) {
    return el("li", {
      id: `command-${place}`, role: "option", class: "suggestion", "aria-selected": String(place === marked),
      onclick: () => pick(place),
    }, el("strong", {}, `/${command}`), el("span", { dir: "auto" }, description));
  }

  function pick(place) {
    const { command } = shown[place];
    close();
    choose(`/${command}`);
  }

  function close() {
    everything = false;
    marked = 0;
    shown = [];
    node.hidden = true;
    area.removeAttribute("aria-activedescendant");
  }

  /** Handles a key; returns whether the list used it. */
  function key(event) {
    if (node.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) marked = (marked + step + shown.length) % shown.length;
    else if (event.key === "Enter") pick(marked);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    if (step) draw();
    return true;
  }

  function all() {
    everything = node.hidden;
    if (everything) draw();
    else close();
    area.focus();
  }

  addEventListener("pointerdown", (event) => {
    if (everything && !event.target.closest(".composer")) close();
  });
  return { node, draw, typed, key, all };
}
