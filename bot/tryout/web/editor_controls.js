// The controls of the fields: texts, lists of texts, numbers, days and choices.

import { askToConfirm } from "./dialogs.js";
import { built, el, icon, iconButton } from "./dom.js";
import { state } from "./page_state.js";
import { escapeAddress, escapeLoose, insert, telegramLength, toggleTag } from "./telegram_text.js";
import { number, t } from "./translation.js";

const CHOICES = { handed_over: ["ask", "without_name", "with_name"] };
/** Where the template petition asks for words: «[[ESCRIBE AQUÍ: …]]». */
export const MARK = /\[\[[^\]]*\]\]/;
const ALONE = 4096;
const A_SCREENFUL = { appeal: 1000, privacy: 1000 };

/**
 * Makes the control of a field: its `node`, its `value()`, undefined while it is none, `show(value)`,
 * `lock(locked)`, `focus()`, and `count()` for texts. It calls `changed` when somebody has written.
 */
export function controlOf(field, options) {
  if (field.kind === "pages" || field.kind === "lines") return listControl(field, options);
  if (field.kind === "yes_no") return switchControl(options);
  if (field.key in CHOICES) return choiceControl(field, options);
  if (["date", "number", "numbers"].includes(field.kind) || field.key === "time_zone") return inputControl(field, options);
  return textControl(field, options);
}

function textControl(field, { id, describedBy, changed }) {
  const text = textArea(field, { id, "aria-describedby": describedBy }, changed);
  return {
    ...text,
    labelled: true,
    value: () => text.read() || (field.optional ? null : ""),
    show: (value) => text.write(value ?? ""),
  };
}

/** A text field with its buttons and its count. */
function textArea(field, props, changed) {
  const oneLine = field.kind === "line" || field.kind === "lines";
  const html = field.kind === "html" || field.kind === "pages" || field.key === "title";
  const area = el("textarea", { class: "edit-text", rows: "1", dir: "auto", spellcheck: "true", lang: field.language, ...props });
  const counted = el("p", { class: "edit-count" });
  let mark = "";
  const tools = field.kind === "html" || field.kind === "pages" ? toolbar(area, field) : null;
  area.addEventListener("input", () => {
    if (oneLine && area.value.includes("\n")) area.value = area.value.replace(/\s*\n\s*/g, " ");
    changed();
  });
  if (oneLine) area.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && event.preventDefault());
  const count = () => {
    fit(area);
    drawCount(counted, area, field, html);
  };
  return {
    area,
    count,
    focus() {
      area.focus();
      const mark = MARK.exec(area.value);
      if (mark) area.setSelectionRange(mark.index, mark.index + mark[0].length);
    },
    node: el("div", { class: "edit-control" }, el("div", { class: "edit-box" }, tools, area), counted),
    read: () => (html ? escapeLoose(area.value.trim()) : area.value.trim()) || mark,
    // A mark alone is what is asked for: it stands in grey until something is written.
    write(value) {
      const [, asked] = /^\[\[(?:[^:\]]*: )?([^\]]*)\]\]$/.exec(value) ?? [];
      mark = asked ? value : "";
      area.placeholder = asked ?? "";
      const shown = asked ? "" : value;
      if ((html ? escapeLoose(area.value.trim()) : area.value.trim()) !== shown) area.value = shown;
    },
    lock(locked) {
      area.readOnly = locked;
      if (tools) tools.hidden = locked;
    },
  };
}

function drawCount(node, area, field, html) {
  const limit = field.limit ?? (field.language && field.file !== "petition.toml" ? (state.editor.limits[field.language]?.[field.key] ?? ALONE) : null);
  if (limit === null) return;
  const length = telegramLength(area.value, state.editor.lengths[field.language] ?? {}, html);
  const much = A_SCREENFUL[field.key];
  node.classList.toggle("over", length > limit);
  node.textContent = t(length > limit ? "count-over" : "count", { n: number(length), limit: number(limit), over: number(length - limit) })
    + (much && length > much && length <= limit ? ` ${t("count-screenful", { n: number(much) })}` : "");
}

/** Buttons that mark what is selected, and a menu of what the bot fills in. */
function toolbar(area, field) {
  const tool = (name, content, act) => el("button", { type: "button", class: `tool tool-${name}`, "aria-label": t(`tool-${name}`), title: t(`tool-${name}`), onclick: act, onpointerdown: (event) => event.preventDefault() }, content);
  const marks = [
    tool("bold", "B", () => toggleTag(area, "b")),
    tool("italic", "I", () => toggleTag(area, "i")),
    tool("link", icon("link"), () => askForLink(area)),
    tool("quote", icon("quote"), () => toggleTag(area, "blockquote")),
    tool("fold", icon("fold"), () => toggleTag(area, "blockquote", " expandable")),
  ];
  area.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const act = { b: () => toggleTag(area, "b"), i: () => toggleTag(area, "i"), k: () => askForLink(area) }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
  return el("div", { class: "tools", role: "group", "aria-label": t("tools") }, marks, filler(area, field));
}

function filler(area, field) {
  if (!field.fillable.length) return null;
  const select = el("select", { class: "tool-fill", "aria-label": t("fill-in"), title: t("fill-in"), onchange: () => {
    if (select.value) insert(area, `{${select.value}}`);
    select.value = "";
  } }, el("option", { value: "" }, t("fill-in-short")), field.fillable.map((name) => el("option", { value: name }, t(`fill-${name}`))));
  return select;
}

