// The texts of the previewed petition, beside the phone that shows them.

import { editorIsShown, openEditorIfRoom, openField, showEditor } from "./beside.js";
import { askToConfirm } from "./dialogs.js";
import { built, el, entitle, fill, icon, iconButton, refill } from "./dom.js";
import { closedFor, requestEdit } from "./edit_requests.js";
import { bareKey, editorField, fieldName, isUnfinished, problemsWhere } from "./editor_field.js";
import { openChat } from "./navigation.js";
import { toast } from "./notices.js";
import { markChanged, redrawOn, selectedPerson, state } from "./page_state.js";
import { language, languageName, t } from "./translation.js";
import { openLanguageDialog, openVersionDialog } from "./tryout_dialogs.js";
import { saveChange, unsavedFields } from "./unsaved_texts.js";

const FACTS = "facts";
const EARLIER = "earlier_versions";
// In the order in which supporters meet them; a key without its language stands for all of them.
const GROUPS = {
  texts: {
    "texts-first": ["title", "summary", "image.credit"],
    "texts-appeal": ["addressee", "demands", "appeal"],
    "texts-privacy": ["controller.name", "privacy_short", "privacy"],
    "texts-signing": ["consent", "name_consent", "news"],
    "texts-after": ["thanks", "share"],
    "texts-end": ["closed", "closing_update"],
    "texts-profile": ["description", "short_description", "language_name"],
    "texts-versions": [EARLIER],
  },
  [FACTS]: {
    "facts-all": ["addressee", "demands", "controller.name", "image.credit"],
    "facts-contact": ["controller.email", "controller.web_form", "controller.data_protection_officer", "controller.address"],
    "facts-course": ["goals", "closes_on", "closing_is_draft", "updates_at_most", "handed_over", "names_go_to"],
    "facts-kept": ["retention.months_after_delivery", "retention.months_at_most"],
    "facts-version": ["version", "asks_again_since", "time_zone"],
    "texts-versions": [EARLIER],
  },
};

let shown = null;
let fields = [];
let opened = false;

export function drawEditor(root, tabs) {
  root.setAttribute("aria-label", t("texts"));
  const undo = built(iconButton("undo", t("undo"), () => restore("undo")));
  const redo = built(iconButton("redo", t("redo"), () => restore("redo")));
  const all = el("button", { type: "button", class: "button save-all", hidden: true, onclick: saveAll });
  const choice = el("div", { class: "editor-tabs", role: "tablist", "aria-label": t("texts-which") });
  const add = built(iconButton("plus", t("add-language"), () => openLanguageDialog(beginLanguage)));
  const remove = built(iconButton("trash", t("remove-language"), () => removeLanguage(chosenTab())));
  const said = el("div", { class: "editor-said", role: "status" });
  const left = el("button", { type: "button", class: "editor-left", hidden: true, onclick: goToNext });
  const body = el("div", { class: "panel-body editor-body", role: "tabpanel", id: "editor-body", tabindex: "-1" });
  root.append(
    el("header", { class: "bar" }, el("h1", {}, t("texts")), all, undo, redo, iconButton("close", t("close-texts"), () => showEditor(false), { class: "icon-button not-narrow" })),
    el("div", { class: "editor-choice" }, choice, remove, add),
    said, left, body);
  root.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    saveAll();
  });
  redrawOn(["opened"], () => chooseTextsOf(selectedPerson()));
  redrawOn(["editor", "unsaved", "preview", "panel", "texts-tab"], () => {
    drawNarrowTabs(tabs);
    root.hidden = !editorIsShown();
    if (!state.editor) return;
    if (!opened) openEditorIfRoom();
    opened = true;
    if (state.wantedField) choose(tabOf(state.wantedField));
    drawChoice(choice, body);
    add.hidden = closedFor() !== null || !(`${state.editor.source}.toml` in state.editor.files);
    const goes = chosenTab();
    remove.hidden = closedFor() !== null || goes === FACTS || goes === state.editor.source;
    drawSaid(said);
    drawBody(body);
    drawLeft(left);
    for (const [button, name] of [[undo, "undo"], [redo, "redo"]]) drawRestore(button, name);
    const count = unsavedFields().length;
    all.hidden = count < 2 || closedFor() !== null;
    all.textContent = t("save-all", { n: count });
    showWanted();
  });
}

/** On a phone: one tab for the phones, one for the texts. */
function drawNarrowTabs(tabs) {
  tabs.hidden = !state.editor;
  tabs.setAttribute("aria-label", t("texts-or-phones"));
  const tab = (name, drawing, side) => el("button", { type: "button", class: "tab", "aria-current": editorIsShown() === side ? "page" : null, onclick: () => showEditor(side) }, icon(drawing), t(name));
  refill(tabs, String(editorIsShown()), () => [tab("phones", "people", false), tab("texts", "edit", true)], "[aria-current]");
}

