// Popup menus of people and messages, one at a time: arrows move, Escape closes.

import { confirmDeactivation, openRenameDialog, openStartLinkDialog } from "./dialogs.js";
import { el, icon } from "./dom.js";
import { beginReplyOrEdit } from "./drafts.js";
import { copy } from "./notices.js";
import { actAs } from "./server_connection.js";
import { t } from "./translation.js";

export function personMenu(button, person) {
  openMenu(button, t("more"), [
    !person.gone && { icon: "link", label: t("start-link"), done: () => openStartLinkDialog(person) },
    !person.gone && { icon: "user", label: t("rename"), done: () => openRenameDialog(person) },
    !person.gone && !person.blocked && { icon: "block", label: t("block"), done: () => actAs(person, "block") },
    !person.gone && person.blocked && { icon: "check", label: t("unblock"), done: () => actAs(person, "unblock") },
    !person.gone && { icon: "gone", label: t("deactivate"), danger: true, done: () => confirmDeactivation(person) },
  ]);
}

export function messageMenu(anchor, person, message) {
  const writes = !person.gone && !person.blocked;
  const editable = message.mine && message.forwarded === undefined && (message.text || message.media?.kind === "photo");
  openMenu(anchor, t("message-options"), [
    writes && { icon: "reply", label: t("reply"), done: () => beginReplyOrEdit(person.id, { reply: message }) },
    writes && editable && { icon: "edit", label: t("edit"), done: () => beginReplyOrEdit(person.id, { edit: message }) },
    message.text && { icon: "copy", label: t("copy"), done: () => copy(message.text) },
    writes && { icon: "forward", label: t("forward"), done: () => actAs(person, "forward", { message: message.id }) },
    writes && { icon: "trash", label: t("delete"), danger: true, done: () => actAs(person, "delete", { message: message.id }) },
  ]);
}

let open = null;

/** Opens a menu beside a node; `items` are `{icon, label, done, danger}` or nothing. */
export function openMenu(anchor, label, items) {
  const had = open?.anchor === anchor;
  closeMenu();
  if (had) return;
  const buttons = items.filter(Boolean).map((item) => el("button", {
    type: "button", role: "menuitem", tabindex: "-1", class: item.danger ? "menu-item danger" : "menu-item",
    onclick: () => { closeMenu(); item.done(); },
  }, icon(item.icon), item.label));
  if (!buttons.length) return;
  const node = el("div", { class: "menu", role: "menu", "aria-label": label, onkeydown: keys }, buttons);
  document.getElementById("app").append(node);
  open = { anchor, node, before: document.activeElement };
  place(node, anchor);
  buttons[0].focus();
}

function closeMenu() {
  if (!open) return;
  const { node, before } = open;
  open = null;
  const inside = node.contains(document.activeElement);
  node.remove();
  if (inside && before?.isConnected) before.focus();
}

function place(node, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = node;
  const left = Math.max(8, Math.min(at.right - width, innerWidth - width - 8));
  const below = at.bottom + 4 + height < innerHeight;
  const top = below ? at.bottom + 4 : Math.max(8, at.top - height - 4);
  node.style.left = `${left}px`;
  node.style.top = `${Math.min(top, innerHeight - height - 8)}px`;
}

function keys(event) {
  const items = [...event.currentTarget.children];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to !== undefined) items.at(to % items.length).focus();
  else if (event.key === "Escape" || event.key === "Tab") closeMenu();
  else return;
  event.preventDefault();
}

addEventListener("pointerdown", (event) => {
  if (open && !open.node.contains(event.target) && !open.anchor.contains(event.target)) closeMenu();
});
addEventListener("resize", closeMenu);
