// Popup menus of people and messages, one at a time: arrows move, Escape closes.

import { closeAround, closeBeside, confirmDeactivation, openDialog, openStartLinkDialog } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { beginEdit } from "./drafts.js";
import { copy } from "./notices.js";
import { actAs } from "./server_connection.js";
import { t } from "./translation.js";

export function personMenu(button, person) {
  if (person.gone) return;
  const block = person.blocked ? "unblock" : "block";
  openMenu(button, t("more"), [
    { icon: "link", label: t("start-link"), done: () => openStartLinkDialog(person) },
    { icon: person.blocked ? "check" : "block", label: t(block), done: () => actAs(person, block) },
    { icon: "gone", label: t("deactivate"), danger: true, done: () => confirmDeactivation(person) },
  ]);
}

export function messageMenu(anchor, person, message) {
  const writes = !person.gone && !person.blocked;
  const editable = message.mine && message.forwarded === undefined && (message.text || message.media?.kind === "photo");
  openMenu(anchor, t("message-options"), [
    writes && editable && { icon: "edit", label: t("edit"), done: () => beginEdit(person.id, message) },
    message.text && { icon: "copy", label: t("copy"), done: () => copy(message.text) },
    writes && { icon: "forward", label: t("forward"), done: () => actAs(person, "forward", { message: message.id }) },
    writes && { icon: "trash", label: t("delete"), danger: true, done: () => actAs(person, "delete", { message: message.id }) },
  ]);
}

/** Opens a menu beside a node; `items` are `{icon, label, done, danger}` or nothing. */
export function openMenu(anchor, label, items) {
  const shown = items.filter(Boolean);
  if (!shown.length) return;
  const button = (item, place) => h("button", {
    role: "menuitem", tabindex: "-1", autofocus: place === 0, class: item.danger ? "menu-item danger" : "menu-item",
    onclick: (event) => { closeAround(event); item.done(); },
  }, item.icon && icon(item.icon), item.label);
  const menu = () => h("div", { role: "menu", "aria-label": label, onkeydown: moveFocus }, shown.map(button));
  openDialog({ class: "menu", "aria-label": label, onclick: closeBeside }, menu, (node) => place(node, anchor));
}

function place(node, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = node;
  const edge = anchor.closest(".chat").getBoundingClientRect().left + 8;
  const left = Math.max(edge, Math.min(at.right - width, innerWidth - width - 8));
  const below = at.bottom + 4 + height < innerHeight;
  const top = below ? at.bottom + 4 : Math.max(8, at.top - height - 4);
  node.style.left = `${left}px`;
  node.style.top = `${Math.min(top, innerHeight - height - 8)}px`;
}

function moveFocus(event) {
  const items = [...event.currentTarget.children];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined && event.key !== "Tab") return;
  event.preventDefault();
  if (to === undefined) event.currentTarget.parentElement.close();
  else items.at(to % items.length).focus();
}
