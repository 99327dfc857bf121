// The texts of the previewed petition, beside the phone that shows them.

import { closedFor, requestEdit } from "./edit_requests.js";
import { editorField } from "./editor_field.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { editorIsShown, openEditorIfRoom, showEditor } from "./navigation.js";
import { toast } from "./notices.js";
import { redrawOn, state } from "./page_state.js";
import { language, languageName, t } from "./translation.js";
import { unsavedCount } from "./unsaved_texts.js";

const FACTS = "facts";
// In the order in which supporters meet them; a key without its language stands for all of them.
const GROUPS = {
  texts: {
    "texts-first": ["title", "summary"],
    "texts-appeal": ["addressee", "demands", "appeal"],
    "texts-privacy": ["controller.name", "privacy_short", "privacy"],
    "texts-signing": ["consent", "name_consent", "news"],
    "texts-after": ["thanks", "share"],
    "texts-end": ["closed", "closing_update"],
    "texts-profile": ["description", "short_description", "language_name"],
  },
  [FACTS]: {
    "facts-all": ["addressee", "demands", "controller.name"],
    "facts-contact": ["controller.email", "controller.web_form", "controller.data_protection_officer", "controller.address"],
    "facts-course": ["goals", "closes_on", "closing_is_draft", "updates_at_most", "handed_over"],
    "facts-kept": ["retention.months_after_delivery", "retention.months_at_most"],
    "facts-version": ["version", "time_zone"],
  },
};

let shown = null;
let fields = [];
let opened = false;

export function drawEditor(root, tabs) {
  root.setAttribute("aria-label", t("texts"));
  const undo = iconButton("undo", t("undo"), () => restore("undo"));
  const redo = iconButton("redo", t("redo"), () => restore("redo"));
  const all = el("button", { type: "button", class: "button save-all", hidden: true, onclick: saveAll });
  const choice = el("div", { class: "editor-tabs", role: "tablist", "aria-label": t("texts-which") });
  const said = el("div", { class: "editor-said", role: "status" });
  const body = el("div", { class: "panel-body editor-body", role: "tabpanel", id: "editor-body", tabindex: "-1" });
  root.append(
    el("header", { class: "bar" }, el("h1", {}, t("texts")), all, undo, redo, iconButton("close", t("close-texts"), () => showEditor(false), { class: "icon-button not-narrow" })),
    choice, said, body);
  root.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    saveAll();
  });
  const draw = () => {
    drawNarrowTabs(tabs);
    if (!state.editor) return;
    if (!opened) openEditorIfRoom();
    opened = true;
    drawChoice(choice, body);
    drawSaid(said);
    drawBody(body);
    for (const [button, name] of [[undo, "undo"], [redo, "redo"]]) drawRestore(button, name);
    const count = unsavedCount();
    all.hidden = count < 2 || closedFor() !== null;
    all.textContent = t("save-all", { n: count });
  };
  redrawOn(["editor", "unsaved", "preview", "panel"], draw);
}

/** On a phone: one tab for the phones, one for the texts. */
function drawNarrowTabs(tabs) {
  tabs.hidden = !state.editor;
  tabs.setAttribute("aria-label", t("texts-or-phones"));
  const tab = (name, drawing, side) => el("button", { type: "button", class: "tab", "aria-current": editorIsShown() === side ? "page" : null, onclick: () => showEditor(side) }, icon(drawing), t(name));
  fill(tabs, tab("phones", "people", false), tab("texts", "edit", true));
}

const chosenTab = () => {
  const kept = localStorage.getItem("texts-of");
  const all = allTabs();
  return all.includes(kept) ? kept : all[0];
};

function allTabs() {
  const { files, source } = state.editor;
  const languages = Object.values(files).map((file) => file.language).filter((each) => each && each !== source);
  const first = `${source}.toml` in files ? [source] : [];
  return [...first, ...languages, ...("petition.toml" in files ? [FACTS] : [])];
}

function drawChoice(choice, body) {
  const sign = JSON.stringify([allTabs(), chosenTab()]);
  if (choice.dataset.sign === sign) return;
  choice.dataset.sign = sign;
  const held = choice.contains(document.activeElement);
  const pick = (name) => {
    localStorage.setItem("texts-of", name);
    body.scrollTop = 0;
    drawChoice(choice, body);
    drawBody(body);
  };
  fill(choice, allTabs().map((name, place, all) => el("button", {
    type: "button", role: "tab", id: `texts-${name}`, "aria-controls": "editor-body", class: "tab",
    "aria-selected": String(name === chosenTab()), tabindex: name === chosenTab() ? "0" : "-1",
    onclick: () => pick(name),
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      pick(all[(place + step + all.length) % all.length]);
      choice.querySelector('[aria-selected="true"]').focus();
    },
  }, name === FACTS ? t("facts") : languageName(name))));
  body.setAttribute("aria-labelledby", `texts-${chosenTab()}`);
  if (held) choice.querySelector('[aria-selected="true"]')?.focus();
}

function drawSaid(said) {
  const reason = closedFor();
  const sign = String(reason);
  if (said.dataset.sign === sign) return;
  said.dataset.sign = sign;
  fill(said, reason && el("p", { class: "notice doubtful" }, icon("alert"), el("span", {}, t(`edit-${reason}`))));
}

/** Draws the fields of the chosen tab; they stay as they are while only their values change. */
function drawBody(body) {
  const tab = chosenTab();
  const file = tab === FACTS ? "petition.toml" : `${tab}.toml`;
  const broken = state.editor.files[file]?.broken ?? true;
  const mine = state.editor.fields.filter((field) => (tab === FACTS ? !field.language : field.language === tab));
  const sign = JSON.stringify([tab, broken, closedFor(), mine.map((field) => [field.file, field.key])]);
  if (shown !== sign) {
    shown = sign;
    fields = [];
    fill(body, broken && brokenFile(file), Object.entries(GROUPS[tab === FACTS ? FACTS : "texts"]).map(([name, keys]) => group(name, keys, mine, tab)));
  }
  for (const field of fields) field.refresh();
}

function brokenFile(file) {
  const problems = state.preview.problems.filter((problem) => problem.file === file && !problem.key);
  return el("div", { class: "panel-section broken" },
    el("p", {}, icon("alert"), el("strong", {}, t("file-broken", { file }))),
    problems.map((problem) => el("p", { dir: "auto" }, problem.sentence[language])),
    el("p", {}, t("file-broken-why")));
}

function group(name, keys, mine, tab) {
  const here = keys.map((key) => mine.find((field) => field.key === key || field.key === `${key}.${tab}`)).filter(Boolean);
  if (!here.length) return null;
  const made = here.map((field) => editorField(field));
  fields.push(...made);
  return el("section", { class: "panel-section", "aria-labelledby": `h-${name}` }, el("h2", { id: `h-${name}` }, t(name)), made.map((each) => each.node));
}

function drawRestore(button, name) {
  const step = state.editor[name];
  button.disabled = !step || closedFor() !== null;
  const label = step ? t(`${name}-of`, { what: stepName(step) }) : t(name);
  button.setAttribute("aria-label", label);
  button.title = label;
}

const stepName = ({ file, key }) => `${file} · ${key}`;

async function restore(name) {
  const reason = await requestEdit(name);
  toast(reason ? t(`edit-${reason}`) : t(`${name}-done`));
}

async function saveAll() {
  for (const field of fields) if (!(await field.save())) return;
}
