// The notices above everything: a lost connection, and the state of a previewed petition.

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
  const head = [icon(count ? "alert" : "check"), el("strong", {}, t("preview-of", { folder })), el("span", {}, verdict)];
  return [
    el("div", { class: count ? "notice bad" : "notice good" }, head),
    count > 0 && el("ul", { class: "problems", "aria-label": verdict }, problems.map((each) => problem(each, "bad"))),
    warnings.length > 0 && el("details", { class: "warnings" },
      el("summary", {}, icon("down"), t(warnings.length === 1 ? "preview-warning" : "preview-warnings", { n: warnings.length })),
      el("ul", { class: "problems" }, warnings.map((each) => problem(each, "doubtful")))),
  ];
}

function problem({ file, key, sentence }, kind) {
  return el("li", { class: kind }, el("span", { class: "where" }, el("code", {}, file), key && el("code", {}, key)), el("span", { dir: "auto" }, sentence));
}
