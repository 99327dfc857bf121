// One value of the petition that can be changed: what it is for, its control, its problems.

import { askToConfirm, labelled } from "./dialogs.js";
import { fit, h, icon, iconButton, switchButton } from "./dom.js";
import { isClosed } from "./edit_requests.js";
import { redraw, state } from "./page_state.js";
import { escapeAddress, replaceRange, telegramLength, toggleTag } from "./telegram_text.js";
import { language, languageName, number, t } from "./translation.js";
import { begin, inConflict, isUnsaved, save, textOf, toldOf, write } from "./unsaved_texts.js";

/** Where the template petition asks for words: «[[ESCRIBE AQUÍ: …]]». */
const MARK = /\[\[[^\]]*\]\]/;
const A_SCREENFUL = 1200; // as in text_limits.py, by which the check warns

export const idOf = ({ file, key }) => `field-${file}-${key}`.replace(/[^a-z0-9-]/gi, "-");

export const fieldName = (field) => t(field.title, { n: field.number });

/** Whether something is still to be done in a field: written, translated or put right. */
export function isUnfinished(field) {
  const { problems, unready } = state.preview;
  return !isUnsaved(field) && (field.todo !== null || [...problems, ...unready].some((problem) => belongs(problem, field)));
}

/** The form's part for one field. */
export function fieldView(field) {
  const id = idOf(field);
  const { saved, failed } = toldOf(field);
  const isUnclean = isUnsaved(field);
  return h("div", { key: id, class: isUnclean ? "edit-field unsaved" : "edit-field", id: `${id}-field` },
    h("div", { class: "field-head" },
      field.kind !== "yes_no" && (Array.isArray(field.text) ? h("span", { id: `${id}-name`, class: "field-name" }, fieldName(field)) : h("label", { for: id, class: "field-name" }, fieldName(field))),
      h("span", { class: "field-chips" },
        isUnclean
          ? h("span", { class: "chip" }, t("Sin guardar"))
          : field.todo && h("span", { class: "chip doubtful" }, field.todo === "write" ? t("Falta escribirlo") : t("Por traducir"))),
      h("span", { class: "field-saved", role: "status" }, saved && savedWords(field))),
    h("p", { id: `${id}-why`, class: "hint" }, t(field.why)),
    control(field),
    h("ul", { id: `${id}-problems`, class: "problems field-problems", hidden: !problemsOf(field).length }, problemsOf(field).map(([style, problem]) =>
      h("li", { class: style }, icon("alert"), h("span", { dir: "auto" }, place(problem, field), problem.sentence[language])))),
    inConflict(field) && conflict(field),
    h("p", { class: "edit-failed", role: "alert" }, isNoNumber(field) ? t("Solo números enteros, separados por comas") : failed),
    isUnclean && !inConflict(field) && !isClosed() && h("div", { class: "buttons field-buttons" },
      h("button", { class: "button quiet", onclick: () => giveUp(field) }, t("Descartar")),
      h("button", { class: "button", onclick: () => send(field) }, t("Guardar"))));
}

const isNoNumber = (field) => field.kind.startsWith("number") && /[^\d,;\s]/.test(textOf(field));

async function send(field) {
  if ((await save(field)) === null) redraw(() => focusControl(field));
}

function giveUp(field) {
  begin(field);
  redraw(() => focusControl(field));
}

/** Says that it is saved, and that what other languages say is still what it was. */
function savedWords(field) {
  const { name, number: place, language: own } = field;
  const isOther = (each) => own && each.name === name && each.number === place && each.language !== own;
  const others = state.editor.fields.filter((each) => isOther(each) && each.text[0] && each.todo !== "write");
  if (!others.length) return t("Guardado");
  if (others.length > 1) return t("Guardado. En los demás idiomas sigue como estaba.");
  return t("Guardado. En {language} sigue como estaba.", { language: languageName(others[0].language) });
}

function conflict(field) {
  const keepMine = () => send(begin(field, textOf(field)));
  return h("div", { class: "conflict", role: "alert" },
    h("p", {}, icon("alert"), h("strong", {}, t("Este texto ha cambiado en el archivo mientras lo escribías aquí."))),
    h("p", {}, t("El archivo dice ahora:")),
    h("div", { class: "theirs", dir: "auto" }, [field.text].flat().join("\n\n") || t("(nada)")),
    h("div", { class: "buttons" },
      h("button", { class: "button quiet", onclick: () => giveUp(field) }, t("Quedarme con el del archivo")),
      h("button", { class: "button", onclick: keepMine }, t("Guardar el mío"))));
}

