// What the page says of the previewed petition, and what can be tried next.

import { openField } from "./beside.js";
import { h, icon, iconButton } from "./dom.js";
import { goToNext, tabName, tabOf, unfinished } from "./editor.js";
import { fieldName } from "./editor_field.js";
import { openChat } from "./navigation.js";
import { markChanged, selectedPerson, state } from "./page_state.js";
import { language, t } from "./translation.js";

/** What can be tried next: to sign, to close, to tell; each is closed for as long as the tab is open. */
export function hint() {
  const step = state.hints && (state.hints.step ?? "sign");
  if (!step || sessionStorage.getItem(`hint-${step}`)) return null;
  const close = () => {
    sessionStorage.setItem(`hint-${step}`, "closed");
    markChanged("hints");
  };
  const isOf = (person) => step === "sign" || person?.role === "admin";
  const beAdmin = h("button", { type: "button", class: "button quiet", onclick: () => openChat(state.hints.admin) }, t("be-admin"));
  return h("div", { class: "notice hint-of-demo" },
    h("p", {}, t(`hint-${step}`)), !isOf(selectedPerson()) && beAdmin, iconButton("close", t("close-hint"), close));
}

export function previewNotice() {
  const { folder, problems, warnings, shown } = state.preview;
  if (!folder) return null;
  const count = problems.length;
  const verdict = count === 0 ? t("preview-fine") : shown ? t(count === 1 ? "preview-one" : "preview-many", { n: count }) : t("preview-nothing");
  const left = count === 0 && state.editor ? unfinished().length : 0;
  if (left) return notReady(folder, left);
  const head = [icon(count ? "alert" : "check"), h("strong", {}, t("preview-of", { folder })), h("span", {}, verdict)];
  return [
    h("div", { class: count ? "notice bad" : "notice good" }, head),
    count > 0 && h("ul", { class: "problems", "aria-label": verdict }, problems.map((each) => problem(each, "bad"))),
    warnings.length > 0 && h("details", { class: "warnings" },
      h("summary", {}, icon("down"), t(warnings.length === 1 ? "preview-warning" : "preview-warnings", { n: warnings.length })),
      h("ul", { class: "problems" }, warnings.map((each) => problem(each, "doubtful")))),
  ];
}

/** What a petition says that is not written yet: how much is left, as the texts count it, and where. */
function notReady(folder, left) {
  return h("div", { class: "notice doubtful not-ready" }, icon("alert"), h("strong", {}, t("preview-of", { folder })),
    h("span", {}, t(left === 1 ? "not-ready-one" : "not-ready-many", { n: left })),
    h("button", { type: "button", class: "to-field", onclick: goToNext }, h("strong", {}, t("left-next"))));
}

/** A problem with its file and key, which lead to its field where it can be put right on the page. */
function problem({ file, key, place, sentence }, kind) {
  const field = state.editor?.fields.find((each) => each.file === file && (each.key === key || each.key === key.replace(/\.\d+$/, "")));
  const where = [h("code", {}, file), place[language] && h("code", {}, place[language])];
  const named = field && `${fieldName(field)} (${tabName(tabOf(field)).toLowerCase()})`;
  return h("li", { class: kind },
    field ? h("button", { type: "button", class: "where to-field", title: `${file}: ${key}`, onclick: () => openField(field) }, h("code", {}, named)) : h("span", { class: "where" }, where),
    h("span", { dir: "auto" }, sentence[language]));
}
