// One value of the petition that can be changed: what it is for, its control, its count, its problems.

import { closedFor } from "./edit_requests.js";
import { controlOf, MARK } from "./editor_controls.js";
import { el, fill, icon, refill } from "./dom.js";
import { state } from "./page_state.js";
import { language, languageName, t } from "./translation.js";
import { dropChange, inConflict, noteChange, rebase, same, savedValue, saveChange, unsavedChange } from "./unsaved_texts.js";

/** The key of a field without its language. */
export const bareKey = ({ file, key, language: own }) => (file === "petition.toml" && own ? key.slice(0, -own.length - 1) : key);

/** What a field is called, or with "-why" what it is for; earlier versions differ by number alone. */
export function fieldName(field, suffix = "") {
  const [, number] = /^earlier_versions\.(\d+)/.exec(field.key) ?? [];
  return t(`field-${bareKey(field).replace(/\.\d+\./, ".")}${suffix}`, { n: number });
}

/** Whether something is still to be done in a field: written, translated or put right. */
export function isUnfinished(field) {
  const value = unsavedChange(field)?.value ?? savedValue(field);
  const { problems, unready } = state.preview;
  return (hasMark(value) && !isDraft(field)) || untranslated(field, value) || [...problems, ...(unsavedChange(field) ? [] : unready)].some((problem) => belongs(problem, field));
}

/** Whether a text need not be written yet: the closing update, while it is a draft. */
const isDraft = ({ key }) => key === "closing_update" && savedValue({ file: "petition.toml", key: "closing_is_draft" }) === true;

const hasMark = (value) => MARK.test(JSON.stringify(value ?? ""));

/** Makes a field; `refresh` shows the present state of the folder. */
export function editorField(field) {
  const id = `field-${field.file}-${field.key}`.replace(/[^a-z0-9-]/gi, "-");
  const about = el("p", { id: `${id}-why`, class: "hint" }, fieldName(field, "-why"));
  const chips = el("span", { class: "field-chips" });
  const problems = el("ul", { id: `${id}-problems`, class: "problems field-problems" });
  const conflict = el("div", { class: "conflict", role: "alert", hidden: true });
  const failed = el("p", { class: "edit-failed", role: "alert" });
  const saved = el("span", { class: "field-saved", role: "status" });
  const save = el("button", { type: "button", class: "button", onclick: send }, t("save"));
  const giveUp = el("button", { type: "button", class: "button quiet", onclick: discard }, t("discard"));
  const buttons = el("div", { class: "buttons field-buttons", hidden: true }, giveUp, save);
  const control = controlOf(field, { id, label: fieldName(field), describedBy: `${id}-why ${id}-problems`, changed: written });
  const name = !control.named && (control.labelled ? el("label", { for: id, class: "field-name" }, fieldName(field)) : el("span", { id: `${id}-name`, class: "field-name" }, fieldName(field)));
  const node = el("div", { class: "edit-field", id: `${id}-field`, "data-file": field.file, "data-field": field.key },
    el("div", { class: "field-head" }, name, chips, saved),
    about, control.node, problems, conflict, failed, buttons);

  function written() {
    saved.textContent = "";
    failed.textContent = "";
    const value = control.value();
    if (value !== undefined) noteChange(field, value);
    drawState();
  }

  function discard() {
    dropChange(field);
    failed.textContent = "";
    control.show(savedValue(field));
    drawState();
    control.focus();
  }

  async function send() {
    save.disabled = true;
    const reason = await saveChange(field);
    save.disabled = false;
    failed.textContent = reason && reason !== "changed" ? t(`edit-${reason}`) : "";
    saved.textContent = reason ? "" : savedWords();
    refresh();
    if (!reason) control.focus();
  }

  /** Says that it is saved, and that what other languages say is still what it was. */
  function savedWords() {
    const stays = (each) => each.language && each.language !== field.language && bareKey(each) === bareKey(field) && savedValue(each) && !hasMark(savedValue(each));
    const others = field.language && field.key !== "language_name" ? state.editor.fields.filter(stays) : [];
    if (!others.length) return t("saved");
    return t(others.length === 1 ? "saved-other-stays" : "saved-others-stay", { language: languageName(others[0].language) });
  }

  function refresh() {
    const change = unsavedChange(field);
    if (!change && !same(control.value() ?? null, savedValue(field))) control.show(savedValue(field));
    if (change && !same(control.value(), change.value)) control.show(change.value);
    control.lock(closedFor() !== null);
    drawState();
  }

  function drawState() {
    const change = unsavedChange(field);
    const value = control.value();
    buttons.hidden = !change || inConflict(field) || closedFor() !== null;
    node.classList.toggle("unsaved", Boolean(change));
    fill(chips,
      change && el("span", { class: "chip" }, t("unsaved")),
      hasMark(value) && el("span", { class: "chip doubtful" }, t("to-write")),
      untranslated(field, value) && el("span", { class: "chip doubtful" }, t("to-translate")));
    drawConflict();
    drawProblems();
    control.count?.();
  }

  function drawConflict() {
    const theirs = savedValue(field);
    const at = inConflict(field);
    conflict.hidden = !at;
    refill(conflict, at ? JSON.stringify(theirs) : "", () => at && [
      el("p", {}, icon("alert"), el("strong", {}, t("conflict"))),
      el("p", {}, t("conflict-theirs")),
      el("div", { class: "theirs", dir: "auto" }, readable(theirs)),
      el("div", { class: "buttons" },
        el("button", { type: "button", class: "button quiet", onclick: discard }, t("conflict-take")),
        el("button", { type: "button", class: "button", onclick: () => (rebase(field), send()) }, t("conflict-keep"))),
    ]);
  }

  // What was found is about what the folder says: it goes when something else is written.
  function drawProblems() {
    const marked = hasMark(savedValue(field)) && state.preview.problems.length === 0;
    const found = unsavedChange(field) || marked ? [] : problemsWhere((problem) => belongs(problem, field));
    problems.hidden = !found.length;
    refill(problems, JSON.stringify(found), () => found.map(([style, problem]) => el("li", { class: style },
      icon("alert"), el("span", { dir: "auto" }, place(problem, field), problem.sentence[language]))));
  }

  return { field, node, refresh, focus: control.focus };
}

/** The problems and warnings that pass a test, each after its style; the marks stand in grey. */
export const problemsWhere = (passes) => Object.entries({ problems: "bad", warnings: "doubtful", unready: "doubtful" })
  .flatMap(([kind, style]) => state.preview[kind].filter(passes).map((problem) => [style, problem]));

/** Whether a problem is one of a field, or of a part of it. */
const belongs = (problem, { file, key }) => problem.file === file && problem.key.startsWith(key) && /^(\.\d+)?$/.test(problem.key.slice(key.length));

/** Which page or number of a list a problem is about, as its key ends. */
function place({ key }, field) {
  const rest = /(\d+)$/.exec(key.slice(field.key.length));
  return rest ? el("strong", {}, `${t(field.kind === "pages" ? "page" : "number", { n: rest[1] })}: `) : null;
}

/** Whether a text is still the one that it was copied from. */
function untranslated({ file, key, language: own }, value) {
  const { source, files } = state.editor;
  if (!own || own === source || key === "language_name" || !value || !/\p{L}/u.test(JSON.stringify(value))) return false;
  const original = file === "petition.toml" ? files[file].values[key.slice(0, -own.length) + source] : files[`${source}.toml`]?.values[key];
  return same(value, original);
}

const readable = (value) => (Array.isArray(value) ? value.join("\n\n") : value === null ? t("left-out") : String(value));
