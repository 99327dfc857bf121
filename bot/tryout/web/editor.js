// The form of the previewed petition, beside the phone that shows it.

import { askToConfirm, labelled, LANGUAGES } from "./dialogs.js";
import { h, icon, iconButton } from "./dom.js";
import { isClosed, requestEdit } from "./edit_requests.js";
import { fieldView, focusControl, idOf, isUnfinished, problemsWhere } from "./editor_field.js";
import { isWide, openChat, showBeside } from "./navigation.js";
import { toast } from "./notices.js";
import { onChange, selectedPerson, state, update } from "./page_state.js";
import { language, languageName, t } from "./translation.js";
import { save, unsavedFields } from "./unsaved_texts.js";

const FACTS = "facts";
const MORE_LANGUAGES = ["an", "ast", "oc", "pt-br", "ro", "bg", "pl", "cs", "sk", "hu", "el", "tr", "ru", "be", "ka", "hy", "nl", "sv", "da", "nb", "fi", "et", "lv", "lt", "sl", "hr", "sr", "mk", "sq", "ga", "cy", "mt", "is", "he", "fa", "ku", "ur", "hi", "bn", "ta", "zh-hant", "ja", "ko", "th", "vi", "id", "ms", "fil", "sw", "am", "so", "ht", "qu", "gn", "ay", "eo"];
// Which texts are shown, which field is to be shown next, and which was shown last.
Object.assign(state, { tab: localStorage.getItem("texts-of"), wantedField: null, lastField: null, wasOpened: false });

export const tabOf = ({ language: own }) => own ?? FACTS;
export const tabName = (tab) => (tab === FACTS ? t("Los datos") : languageName(tab));
const fileOf = (tab) => (tab === FACTS ? "petition.toml" : `${tab}.toml`);
const fieldsOf = (tab) => state.editor.fields.filter((field) => tabOf(field) === tab);
const chosenTab = () => (allTabs().includes(state.tab) ? state.tab : (allTabs()[0] ?? FACTS));
const allTabs = () => Object.values(state.editor.files).map(tabOf);

function choose(tab) {
  localStorage.setItem("texts-of", tab);
  update(state, { tab });
}

// Where there is room beside the phone, the texts are there from the start, unless somebody has closed them.
onChange("all", () => {
  if (state.editor && !state.wasOpened && isWide() && localStorage.getItem("beside") !== "") showBeside("editor");
  state.wasOpened ||= state.editor !== null;
});

// The texts are those in the language of the phone that is opened.
onChange("opened", () => {
  const { language: read } = selectedPerson() ?? {};
  if (read && state.editor && chosenTab() !== FACTS && allTabs().includes(read)) choose(read);
});

/** Shows these texts, and the phone of somebody who reads them, unless such a phone is open. */
function openTab(tab) {
  choose(tab);
  if (tab === FACTS || selectedPerson()?.language === tab) return;
  const readers = [...state.people.values()].filter((person) => person.language === tab && person.role !== "admin");
  const reader = readers.find((person) => person.started) ?? readers[0];
  if (reader) openChat(reader.id);
}

/** On a phone: one tab for the phones, one for the texts. */
export function narrowTabs() {
  if (!state.editor) return null;
  const tab = (name, drawing, side) => {
    const isShown = (state.beside === "editor") === (side === "editor");
    return h("button", { class: "tab", "aria-current": isShown && "page", onclick: () => showBeside(side) }, icon(drawing), name);
  };
  return h("nav", { id: "tabs", class: "tabs", "aria-label": t("Teléfonos o textos") }, tab(t("Teléfonos"), "people", ""), tab(t("Textos"), "edit", "editor"));
}

export function editor() {
  if (!state.editor) return null;
  const tab = chosenTab();
  const count = unsavedFields().length;
  const onkeydown = (event) => {
    if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    saveAll();
  };
  return h("section", { id: "editor", class: "panel editor", hidden: state.beside !== "editor", "aria-label": t("Textos"), onkeydown, drawn: showWanted },
    h("header", { class: "bar" }, h("h1", {}, t("Textos")),
      count > 1 && !isClosed() && h("button", { class: "button save-all", onclick: saveAll }, t("Guardar los {n}", { n: count })),
      iconButton("close", t("Cerrar los textos"), () => showBeside(""), { class: "icon-button not-narrow" })),
    h("div", { class: "editor-choice" },
      h("nav", { class: "editor-tabs", "aria-label": t("Qué textos") }, allTabs().map(tabButton)),
      !isClosed() && allTabs().includes(state.editor.source) && iconButton("plus", t("Añadir un idioma"), addLanguage)),
    h("div", { class: "editor-said", role: "status" },
      state.closedFor && h("p", { class: "notice doubtful" }, icon("alert"), h("span", {}, t(state.closedFor)))),
    h("div", { key: tab, class: "panel-body editor-body" }, body(tab)));
}