export const tabOf = (field) => field.language ?? FACTS;
export const tabName = (tab) => (tab === FACTS ? t("facts") : languageName(tab));
const fileOf = (tab) => (tab === FACTS ? "petition.toml" : `${tab}.toml`);

function chosenTab() {
  const kept = localStorage.getItem("texts-of");
  return allTabs().includes(kept) ? kept : (allTabs()[0] ?? FACTS);
}

function choose(tab) {
  if (tab === localStorage.getItem("texts-of")) return;
  localStorage.setItem("texts-of", tab);
  markChanged("texts-tab");
}

/** Opens the phone of somebody who reads a language, unless such a phone is open. */
function showReaderOf(tab) {
  if (tab === FACTS || selectedPerson()?.language === tab) return;
  const readers = [...state.people.values()].filter((person) => person.language === tab && person.role !== "admin");
  const reader = readers.find((person) => person.started) ?? readers[0];
  if (reader) openChat(reader.id);
}

/** Shows the texts that the person whose phone was opened reads. */
function chooseTextsOf(person) {
  if (person && state.editor && chosenTab() !== FACTS && `${person.language}.toml` in state.editor.files) choose(person.language);
}

function allTabs() {
  const { files, source } = state.editor;
  const languages = Object.values(files).map((file) => file.language).filter((each) => each && each !== source);
  const first = `${source}.toml` in files ? [source] : [];
  return [...first, ...languages, ...("petition.toml" in files ? [FACTS] : [])];
}

function drawChoice(choice, body) {
  const unsaved = new Set(unsavedFields().map(tabOf));
  const sign = JSON.stringify([allTabs(), chosenTab(), [...unsaved]]);
  refill(choice, sign, () => allTabs().map((name, place, all) => el("button", {
    type: "button", role: "tab", id: `texts-${name}`, "aria-controls": "editor-body", class: "tab",
    "aria-selected": String(name === chosenTab()), tabindex: name === chosenTab() ? "0" : "-1",
    onclick: () => {
      choose(name);
      showReaderOf(name);
    },
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) choose(all[(place + step + all.length) % all.length]);
    },
  }, tabName(name), unsaved.has(name) && el("span", { class: "tab-mark", role: "img", "aria-label": t("unsaved"), title: t("unsaved") }))), '[aria-selected="true"]');
  body.setAttribute("aria-labelledby", `texts-${chosenTab()}`);
}

function drawSaid(said) {
  const reason = closedFor();
  refill(said, String(reason), () => reason && el("p", { class: "notice doubtful" }, icon("alert"), el("span", {}, t(`edit-${reason}`))));
}

/** Draws the fields of the chosen tab; they stay as they are while only their values change. */
function drawBody(body) {
  const tab = chosenTab();
  const file = state.editor.files[fileOf(tab)];
  const mine = state.editor.fields.filter((field) => tabOf(field) === tab);
  const whole = problemsWhere((problem) => problem.file === fileOf(tab) && !problem.key).map(([style, problem]) => [style, problem.sentence[language], problem.line]);
  const sign = JSON.stringify([tab, file?.lines, file?.broken, whole, closedFor(), mine.map((field) => [field.file, field.key])]);
  if (shown !== sign) {
    if (!shown?.startsWith(JSON.stringify([tab]).slice(0, -1))) body.scrollTop = 0;
    shown = sign;
    fields = [];
    fill(body,
      !file && el("p", { class: "panel-section" }, t("no-files")),
      file?.broken ? brokenFile(fileOf(tab), file, whole) : whole.length > 0 && el("div", { class: "panel-section" }, el("ul", { class: "problems field-problems" }, whole.map(([kind, sentence]) => el("li", { class: kind }, icon("alert"), el("span", {}, sentence))))),
      Object.entries(GROUPS[tab === FACTS ? FACTS : "texts"]).map(([name, keys]) => group(name, keys, mine)));
  }
  for (const field of fields) field.refresh();
}

/** A file that is not TOML, as text: what is wrong stands below its line, which can be written anew. */
function brokenFile(name, { lines, hash }, problems) {
  const said = (where) => problems.filter(([, , line]) => where(line)).map(([, sentence]) => el("p", { class: "edit-failed", dir: "auto" }, sentence));
  const row = (text, place) => {
    const here = said((line) => line === place + 1);
    return el("li", {}, here.length && closedFor() === null ? lineForm(name, place + 1, text, hash) : el("code", {}, text), here);
  };
  return el("div", { class: "panel-section broken" },
    el("p", {}, icon("alert"), el("strong", {}, t("file-broken", { file: name }))),
    said((line) => lines === null || !line),
    lines && el("ol", { class: "file-lines", dir: "ltr" }, lines.map(row)));
}

