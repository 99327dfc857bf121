// Attachments: their menu, and the dialog that shows files with a caption before they are sent.

import { openDialog } from "./dialogs.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { cancelReplyOrEdit, captionOf, draftOf, setCaption } from "./drafts.js";
import { parseMarkdown } from "./markdown.js";
import { toast } from "./notices.js";
import { markChanged } from "./page_state.js";
import { openMenu } from "./popup_menus.js";
import { actAs, upload } from "./server_connection.js";
import { fileSize, number, t } from "./translation.js";

const KINDS = { photo: "photo", document: "document", sticker: "sticker", voice: "voice", contact: "contact", location: "place", poll: "poll" };

export function openAttachMenu(button, person, input) {
  const choose = (kind) => chooseFiles(input, kind, (files) => openAttachmentDialog(person, files, kind));
  const samples = Object.entries(KINDS).map(([kind, icon]) => ({ icon, label: t(kind), done: () => actAs(person, "kind", { kind }) }));
  samples.splice(1, 0, { icon: "album", label: t("album"), done: () => actAs(person, "album", { kinds: ["photo", "photo", "photo"] }) });
  openMenu(button, t("attach"), [
    ...samples,
    { icon: "forward", label: t("forwarded-post"), done: () => actAs(person, "forward_post", { text: t("post-text"), channel: t("post-channel") }) },
    { icon: "photo", label: t("own-photo"), done: () => choose("photo") },
    { icon: "document", label: t("own-file"), done: () => choose("document") },
  ]);
}

const LONGEST_CAPTION = 1024;
const SAY_WHEN_LEFT = 100;

/** Opens the dialog for these files; sends them with their caption on confirmation. */
function openAttachmentDialog(person, files, kind) {
  const { attachments, faults } = checkFiles(files, kind);
  if (!attachments.length) return faults.length && toast(faults.join("\n"));
  const view = { person, attachments, sending: false };
  build(view);
  openDialog(view.dialog);
  showFault(view, faults.join("\n"));
}

function build(view) {
  view.title = el("h2", { id: "attachments-title" });
  view.list = el("ul", { class: "attachments", "aria-labelledby": "attachments-title" });
  view.groupsNote = el("p", { class: "hint" });
  view.input = fileInput();
  view.caption = captionField(view);
  view.charactersLeft = el("p", { id: "caption-left", class: "caption-left", "aria-live": "polite" });
  view.fault = el("p", { class: "attachments-fault", role: "alert" });
  view.cancel = el("button", { type: "button", class: "button quiet", onclick: () => view.dialog.close() }, t("cancel"));
  view.send = el("button", { type: "submit", class: "button" }, t("send"));
  const form = el("form", { class: "attachment-form", onsubmit: (event) => { event.preventDefault(); send(view); } },
    view.title, view.list, view.groupsNote,
    el("div", { class: "attachments-more" }, addButton(view, "photo", "album", "more-photos"), addButton(view, "document", "document", "more-files"), view.input),
    el("label", { class: "field" }, el("span", {}, t("caption")), view.caption),
    view.charactersLeft, view.fault,
    el("div", { class: "dialog-buttons" }, view.cancel, view.send));
  view.dialog = el("dialog", { class: "dialog", "aria-labelledby": "attachments-title" }, form);
  // Files that are being sent cannot be cancelled.
  view.dialog.addEventListener("cancel", (event) => view.sending && event.preventDefault());
  view.dialog.addEventListener("close", () => {
    releaseFiles(view.attachments);
    markChanged("draft");
  });
  draw(view);
}

/** The caption starts as the chat's draft; after a cancel it is the draft again. */
function captionField(view) {
  const area = el("textarea", { rows: "3", dir: "auto", autofocus: true, enterkeyhint: "send", "aria-describedby": "caption-left", value: captionOf(view.person.id) });
  area.addEventListener("input", () => {
    setCaption(view.person.id, area.value);
    drawLimit(view);
  });
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send(view);
  });
  return area;
}

function addButton(view, kind, drawing, label) {
  const add = (files) => {
    const { attachments, faults } = checkFiles(files, kind);
    view.attachments.push(...attachments);
    showFault(view, faults.join("\n"));
    draw(view);
    view.list.lastElementChild.scrollIntoView({ block: "nearest" });
  };
  return el("button", { type: "button", class: "link-button", onclick: () => chooseFiles(view.input, kind, add) }, icon(drawing), t(label));
}

function draw(view) {
  const { attachments, list } = view;
  const photos = attachments.every((attachment) => attachment.kind === "photo");
  const what = photos ? "send-photo" : "send-file";
  view.title.textContent = t(attachments.length === 1 ? what : `${what}s`, { n: number(attachments.length) });
  fill(list, attachments.map((attachment, place) => listItem(view, attachment, place)));
  const parts = intoAlbums(attachments).length;
  view.groupsNote.hidden = parts < 2;
  view.groupsNote.textContent = t("in-groups", { n: parts });
  drawLimit(view);
}