function tabButton(name) {
  return h("button", { key: name, class: "tab", "aria-current": name === chosenTab() && "true", onclick: () => openTab(name) },
    tabName(name),
    unsavedFields().some((field) => tabOf(field) === name) && h("span", { class: "tab-mark", role: "img", "aria-label": t("Sin guardar"), title: t("Sin guardar") }));
}

function body(tab) {
  const file = state.editor.files[fileOf(tab)];
  if (!file) return h("p", { class: "panel-section" }, t("En la carpeta todavía no hay ninguna petición. Haz la tuya con petition-bot init"));
  const problems = problemsWhere((problem) => problem.file === fileOf(tab) && !problem.key);
  if (file.broken) return brokenFile(fileOf(tab), file, problems);
  const fields = fieldsOf(tab);
  return [
    problems.length > 0 && h("div", { class: "panel-section" },
      h("ul", { class: "problems field-problems" }, problems.map(([style, { sentence }]) => h("li", { class: style }, icon("alert"), h("span", {}, sentence[language]))))),
    [...new Set(fields.map((field) => field.group))].map((group) => section(group, fields.filter((field) => field.group === group))),
  ];
}

function section(group, fields) {
  const id = `h-${idOf(fields[0])}`;
  return h("section", { key: group, class: "panel-section", "aria-labelledby": id }, h("h2", { id }, t(group)), fields.map(fieldView));
}

/** A file that is not TOML, as text: what is wrong stands below its line. */
function brokenFile(name, { lines }, problems) {
  const said = (isHere) => problems.filter(([, { line }]) => isHere(line)).map(([, { sentence }]) => h("p", { class: "edit-failed", dir: "auto" }, sentence[language]));
  return h("div", { class: "panel-section broken" },
    h("p", {}, icon("alert"), h("strong", {}, t("No se puede leer {file}", { file: name }))),
    said((line) => lines === null || !line),
    lines && h("ol", { class: "file-lines", dir: "ltr", tabindex: "0" }, lines.map((text, place) => h("li", {}, h("code", {}, text), said((line) => line === place + 1)))));
}

export const unfinished = () => state.editor.fields.filter(isUnfinished);

/** Goes to the next field in which something is to be done, after the one that was shown last. */
export function goToNext() {
  const all = allTabs().flatMap(fieldsOf);
  const here = all.findIndex((field) => idOf(field) === state.lastField);
  const next = [...all.slice(here + 1), ...all.slice(0, here + 1)].find(isUnfinished);
  if (next) openField(next);
}

/** Shows a field of the texts, and lets somebody write there. */
export function openField(field) {
  state.wantedField = field;
  choose(tabOf(field));
  showBeside("editor");
}

function showWanted() {
  const { wantedField } = state;
  const node = wantedField && document.getElementById(`${idOf(wantedField)}-field`);
  if (!node) return;
  state.wantedField = null;
  state.lastField = idOf(wantedField);
  node.scrollIntoView({ block: "start" });
  focusControl(wantedField);
}

function addLanguage() {
  const tags = [...LANGUAGES, ...MORE_LANGUAGES].filter((tag) => tag && !(`${tag}.toml` in state.editor.files));
  const options = tags.map((tag) => [languageName(tag), tag]).sort(([one], [other]) => one.localeCompare(other));
  askToConfirm({
    title: t("Añadir un idioma"),
    text: t("Empieza como una copia del idioma de origen, para que la traduzcas. Los botones y las respuestas del bot están en español y en inglés; en otro idioma salen en español."),
    body: labelled(t("Idioma"), h("select", { name: "language", autofocus: true }, options.map(([name, tag]) => h("option", { value: tag }, name)))),
    yes: t("Añadir"),
    done: async (said) => {
      const refused = await requestEdit("language", { language: said.get("language") });
      if (refused) toast(t(refused.why));
      else choose(said.get("language"));
    },
  });
}

async function saveAll() {
  const refusals = [];
  for (const field of unsavedFields()) {
    const why = await save(field);
    if (why) refusals.push([field, why]);
  }
  if (!refusals.length) return toast(t("Guardado"));
  const [[field, why]] = refusals;
  toast(t("{n} sin guardar. {why}", { n: refusals.length, why }));
  openField(field);
}
