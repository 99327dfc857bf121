// The popup menus of a person, a message and a chat.

import { copy } from "./addresses.js";
import { deactivate, renamePerson, startLink } from "./dialogs.js";
import { openMenu } from "./menu.js";
import { begin } from "./drafts.js";
import { actAs } from "./wire.js";
import { t } from "./words.js";

export function personMenu(button, person) {
  openMenu(button, t("more"), [
    !person.gone && { icon: "link", label: t("start-link"), done: () => startLink(person) },
    !person.gone && { icon: "user", label: t("rename"), done: () => renamePerson(person) },
    !person.gone && !person.blocked && { icon: "block", label: t("block"), done: () => actAs(person, "block") },
    !person.gone && person.blocked && { icon: "check", label: t("unblock"), done: () => actAs(person, "unblock") },
    !person.gone && { icon: "gone", label: t("deactivate"), danger: true, done: () => deactivate(person) },
  ]);
}

export function messageMenu(anchor, person, message) {
  const writes = !person.gone && !person.blocked;
  const editable = message.mine && message.forwarded === undefined && (message.text || message.media?.kind === "photo");
  openMenu(anchor, t("message-options"), [
    writes && { icon: "reply", label: t("reply"), done: () => begin(person.id, { reply: message }) },
    writes && editable && { icon: "edit", label: t("edit"), done: () => begin(person.id, { edit: message }) },
    message.text && { icon: "copy", label: t("copy"), done: () => copy(message.text) },
    writes && { icon: "forward", label: t("forward"), done: () => actAs(person, "forward", { message: message.id }) },
    writes && { icon: "trash", label: t("delete"), danger: true, done: () => actAs(person, "delete", { message: message.id }) },
  ]);
}
