// The dialog that shows picked files with a caption before they are sent.

import { opened } from "./dialog.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { draftOf, keepWords, leave, wordsOf } from "./drafts.js";
import { written } from "./markdown.js";
import { chooseFiles, fileInput, forget, groups, sorted } from "./picked.js";
import { sendFiles } from "./sending.js";
import { changed } from "./store.js";
import { toast } from "./toast.js";
import { number, size, t } from "./words.js";

const LONGEST_CAPTION = 1024;
const SAY_WHEN_LEFT = 100;

/** Opens the dialog for these files; sends them with their caption on confirmation. */
export function showPicked(person, files, kind) {
  const { picks, faults } = sorted(files, kind);
  if (!picks.length) return faults.length && toast(faults.join("\n"));
  const scene = { person, picks, sending: false };
  build(scene);
  opened(scene.dialog);
  tell(scene, faults.join("\n"));
}

function build(scene) {
  scene.title = el("h2", { id: "picked-title" });
  scene.list = el("ul", { class: "picks", "aria-labelledby": "picked-title" });
  scene.apart = el("p", { class: "hint" });
  scene.input = fileInput();
  scene.caption = captionField(scene);
  scene.left = el("p", { id: "caption-left", class: "caption-left", "aria-live": "polite" });
  scene.fault = el("p", { class: "picked-fault", role: "alert" });
  scene.cancel = el("button", { type: "button", class: "button quiet", onclick: () => scene.dialog.close() }, t("cancel"));
  scene.send = el("button", { type: "submit", class: "button" }, t("send"));
  const form = el("form", { class: "picked", onsubmit: (event) => { event.preventDefault(); send(scene); } },
    scene.title, scene.list, scene.apart,
    el("div", { class: "picked-more" }, more(scene, "photo", "album", "more-photos"), more(scene, "document", "document", "more-files"), scene.input),
    el("label", { class: "field" }, el("span", {}, t("caption")), scene.caption),
    scene.left, scene.fault,
    el("div", { class: "dialog-buttons" }, scene.cancel, scene.send));
  scene.dialog = el("dialog", { class: "dialog", "aria-labelledby": "picked-title" }, form);
  // Files that are being sent cannot be cancelled.
  scene.dialog.addEventListener("cancel", (event) => scene.sending && event.preventDefault());
  scene.dialog.addEventListener("close", () => end(scene));
  draw(scene);
}

/** The caption starts as the chat's draft; after a cancel it is the draft again. */
function captionField(scene) {
  const area = el("textarea", { rows: "3", dir: "auto", autofocus: true, enterkeyhint: "send", "aria-describedby": "caption-left", value: wordsOf(scene.person.id) });
  area.addEventListener("input", () => {
    keepWords(scene.person.id, area.value);
    drawLimit(scene);
  });
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send(scene);
  });
  return area;
}

function more(scene, kind, drawing, label) {
  const add = (files) => {
    const { picks, faults } = sorted(files, kind);
    scene.picks.push(...picks);
    tell(scene, faults.join("\n"));
    draw(scene);
    scene.list.lastElementChild.scrollIntoView({ block: "nearest" });
  };
  return el("button", { type: "button", class: "link-button", onclick: () => chooseFiles(scene.input, kind, add) }, icon(drawing), t(label));
}

function draw(scene) {
  const { picks, list } = scene;
  const photos = picks.every((pick) => pick.kind === "photo");
  const what = photos ? "send-photo" : "send-file";
  scene.title.textContent = t(picks.length === 1 ? what : `${what}s`, { n: number(picks.length) });
  fill(list, picks.map((pick, place) => item(scene, pick, place)));
  const parts = groups(picks).length;
  scene.apart.hidden = parts < 2;
  scene.apart.textContent = t("in-groups", { n: parts });
  drawLimit(scene);
}

function item(scene, pick, place) {
  const { file, kind, address } = pick;
  const shown = kind === "photo"
    ? el("img", { src: address, alt: file.name })
    : [icon("document"), el("bdi", { class: "pick-name" }, file.name), el("span", { class: "pick-size" }, size(file.size))];
  return el("li", { class: `pick ${kind}` }, shown,
    iconButton("close", t("leave-out", { name: file.name }), () => leaveOut(scene, pick, place), { class: "pick-out" }));
}

/** Removes a file; closes the dialog when none is left. */
function leaveOut(scene, pick, place) {
  if (scene.sending) return;
  take(scene, [pick]);
  if (!scene.picks.length) return scene.dialog.close();
  const buttons = scene.list.querySelectorAll("button");
  buttons[Math.min(place, buttons.length - 1)].focus();
}

function take(scene, gone) {
  forget(gone);
  scene.picks = scene.picks.filter((pick) => !gone.includes(pick));
  draw(scene);
}

/** Telegram counts the caption without the marks of its formatting. */
function drawLimit(scene) {
  const left = LONGEST_CAPTION - written(scene.caption.value).text.length;
  scene.left.hidden = left > SAY_WHEN_LEFT;
  scene.left.classList.toggle("over", left < 0);
  scene.left.textContent = left < 0 ? t("caption-over", { n: number(-left) }) : t("caption-left", { n: number(left) });
  scene.caption.setAttribute("aria-invalid", String(left < 0));
  scene.send.disabled = left < 0 || scene.sending;
  scene.cancel.disabled = scene.caption.readOnly = scene.sending;
}

async function send(scene) {
  if (scene.send.disabled) return;
  const { person } = scene;
  tell(scene, "");
  scene.sending = true;
  drawLimit(scene);
  const content = { ...written(scene.caption.value), reply_to: draftOf(person.id).reply?.id ?? null };
  const done = await sendFiles(person, scene.picks, content, { sent: (group) => sent(scene, group), tell: (why) => tell(scene, why) });
  scene.sending = false;
  if (done) scene.dialog.close();
  else drawLimit(scene);
}

/** Removes what has been sent, so that a retry sends only the rest. */
function sent(scene, group) {
  const { id } = scene.person;
  scene.caption.value = "";
  keepWords(id, "");
  if (draftOf(id).reply) leave(id);
  take(scene, group);
}

function tell(scene, why) {
  if (!scene.dialog.open) return why && toast(why);
  scene.fault.hidden = !why;
  scene.fault.textContent = why;
}

function end(scene) {
  forget(scene.picks);
  changed("draft");
}
