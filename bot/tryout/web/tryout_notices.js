// What the page says of the previewed petition, and what can be tried next.

import { openField } from "./beside.js";
import { el, icon, iconButton } from "./dom.js";
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
  const beAdmin = el("button", { type: "button", class: "button quiet", onclick: () => openChat(state.hints.admin) }, t("be-admin"));
  return el("div", { class: "notice hint-of-demo" },
    el("p", {}, t(`hint-${step}`)), !isOf(selectedPerson()) && beAdmin, iconButton("close", t("close-hint"), close));
}

export function previewNotice() {
  const { folder, problems, warnings, shown } = state.preview;
  if (!folder) return null;
  const count = problems.length;
  const verdict = count === 0 ? t("preview-fine") : shown ? t(count === 1 ? "preview-one" : "preview-many", { n: count }) : t("preview-nothing");
  const left = count === 0 && state.editor ? unfinished().length : 0;
  if (left) return notReady(folder, left);
  const head = [icon(count ? "alert" : "check"), el("strong", {}, t("preview-of", { folder })), el("span", {}, verdict)];
  return [
    el("div", { class: count ? "notice bad" : "notice good" }, head),
    count > 0 && el("ul", { class: "problems", "aria-label": verdict }, problems.map((each) => problem(each, "bad"))),
    warnings.length > 0 && el("details", { class: "warnings" },
      el("summary", {}, icon("down"), t(warnings.length === 1 ? "preview-warning" : "preview-warnings", { n: warnings.length })),
      el("ul", { class: "problems" }, warnings.map((each) => problem(each, "doubtful")))),
  ];
}

/** What a petition says that is not written yet: how much is left, as the texts count it, and where. */
function notReady(folder, left) {
  return el("div", { class: "notice doubtful not-ready" }, icon("alert"), el("strong", {}, t("preview-of", { folder })),
    el("span", {}, t(left === 1 ? "not-ready-one" : "not-ready-many", { n: left })),
    el("button", { type: "button", class: "to-field", onclick: goToNext }, el("strong", {}, t("left-next"))));
}

/** A problem with its file and key, which lead to its field where it can be put right on the page. */
function problem({ file, key, place, sentence }, kind) {
  const field = state.editor?.fields.find((each) => each.file === file && (each.key === key || each.key === key.replace(/\.\d+$/, "")));
  const where = [el("code", {}, file), place[language] && el("code", {}, place[language])];
  const named = field && `${fieldName(field)} (${tabName(tabOf(field)).toLowerCase()})`;
  return el("li", { class: kind },
    field ? el("button", { type: "button", class: "where to-field", title: `${file}: ${key}`, onclick: () => openField(field) }, el("code", {}, named)) : el("span", { class: "where" }, where),
    el("span", { dir: "auto" }, sentence[language]));
}