/** What was found is about what the folder says: it goes when something else is written. */
function problemsOf(field) {
  const isMarked = field.todo === "write" && state.preview.problems.length === 0;
  return isUnsaved(field) || isMarked ? [] : problemsWhere((problem) => belongs(problem, field));
}

/** The problems and warnings that pass a test, each after its style. */
export const problemsWhere = (passes) => Object.entries({ problems: "bad", warnings: "doubtful", unready: "doubtful" })
  .flatMap(([kind, style]) => state.preview[kind].filter(passes).map((problem) => [style, problem]));

/** Whether a problem is one of a field, or of a part of it. */
const belongs = (problem, { file, key }) => problem.file === file && problem.key.startsWith(key) && /^(\.\d+)?$/.test(problem.key.slice(key.length));

/** Which page or point of a list a problem is about, as its key ends. */
function place({ key }, field) {
  const [, n] = /(\d+)$/.exec(key.slice(field.key.length)) ?? [];
  return n && h("strong", {}, field.kind === "pages" ? t("Página {n}", { n }) : t("Punto {n}", { n }), ": ");
}

/** The control of a field, of which a label for its id is the name. */
function control(field) {
  const id = idOf(field);
  const about = { id, "aria-describedby": `${id}-why ${id}-problems` };
  if (Array.isArray(field.text)) return list(field, about);
  if (field.kind === "yes_no") return toggle(field, about);
  if (field.kind === "choice" || field.kind in INPUTS) return choice(field, about);
  return textBox(field, about, textOf(field), field.text, (text) => write(field, text));
}

/** Lets somebody write in a field, where something is to be written if there is such a place. */
export function focusControl(field) {
  const places = [...document.getElementById(`${idOf(field)}-field`).querySelectorAll(".edit-text, [role=switch]")];
  const place = places.find((each) => MARK.test(each.value) || (each.placeholder && !each.value)) ?? places[0];
  place.focus();
  const mark = MARK.exec(place.value);
  if (mark) place.setSelectionRange(mark.index, mark.index + mark[0].length);
}

/** A text with its buttons and its count; a mark alone is what is asked for, and stands there in grey. */
function textBox(field, about, text, saved, change) {
  const [mark, asked] = [text, saved].map((each) => /^\[\[(?:[^:\]]*: )?([^\]]*)\]\]$/.exec(each)).find(Boolean) ?? [""];
  const shown = text === mark ? "" : text;
  const hasTools = ["html", "pages"].includes(field.kind);
  const isLine = ["line", "lines"].includes(field.kind);
  const oninput = ({ currentTarget: { value } }) => {
    const typed = isLine ? value.replace(/\s*\n\s*/g, " ") : value;
    change(typed.trim() ? typed : mark);
  };
  const onkeydown = (event) => {
    if (isLine && event.key === "Enter" && !event.isComposing) event.preventDefault();
    const tool = hasTools && (event.ctrlKey || event.metaKey) && !event.altKey && tools().find(({ key }) => key === event.key.toLowerCase());
    if (!tool) return;
    event.preventDefault();
    tool.act(event.currentTarget);
  };
  return h("div", { class: "edit-control" },
    h("div", { class: "edit-box" },
      hasTools && !isClosed() && toolbar(field),
      h("textarea", { class: "edit-text", rows: "1", dir: "auto", spellcheck: "true", lang: field.language, readonly: isClosed(), ...about, value: shown, placeholder: asked, oninput, onkeydown, drawn: fit })),
    field.limit !== null && count(field, shown));
}

function count(field, text) {
  const { limit } = field;
  const length = telegramLength(text, state.editor.lengths[field.language] ?? {}, ["html", "pages", "heading"].includes(field.kind));
  const values = { n: number(length), limit: number(limit), over: number(length - limit) };
  if (length > limit) return h("p", { class: "edit-count over" }, t("{n} de {limit} caracteres: sobran {over}", values));
  return h("p", { class: "edit-count" }, t("{n} de {limit} caracteres", values),
    field.kind === "pages" && length > A_SCREENFUL && ` ${t("Con más de {n} no cabe entera en un teléfono.", { n: number(A_SCREENFUL) })}`);
}

const tools = () => [
  { name: "bold", key: "b", title: t("Negrita"), letter: "B", act: (area) => toggleTag(area, "b") },
  { name: "italic", key: "i", title: t("Cursiva"), letter: "I", act: (area) => toggleTag(area, "i") },
  { name: "link", key: "k", title: t("Enlace"), act: askForLink },
  { name: "quote", title: t("Cita"), act: (area) => toggleTag(area, "blockquote") },
  { name: "fold", title: t("Plegado: se abre con un toque"), act: (area) => toggleTag(area, "blockquote", " expandable") },
];