function askForLink(area) {
  const { selectionStart: start, selectionEnd: end } = area;
  const address = el("input", { name: "address", type: "url", required: true, autofocus: true, pattern: "https?://.+", placeholder: "https://", autocomplete: "off" });
  askToConfirm({
    title: t("tool-link"),
    text: start === end ? t("link-select") : undefined,
    body: el("label", { class: "field" }, el("span", {}, t("link-address")), address),
    yes: t("link-set"),
    done: (said) => {
      area.setSelectionRange(start, end);
      toggleTag(area, "a", ` href="${escapeAddress(said.get("address").trim())}"`);
    },
  });
}

/** Pages or a list of lines: each with a button that takes it away, and one that adds another. */
function listControl(field, { id, label, describedBy, changed }) {
  const kind = field.kind === "pages" ? "page" : "number";
  const list = el("ol", { class: "edit-list", "aria-labelledby": `${id}-name` });
  const add = el("button", { type: "button", class: "quiet-button", onclick: () => {
    put([...value(), ""]);
    changed();
    rows.at(-1).area.focus();
  } }, icon("plus"), t(`add-${kind}`));
  let rows = [];
  let locked = false;
  const value = () => rows.map((row) => row.read());

  function put(values) {
    while (rows.length > values.length) rows.pop().item.remove();
    while (rows.length < values.length) rows.push(row(rows.length));
    values.forEach((each, place) => rows[place].write(each));
    rows.forEach((each) => (each.remove.disabled = rows.length === 1));
    lock(locked);
  }

  function row(place) {
    const name = t(kind, { n: place + 1 });
    const text = textArea(field, { "aria-label": `${label}, ${name}`, "aria-describedby": describedBy }, changed);
    const remove = built(iconButton("trash", t(`remove-${kind}`, { n: place + 1 }), () => {
      put(value().filter((_, other) => other !== place));
      changed();
      rows[Math.min(place, rows.length - 1)].area.focus();
    }));
    const item = el("li", { class: "edit-item" }, el("div", { class: "item-head" }, el("span", {}, name), remove), text.node);
    list.append(item);
    return { ...text, item, remove };
  }

  function lock(now) {
    locked = now;
    add.hidden = now;
    for (const each of rows) {
      each.lock(now);
      each.remove.hidden = now;
    }
  }

  return {
    node: el("div", {}, list, add),
    value,
    show: (values) => put(Array.isArray(values) && values.length ? values.map(String) : [""]),
    lock,
    count: () => rows.forEach((each) => each.count()),
    focus: () => (rows.find((each) => MARK.test(each.read())) ?? rows[0])?.focus(),
  };
}

function inputControl(field, { id, describedBy, changed }) {
  const kinds = { date: { type: "date", max: "2999-12-31" }, number: { type: "number", min: "0", step: "1", inputmode: "numeric" }, numbers: { type: "text", inputmode: "numeric" } };
  const input = el("input", { id, class: "edit-text", autocomplete: "off", "aria-describedby": describedBy, ...(kinds[field.kind] ?? { type: "text", list: `${id}-list` }), oninput: () => {
    input.setCustomValidity(value() === undefined ? t("numbers-only") : "");
    input.reportValidity();
    changed();
  } });
  const zones = field.key === "time_zone" && el("datalist", { id: `${id}-list` }, (Intl.supportedValuesOf?.("timeZone") ?? []).map((zone) => el("option", { value: zone })));

  function value() {
    const text = input.value.trim();
    if (field.kind === "number") return text === "" ? (field.optional ? null : undefined) : Number.isInteger(Number(text)) ? Number(text) : undefined;
    if (field.kind !== "numbers") return text || (field.optional ? null : "");
    const parts = text.split(/[,;\s]+/).filter(Boolean);
    return parts.every((part) => /^\d{1,12}$/.test(part)) ? parts.map(Number) : undefined;
  }

  return {
    node: el("div", { class: "edit-control" }, input, zones),
    labelled: true,
    value,
    show: (saved) => (input.value = Array.isArray(saved) ? saved.join(", ") : (saved ?? "")),
    lock: (locked) => (input.readOnly = locked),
    focus: () => input.focus(),
  };
}

function choiceControl(field, { id, describedBy, changed }) {
  const select = el("select", { id, class: "edit-text", "aria-describedby": describedBy, onchange: () => changed() },
    CHOICES[field.key].map((each) => el("option", { value: each }, t(`${field.key}-${each}`))));
  return {
    node: el("div", { class: "edit-control" }, select),
    labelled: true,
    value: () => select.value,
    show: (saved) => (select.value = saved ?? CHOICES[field.key][0]),
    lock: (locked) => (select.disabled = locked),
    focus: () => select.focus(),
  };
}

function switchControl({ id, label, describedBy, changed }) {
  const input = el("input", { type: "checkbox", role: "switch", id, "aria-describedby": describedBy, onchange: () => changed() });
  return {
    node: el("label", { class: "switch", for: id }, el("span", { class: "switch-words" }, el("span", {}, label)), input, el("span", { class: "switch-track", "aria-hidden": "true" })),
    named: true,
    value: () => input.checked,
    show: (saved) => (input.checked = Boolean(saved)),
    lock: (locked) => (input.disabled = locked),
    focus: () => input.focus(),
  };
}

/** Makes a text field as high as its text, where the browser's style sheet cannot. */
function fit(area) {
  if (CSS.supports("field-sizing", "content") || !area.offsetParent) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}
