// The page's own dialogs: adding and renaming a person, opening a start link.

import { ask } from "./dialog.js";
import { el } from "./dom.js";
import { state } from "./store.js";
import { act, actAs } from "./wire.js";
import { t, tongue } from "./words.js";

const LANGUAGES = ["es", "en", "ca", "gl", "eu", "fr", "pt", "de", "it", "ar", "uk", "zh-hans", ""];

export function addPerson() {
  const options = LANGUAGES.map((tag) => el("option", { value: tag }, tongue(tag)));
  ask({
    title: t("add-person"),
    body: [
      field("name", t("first-name"), { required: true, pattern: ".*\\S.*", autofocus: true }),
      field("surname", t("surname")),
      labelled(t("their-language"), el("select", { name: "language" }, options)),
    ],
    yes: t("add"),
    done: (said) => act("add", Object.fromEntries(said)),
  });
}

export function renamePerson(person) {
  ask({
    title: t("rename"),
    body: [
      field("name", t("first-name"), { required: true, pattern: ".*\\S.*", autofocus: true, value: person.name }),
      field("surname", t("surname"), { value: person.surname }),
    ],
    yes: t("save"),
    done: (said) => actAs(person, "rename", Object.fromEntries(said)),
  });
}

export function startLink(person) {
  const address = (mark) => `https://t.me/${state.bot.username}?start=${mark}`;
  const shown = el("p", { class: "address" }, address("newsletter"));
  const follow = (event) => (shown.textContent = address(event.target.value));
  ask({
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

export function deactivate(person) {
  ask({
    title: t("deactivate-ask", { name: person.name }),
    text: t("deactivate-why"),
    yes: t("deactivate"),
    danger: true,
    done: () => actAs(person, "deactivate"),
  });
}

export function beginAfresh() {
  ask({ title: t("afresh-ask"), text: t("afresh-why"), yes: t("begin"), danger: true, done: () => act("afresh") });
}

function field(name, label, props = {}) {
  return labelled(label, el("input", { name, type: "text", maxlength: "64", autocomplete: "off", ...props }));
}

function labelled(label, control) {
  return el("label", { class: "field" }, el("span", {}, label), control);
}
