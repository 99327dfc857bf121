// What stands above everything: a lost connection, and the state of a petition being written.

import { el, fill, icon } from "./dom.js";
import { drawOn, state } from "./store.js";
import { t } from "./words.js";

export function drawNotices(root) {
  root.setAttribute("aria-live", "polite");
  drawOn(["connection", "preview", "bot"], () => fill(root, lost(), preview(state.preview)));
}

function lost() {
  return !state.connected && el("p", { class: "notice bad" }, icon("alert"), t("disconnected"));
}

function preview({ folder, problems, warnings, shown }) {
  if (!folder) return null;
  const count = problems.length;
  const verdict = count === 0 ? t("preview-fine") : shown ? t(count === 1 ? "preview-one" : "preview-many", { n: count }) : t("preview-nothing");
  const list = [...problems, ...warnings];
  const head = [icon(count ? "alert" : "check"), el("strong", {}, t("preview-of", { folder })), el("span", {}, verdict)];
  if (!list.length) return el("div", { class: "notice good" }, head);
  return el("details", { class: count ? "notice bad" : "notice good", open: count > 0 },
    el("summary", {}, head, warnings.length > 0 && el("span", { class: "chip" }, t("preview-warnings", { n: warnings.length }))),
    el("ul", { class: "problems" }, problems.map((each) => problem(each, "bad")), warnings.map((each) => problem(each, "doubtful"))));
}

function problem({ file, key, sentence }, kind) {
  return el("li", { class: kind }, el("span", { class: "where" }, el("code", {}, file), key && el("code", {}, key)), el("span", { dir: "auto" }, sentence));
}
