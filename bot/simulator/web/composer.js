// The composer: text field, attachments and the menu of commands.

import { attachMenu } from "./attaching.js";
import { suggestions } from "./commands.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { begin, draftOf, leave } from "./drafts.js";
import { fileInput } from "./picked.js";
import { sendCommand, sendDraft } from "./sending.js";
import { drawOn, state } from "./store.js";
import { t } from "./words.js";

const HIGHEST = 160;
let drawDraft = () => {};
let drawOffered = () => {};

export function composer(id) {
  const person = () => state.people.get(id);
  const area = el("textarea", {
    class: "writing", rows: "1", dir: "auto", placeholder: t("write"), "aria-label": t("write"), enterkeyhint: "send",
    "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": "suggestions",
  });
  const send = () => {
    sendDraft(person());
    draw(id, area, about, offered);
    area.focus();
  };
  const about = el("div", { class: "about-draft", hidden: true });
  const offered = suggestions(area, person, (command) => {
    sendCommand(person(), command);
    draw(id, area, about, offered);
    area.focus();
  });
  const file = fileInput();
  area.addEventListener("input", () => {
    draftOf(id).text = area.value;
    fit(area);
    offered.typed();
  });
  area.addEventListener("keydown", (event) => offered.key(event) || key(event, id, area, send));
  drawDraft = () => draw(id, area, about, offered);
  drawOffered = () => area.isConnected && offered.draw();
  queueMicrotask(drawDraft);
  return el("form", { class: "composer", onsubmit: (event) => event.preventDefault() },
    offered.node,
    about,
    el("div", { class: "composer-row" },
      el("button", { type: "button", class: "menu-button", "aria-label": t("commands"), title: t("commands"), onclick: offered.all }, icon("menu")),
      area,
      iconButton("clip", t("attach"), (event) => attachMenu(event.currentTarget, person(), file), { "aria-haspopup": "menu" }),
      iconButton("send", t("send"), send, { class: "icon-button send" }),
      file));
}

function key(event, id, area, send) {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape") {
    if (leave(id)) event.preventDefault();
  } else if (event.key === "ArrowUp" && !area.value) {
    const own = [...state.people.get(id).messages.values()].filter((message) => message.mine && message.text && message.forwarded === undefined);
    if (!own.length) return;
    event.preventDefault();
    begin(id, { edit: own.at(-1) });
  }
}

function draw(id, area, about, offered) {
  const draft = draftOf(id);
  if (area.value !== draft.text) area.value = draft.text;
  fit(area);
  drawAbout(about, id, draft);
  offered.draw();
  if (draft.edit || draft.reply) area.focus();
}

drawOn(["draft"], () => drawDraft());
// The bot may change its commands while the menu is open.
drawOn(["people"], () => drawOffered());

function drawAbout(node, id, draft) {
  const message = draft.edit ?? draft.reply;
  node.hidden = !message;
  if (!message) return;
  const who = draft.edit ? t("editing") : `${t("replying")} ${message.mine ? state.people.get(id).name : state.bot.name}`;
  fill(node,
    icon(draft.edit ? "edit" : "reply"),
    el("div", { class: "about-words" }, el("strong", { dir: "auto" }, who), el("span", { dir: "auto" }, message.text.slice(0, 120))),
    iconButton("close", t("cancel"), () => leave(id)));
}

function fit(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight, HIGHEST)}px`;
}