function lineForm(file, line, text, hash) {
  const box = el("textarea", { class: "edit-text", "aria-label": t("file-line", { n: line }), spellcheck: "false", value: text });
  const save = async () => {
    const reason = await requestEdit("line", { file, line, value: box.value, hash });
    toast(reason ? t(`edit-${reason}`) : t("saved"));
  };
  return [el("div", { class: "edit-box" }, box), el("div", { class: "field-buttons" }, el("button", { type: "button", class: "button", onclick: save }, t("save")))];
}

function group(name, keys, mine) {
  const here = inOrder(keys, mine);
  if (!here.length) return null;
  const made = here.map((field) => editorField(field));
  fields.push(...made);
  return el("section", { class: "panel-section", "aria-labelledby": `h-${name}` }, el("h2", { id: `h-${name}` }, t(name)), made.map((each) => each.node), name === "facts-version" && newVersion());
}

/** The fields of these keys, in their order. */
const inOrder = (keys, mine) => keys.flatMap((key) => mine.filter((field) => (key === EARLIER ? field.key.startsWith(`${EARLIER}.`) : bareKey(field) === key)));

/** The button that dates the texts anew and says what changed, which whoever signed can read. */
function newVersion() {
  if (closedFor() !== null) return null;
  const ask = (before) => openVersionDialog(state.editor.files["petition.toml"].values.version ?? "", allTabs().filter((tab) => tab !== FACTS), async (version, changes) => {
    const { hash } = state.editor.files["petition.toml"];
    const reason = await requestEdit("version", { version, changes, hash });
    if (reason) ask({ written: changes, fault: t(`edit-${reason}`) });
    else toast(t("saved"));
  }, before);
  return el("div", { class: "edit-field" },
    el("p", { class: "hint" }, t("new-version-why")),
    el("button", { type: "button", class: "button quiet", onclick: () => ask() }, icon("plus"), t("new-version")));
}

export const unfinished = () => state.editor.fields.filter(isUnfinished);

/** Says how much is still to be written, translated or put right, and leads there. */
function drawLeft(left) {
  const count = unfinished().length;
  left.hidden = !count;
  fill(left, el("span", {}, t(count === 1 ? "left-one" : "left-many", { n: count })), el("strong", {}, t("left-next")), icon("down"));
}

/** Goes to the next field in which something is to be done, after the one with the focus. */
export function goToNext() {
  const all = allTabs().flatMap((tab) => {
    const keys = Object.values(GROUPS[tab === FACTS ? FACTS : "texts"]).flat();
    return inOrder(keys, state.editor.fields.filter((field) => tabOf(field) === tab));
  });
  const here = all.findIndex((field) => field.file === lastVisited?.file && field.key === lastVisited.key);
  const next = [...all.slice(here + 1), ...all.slice(0, here + 1)].find(isUnfinished);
  if (next) openField(next);
}

let lastVisited = null;

/** Shows the field that somebody has asked for, and lets them write there. */
function showWanted() {
  const wanted = state.wantedField;
  if (!wanted || tabOf(wanted) !== chosenTab()) return;
  state.wantedField = null;
  lastVisited = wanted;
  const found = fields.find(({ field }) => field.file === wanted.file && field.key === wanted.key);
  found?.node.scrollIntoView({ block: "start" });
  found?.focus();
}

function drawRestore(button, name) {
  const step = state.editor[name];
  button.disabled = !step || closedFor() !== null;
  entitle(button, step ? t(`${name}-of`, { what: stepName(step) }) : t(name));
}

const fieldOf = ({ file, key }) => state.editor.fields.find((each) => each.file === file && each.key === key);

function stepName({ file, key }) {
  const field = fieldOf({ file, key });
  return field ? `${fieldName(field)} (${tabName(tabOf(field))})` : file;
}

async function restore(name) {
  const step = state.editor[name];
  const reason = await requestEdit(name);
  toast(reason ? t(`edit-${reason}`) : t(`${name}-done`));
  const field = step && fieldOf(step);
  if (!reason && field) openField(field);
}

async function beginLanguage(tag) {
  const reason = await requestEdit("language", { language: tag });
  if (reason) toast(t(`edit-${reason}`));
  else choose(tag);
}

function removeLanguage(tag) {
  askToConfirm({
    title: t("remove-language-ask", { language: languageName(tag) }),
    text: t("remove-language-why"),
    yes: t("remove"),
    danger: true,
    done: async () => {
      const reason = await requestEdit("remove-language", { language: tag });
      toast(t(reason ? `edit-${reason}` : "language-removed", { language: languageName(tag) }));
    },
  });
}

async function saveAll() {
  const reasons = [];
  for (const field of unsavedFields()) {
    const reason = await saveChange(field);
    if (reason) reasons.push([field, reason]);
  }
  for (const field of fields) field.refresh();
  if (!reasons.length) return toast(t("saved"));
  const [field, reason] = reasons[0];
  toast(t("not-all-saved", { n: reasons.length, why: t(`edit-${reason}`) }));
  openField(field);
}