/** Buttons that mark what is selected, and a menu of what the bot fills in. */
function toolbar({ fillable }) {
  const areaBeside = (event) => event.currentTarget.closest(".edit-box").querySelector("textarea");
  const fillIn = (event) => {
    const area = areaBeside(event);
    replaceRange(area, area.selectionStart, area.selectionEnd, `{${event.currentTarget.value}}`);
  };
  return h("div", { class: "tools", role: "group", "aria-label": t("Formato") },
    tools().map(({ name, title, letter, act }) => h("button", {
      class: `tool tool-${name}`, "aria-label": title, title, onpointerdown: (event) => event.preventDefault(), onclick: (event) => act(areaBeside(event)),
    }, letter ?? icon(name))),
    h("select", { class: "tool-fill", "aria-label": t("Insertar un dato que rellena el bot"), title: t("Insertar un dato que rellena el bot"), value: "", onchange: fillIn },
      h("option", { value: "" }, t("Insertar un dato…")),
      Object.entries(fillable).map(([name, label]) => h("option", { value: name }, t(label)))));
}

function askForLink(area) {
  const { selectionStart: start, selectionEnd: end } = area;
  askToConfirm({
    title: t("Enlace"),
    text: start === end && t("Después, escribe las palabras del enlace donde quede el cursor."),
    body: labelled(t("Dirección"), h("input", { name: "address", type: "url", required: true, autofocus: true, pattern: "https?://.+", placeholder: "https://", autocomplete: "off" })),
    yes: t("Poner el enlace"),
    // The dialog, once it is closed, gives the focus back, and the field its first place.
    done: (said) => redraw(() => {
      area.setSelectionRange(start, end);
      toggleTag(area, "a", ` href="${escapeAddress(said.get("address").trim())}"`);
    }),
  });
}

/** Pages or a list of lines: each with a button that takes it away, and one that adds another. */
function list(field, about) {
  const texts = textOf(field);
  const isPaged = field.kind === "pages";
  const put = (now, focused) => {
    write(field, now);
    redraw(() => document.getElementById(`${about.id}-${focused}`)?.focus());
  };
  const item = (text, place) => {
    const n = place + 1;
    const name = isPaged ? t("Página {n}", { n }) : t("Punto {n}", { n });
    const remove = isPaged ? t("Quitar la página {n}", { n }) : t("Quitar el punto {n}", { n });
    const change = (now) => write(field, texts.with(place, now));
    return h("li", { class: "edit-item" },
      h("div", { class: "item-head" }, h("span", {}, name),
        !isClosed() && iconButton("trash", remove, () => put(texts.toSpliced(place, 1), Math.min(place, texts.length - 2)), { disabled: texts.length === 1 })),
      textBox(field, { ...about, id: `${about.id}-${place}`, "aria-label": `${t(field.title)}, ${name}` }, text, field.text[place] ?? "", change));
  };
  return h("div", {},
    h("ol", { class: "edit-list", "aria-labelledby": `${about.id}-name` }, texts.map(item)),
    !isClosed() && h("button", { class: "quiet-button", onclick: () => put([...texts, ""], texts.length) },
      icon("plus"), isPaged ? t("Añadir una página") : t("Añadir un punto")));
}

const INPUTS = {
  date: { type: "date", max: "2999-12-31" },
  number: { type: "number", step: "1", inputmode: "numeric" },
  numbers: { type: "text", inputmode: "numeric" },
  "time-zone": { type: "text", list: "time-zones" },
};

/** What can be chosen from what the browser or the form offers. */
function choice(field, about) {
  const { kind, least, choices } = field;
  const props = { ...about, class: "edit-text", value: textOf(field), oninput: (event) => write(field, event.currentTarget.value) };
  return h("div", { class: "edit-control" },
    kind === "choice"
      ? h("select", { ...props, disabled: isClosed() }, Object.entries(choices).map(([value, label]) => h("option", { value }, t(label))))
      : h("input", { ...props, autocomplete: "off", min: kind === "number" && least, ...INPUTS[kind], readonly: isClosed() }),
    kind === "time-zone" && h(timeZones));
}

const timeZones = () => h("datalist", { id: "time-zones" }, (Intl.supportedValuesOf?.("timeZone") ?? []).map((zone) => h("option", { value: zone })));

function toggle(field, about) {
  const onchange = (event) => write(field, event.currentTarget.checked);
  return switchButton({ ...about, disabled: isClosed(), checked: textOf(field), onchange }, h("span", {}, t(field.title)));
}