function listItem(view, attachment, place) {
  const { file, kind, address } = attachment;
  const shown = kind === "photo"
    ? el("img", { src: address, alt: file.name })
    : [icon("document"), el("bdi", { class: "attachment-name" }, file.name), el("span", { class: "attachment-size" }, fileSize(file.size))];
  return el("li", { class: `attachment ${kind}` }, shown,
    iconButton("close", t("leave-out", { name: file.name }), () => removeOne(view, attachment, place), { class: "attachment-remove" }));
}

/** Removes a file; closes the dialog when none is left. */
function removeOne(view, attachment, place) {
  if (view.sending) return;
  remove(view, [attachment]);
  if (!view.attachments.length) return view.dialog.close();
  const buttons = view.list.querySelectorAll("button");
  buttons[Math.min(place, buttons.length - 1)].focus();
}

function remove(view, gone) {
  releaseFiles(gone);
  view.attachments = view.attachments.filter((attachment) => !gone.includes(attachment));
  draw(view);
}

/** Telegram counts the caption without the marks of its formatting. */
function drawLimit(view) {
  const left = LONGEST_CAPTION - parseMarkdown(view.caption.value).text.length;
  view.charactersLeft.hidden = left > SAY_WHEN_LEFT;
  view.charactersLeft.classList.toggle("over", left < 0);
  view.charactersLeft.textContent = left < 0 ? t("caption-over", { n: number(-left) }) : t("caption-left", { n: number(left) });
  view.caption.setAttribute("aria-invalid", String(left < 0));
  view.send.disabled = left < 0 || view.sending;
  view.cancel.disabled = view.caption.readOnly = view.sending;
}

async function send(view) {
  if (view.send.disabled) return;
  const { person } = view;
  showFault(view, "");
  view.sending = true;
  drawLimit(view);
  const content = { ...parseMarkdown(view.caption.value), reply_to: draftOf(person.id).reply?.id ?? null };
  const done = await sendFiles(person, view.attachments, content, { onSent: (group) => removeSent(view, group), onFailure: (why) => showFault(view, why) });
  view.sending = false;
  if (done) view.dialog.close();
  else drawLimit(view);
}

/** Removes what has been sent, so that a retry sends only the rest. */
function removeSent(view, group) {
  const { id } = view.person;
  view.caption.value = "";
  setCaption(id, "");
  if (draftOf(id).reply) cancelReplyOrEdit(id);
  remove(view, group);
}

function showFault(view, why) {
  if (!view.dialog.open) return why && toast(why);
  view.fault.hidden = !why;
  view.fault.textContent = why;
}

const PHOTOS = ["image/png", "image/jpeg"];
const LARGEST_FILE = 20 * 1024 * 1024;
const LARGEST_PHOTO = 10 * 1024 * 1024;
const MOST_IN_GROUP = 10;

/** The hidden input that opens the browser's file chooser. */
export const fileInput = () => el("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });

/** Lets somebody choose photos or documents; `done` is called with the files. */
function chooseFiles(input, kind, done) {
  input.accept = kind === "photo" ? PHOTOS.join() : "";
  input.value = "";
  input.onchange = () => done([...input.files]);
  input.click();
}

/** Returns which files can be sent, and why the rest cannot. Non-photos are sent as documents. */
function checkFiles(files, kind) {
  const attachments = [];
  const faults = [];
  for (const file of files) {
    const sentAs = kind === "photo" && PHOTOS.includes(file.type) ? "photo" : "document";
    const fault = faultOf(file, sentAs);
    if (fault) faults.push(t(fault, { name: file.name }));
    else attachments.push({ file, kind: sentAs, address: sentAs === "photo" ? URL.createObjectURL(file) : null });
  }
  return { attachments, faults };
}

function faultOf(file, kind) {
  if (file.size === 0) return "file-empty";
  if (file.size > LARGEST_FILE) return "file-too-large";
  return kind === "photo" && file.size > LARGEST_PHOTO ? "photo-too-large" : null;
}

/** Frees the object URL that shows a file. */
function releaseFiles(attachments) {
  for (const { address } of attachments) if (address) URL.revokeObjectURL(address);
}

/** Groups files into albums of at most ten: photos together, documents together. */
function intoAlbums(attachments) {
  return ["photo", "document"].flatMap((kind) => inTens(attachments.filter((attachment) => attachment.kind === kind)));
}

function inTens(attachments) {
  const count = Math.ceil(attachments.length / MOST_IN_GROUP);
  return Array.from({ length: count }, (_, n) => attachments.slice(n * MOST_IN_GROUP, (n + 1) * MOST_IN_GROUP));
}

/**
 * Sends files group by group, with a caption on the first; `onSent` is called with each group that
 * was sent, `onFailure` with each failure. Nothing is sent before all files are uploaded.
 */
async function sendFiles(person, attachments, content, { onSent, onFailure }) {
  const names = new Map();
  for (const attachment of attachments) {
    const answer = await upload(attachment.file, attachment.kind, (why) => onFailure(`${attachment.file.name}: ${why}`));
    if (!answer) return false;
    names.set(attachment, answer.file);
  }
  let more = content;
  for (const group of intoAlbums(attachments)) {
    const files = group.map((attachment) => names.get(attachment));
    if (!(await actAs(person, "attach", { files, ...more }, onFailure))) return false;
    more = {};
    onSent(group);
  }
  return true;
}
