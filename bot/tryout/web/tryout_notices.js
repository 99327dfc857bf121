// What the page says of the previewed petition, and what can be tried next.

import { h, icon, iconButton } from "./dom.js";
import { goToNext, openField, tabName, tabOf, unfinished } from "./editor.js";
import { fieldName } from "./editor_field.js";
import { openChat } from "./navigation.js";
import { onChange, redraw, selectedPerson, state } from "./page_state.js";
import { language, t } from "./translation.js";

let signer = null;

// The phone of who can sign first is opened once, on phones too; who goes back sees the list.
onChange("all", () => {
  const wanted = state.hints?.signers[language] ?? null;
  if (wanted === null || wanted === signer) return;
  signer = wanted;
  if (!state.people.has(Number(location.hash.slice(1)))) openChat(wanted);
});

/** What can be tried in a demo; closed for as long as the tab is open. */
export function hint() {
  if (!state.hints || sessionStorage.getItem("hint")) return null;
  const close = () => {
    sessionStorage.setItem("hint", "closed");
    redraw();
  };
  return h("div", { class: "notice hint-of-demo" },
    h("p", {}, t("Firma aquí la petición. Después, como Marta, ciérrala (/close) y cuenta cómo ha terminado (/broadcast). Llegará al teléfono de quien firmó.")),
    selectedPerson()?.role !== "admin" && h("button", { class: "button quiet", onclick: () => openChat(state.hints.admin) }, t("Ser Marta")),
    iconButton("close", t("Cerrar este consejo"), close));
}

export function previewNotice() {
  const { folder, problems, warnings } = state.preview;
  if (!folder) return null;
  const count = problems.length;
  const left = count === 0 && state.editor ? unfinished().length : 0;
  const head = (style, drawing, ...said) => h("div", { class: `notice ${style}` }, icon(drawing), h("strong", {}, t("Vista previa de {folder}", { folder })), said);
  if (left) {
    return head("doubtful not-ready", "alert",
      h("span", {}, left === 1 ? t("Aún no está lista: queda 1 cosa por escribir.") : t("Aún no está lista: quedan {n} cosas por escribir.", { n: left })),
      h("button", { class: "to-field", onclick: goToNext }, h("strong", {}, t("Ir a la siguiente"))));
  }
  return [
    head(count ? "bad" : "good", count ? "alert" : "check", h("span", {}, verdict())),
    count > 0 && h("ul", { class: "problems", "aria-label": verdict() }, problems.map((each) => problem(each, "bad"))),
    warnings.length > 0 && h("details", { class: "warnings" },
      h("summary", {}, icon("down"), warnings.length === 1
        ? t("1 aviso: funciona, pero conviene arreglarlo antes de empezar")
        : t("{n} avisos: funciona, pero conviene arreglarlos antes de empezar", { n: warnings.length })),
      h("ul", { class: "problems" }, warnings.map((each) => problem(each, "doubtful")))),
  ];
}

function verdict() {
  const { problems, shown } = state.preview;
  if (!problems.length) return t("Sin problemas. Lo que guardes se ve aquí al momento.");
  if (!shown) return t("Todavía no hay una versión que se pueda ver.");
  if (problems.length === 1) return t("1 problema. Se ve la última versión que estaba bien.");
  return t("{n} problemas. Se ve la última versión que estaba bien.", { n: problems.length });
}

/** A problem with its file and key, which lead to its field where it can be put right on the page. */
function problem({ file, key, place, sentence }, kind) {
  const field = state.editor?.fields.find((each) => each.file === file && [key, key.replace(/\.\d+$/, "")].includes(each.key));
  return h("li", { class: kind },
    field
      ? h("button", { class: "where to-field", title: `${file}: ${key}`, onclick: () => openField(field) }, h("code", {}, `${fieldName(field)} (${tabName(tabOf(field)).toLowerCase()})`))
      : h("span", { class: "where" }, h("code", {}, file), place[language] && h("code", {}, place[language])),
    h("span", { dir: "auto" }, sentence[language]));
}
