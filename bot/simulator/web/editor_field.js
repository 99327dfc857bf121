// One value of the petition that can be changed: what it is for, its control, its count, its problems.

import { closedFor, requestEdit } from "./edit_requests.js";
import { controlOf } from "./editor_controls.js";
import { el, fill, icon } from "./dom.js";
import { state } from "./page_state.js";
import { language, t } from "./translation.js";
import { dropChange, noteChange, rebase, same, savedValue, unsavedChange } from "./unsaved_texts.js";

const MARK = /\[\[[^\]]*\]\]/;

/** Makes a field; `refresh` shows the present state of the folder, `save` tells whether nothing is left to save. */
export function editorField(field) {
  const key = field.file === "petition.toml" && field.language ? field.key.slice(0, -field.language.length - 1) : field.key;
  const id = `field-${field.file}-${field.key}`.replace(/[^a-z0-9-]/gi, "-");
  const about = el("p", { id: `${id}-why`, class: "hint" }, t(`field-${key}-why`));
  const chips = el("span", { class: "field-chips" });
  const problems = el("ul", { id: `${id}-problems`, class: "problems field-problems" });
  const conflict = el("div", { class: "conflict", role: "alert", hidden: true });
  const failed = el("p", { class: "edit-failed", role: "alert" });
  const saved = el("span", { class: "field-saved", role: "status" });
  const save = el("button", { type: "button", class: "button", onclick: () => send(true) }, t("save"));
  const giveUp = el("button", { type: "button", class: "button quiet", onclick: discard }, t("discard"));
  const buttons = el("div", { class: "buttons field-buttons", hidden: true }, giveUp, save);
  const control = controlOf(field, { id, label: t(`field-${key}`), describedBy: `${id}-why ${id}-problems`, changed: () => written() });
  const node = el("div", { class: "edit-field", id: `${id}-field`, "data-file": field.file, "data-field": field.key },
    el("div", { class: "field-head" }, control.labelled ? el("label", { for: id, class: "field-name" }, t(`field-${key}`)) : el("span", { id: `${id}-name`, class: "field-name" }, t(`field-${key}`)), chips, saved),
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

  /** Saves what is written; `asked` is whether somebody pressed the button of this field. */
  async function send(asked = false, again = true) {
    const change = unsavedChange(field);
    if (!change || closedFor()) return true;
    if (!asked && !conflict.hidden) return false;
    save.disabled = true;
    const { hash } = state.editor.files[field.file] ?? {};
    const reason = await requestEdit("save", { file: field.file, key: field.key, value: change.value, hash });
    save.disabled = false;
    // Another value of the same file was changed meanwhile: this one is still what it was.
    if (reason === "changed" && again && same(savedValue(field), change.base)) return send(asked, false);
    if (!reason && same(unsavedChange(field)?.value, change.value)) dropChange(field);
    else if (!reason) rebase(field);
    failed.textContent = reason && reason !== "changed" ? t(`edit-${reason}`) : "";
    saved.textContent = reason ? "" : t("saved");
    refresh();
    if (!reason && asked) control.focus();
    return !reason;
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
    buttons.hidden = !change || closedFor() !== null;
    node.classList.toggle("unsaved", Boolean(change));
    fill(chips,
      change && el("span", { class: "chip" }, t("unsaved")),
      MARK.test(JSON.stringify(value ?? "")) && el("span", { class: "chip doubtful" }, t("to-write")),
      untranslated(field, value) && el("span", { class: "chip doubtful" }, t("to-translate")));
    drawConflict(change);
    drawProblems();
    control.count();
  }

  function drawConflict(change) {
    const theirs = savedValue(field);
    const at = Boolean(change) && !same(change.base, theirs);
    const sign = at ? JSON.stringify(theirs) : "";
    if (conflict.dataset.sign === sign) return;
    conflict.dataset.sign = sign;
    conflict.hidden = !at;
    fill(conflict, at && [
      el("p", {}, icon("alert"), el("strong", {}, t("conflict"))),
      el("p", {}, t("conflict-theirs")),
      el("div", { class: "theirs", dir: "auto" }, readable(theirs)),
      el("div", { class: "buttons" },
        el("button", { type: "button", class: "button quiet", onclick: discard }, t("conflict-take")),
        el("button", { type: "button", class: "button", onclick: () => (rebase(field), send(true)) }, t("conflict-keep"))),
    ]);
  }

  function drawProblems() {
    const here = (kind) => state.preview[kind].filter((problem) => belongs(problem, field)).map((problem) => [kind, problem]);
    const found = [...here("problems"), ...here("warnings")];
    const sign = JSON.stringify(found);
    if (problems.dataset.sign === sign) return;
    problems.dataset.sign = sign;
    problems.hidden = !found.length;
    fill(problems, found.map(([kind, problem]) => el("li", { class: kind === "problems" ? "bad" : "doubtful" },
      icon("alert"), el("span", { dir: "auto" }, place(problem, field), problem.sentence[language]))));
  }

  return { field, node, refresh, save: () => send(), focus: control.focus };
}

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
