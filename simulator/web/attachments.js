// Attachments: their menu, and the dialog that shows files with a caption before they are sent.

import { openDialog } from "./dialogs.js";
import { h, icon, iconButton } from "./dom.js";
import { cancelReplyOrEdit, captionOf, draftOf, setCaption } from "./drafts.js";
import { parseMarkdown } from "./markdown.js";
import { toast } from "./notices.js";
import { redraw } from "./page_state.js";
import { openMenu } from "./popup_menus.js";
import { actAs, upload } from "./server_connection.js";
import { fileSize, number, t } from "./translation.js";

const SAMPLES = { photo: "photo", album: "album", document: "document", sticker: "sticker", voice: "voice", contact: "contact", location: "place", poll: "poll" };
const LONGEST_CAPTION = 1024;
const SAY_WHEN_LEFT = 100;

export function openAttachMenu(button, person) {
  const sample = (kind) => (kind === "album" ? actAs(person, "album", { kinds: ["photo", "photo", "photo"] }) : actAs(person, "kind", { kind }));
  const choose = (kind) => chooseFiles(kind, (files) => openAttachmentDialog(person, files, kind));
  openMenu(button, t("attach"), [
    ...Object.entries(SAMPLES).map(([kind, drawing]) => ({ icon: drawing, label: t(kind), done: () => sample(kind) })),
    { icon: "forward", label: t("forwarded-post"), done: () => actAs(person, "forward_post", { text: t("post-text"), channel: t("post-channel") }) },
    { icon: "photo", label: t("own-photo"), done: () => choose("photo") },
    { icon: "document", label: t("own-file"), done: () => choose("document") },
  ]);
}

/** Opens the dialog for these files; sends them with their caption on confirmation. */
function openAttachmentDialog(person, files, kind) {
  const { attachments, faults } = checkFiles(files, kind);
  if (!attachments.length) return faults.length && toast(faults.join("\n"));
  const form = { person, attachments, fault: faults.join("\n"), sending: false };
  // Files that are being sent cannot be cancelled.
  const oncancel = (event) => form.sending && event.preventDefault();
  form.dialog = openDialog({ class: "dialog", "aria-labelledby": "attachments-title", oncancel }, () => attachmentForm(form), () => releaseFiles(form.attachments));
}

function attachmentForm(form) {
  const { person, attachments, fault, sending } = form;
  const what = attachments.every(({ kind }) => kind === "photo") ? "send-photo" : "send-file";
  const groups = intoAlbums(attachments).length;
  const left = charactersLeft(person);
  return h("form", { class: "attachment-form", onsubmit: (event) => { event.preventDefault(); send(form); } },
    h("h2", { id: "attachments-title" }, t(attachments.length === 1 ? what : `${what}s`, { n: number(attachments.length) })),
    h("ul", { class: "attachments", "aria-labelledby": "attachments-title" }, attachments.map((each) => listItem(form, each))),
    groups > 1 && h("p", { class: "hint" }, t("in-groups", { n: groups })),
    h("div", { class: "attachments-more" }, addButton(form, "photo", "album", "more-photos"), addButton(form, "document", "document", "more-files")),
    h("label", { class: "field" }, h("span", {}, t("caption")), h("textarea", {
      rows: "3", dir: "auto", autofocus: true, enterkeyhint: "send", "aria-describedby": "caption-left", "aria-invalid": String(left < 0), readonly: sending,
      value: captionOf(person.id), oninput: (event) => setCaption(person.id, event.target.value), onkeydown: (event) => sendOnEnter(event, form),
    })),
    h("p", { id: "caption-left", class: left < 0 ? "caption-left over" : "caption-left", "aria-live": "polite", hidden: left > SAY_WHEN_LEFT },
      left < 0 ? t("caption-over", { n: number(-left) }) : t("caption-left", { n: number(left) })),
    h("p", { class: "attachments-fault", role: "alert" }, fault),
    h("div", { class: "dialog-buttons" },
      h("button", { type: "button", class: "button quiet", disabled: sending, onclick: () => form.dialog.node.close() }, t("cancel")),
      h("button", { type: "submit", class: "button", disabled: left < 0 || sending }, t("send"))));
}

/** Telegram counts the caption without the marks of its formatting. */
const charactersLeft = (person) => LONGEST_CAPTION - parseMarkdown(captionOf(person.id)).text.length;

function listItem(form, attachment) {
  const { file, kind, address } = attachment;
  return h("li", { class: `attachment ${kind}`, drawn: (node, isNew) => isNew && node.scrollIntoView({ block: "nearest" }) },
    kind === "photo"
      ? h("img", { src: address, alt: file.name })
      : [icon("document"), h("bdi", { class: "attachment-name" }, file.name), h("span", { class: "attachment-size" }, fileSize(file.size))],
    iconButton("close", t("leave-out", { name: file.name }), () => removeOne(form, attachment), { class: "attachment-remove" }));
}

function addButton(form, kind, drawing, label) {
  const add = (files) => {
    const { attachments, faults } = checkFiles(files, kind);
    form.attachments.push(...attachments);
    showFault(form, faults.join("\n"));
  };
  return h("button", { type: "button", class: "link-button", onclick: () => chooseFiles(kind, add) }, icon(drawing), t(label));
}

function sendOnEnter(event, form) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send(form);
}

/** Removes a file; closes the dialog when none is left. */
function removeOne(form, attachment) {
  if (form.sending) return;
  remove(form, [attachment]);
  if (!form.attachments.length) form.dialog.node.close();
}

function remove(form, gone) {
  releaseFiles(gone);
  form.attachments = form.attachments.filter((attachment) => !gone.includes(attachment));
  redraw();
}

function showFault(form, why) {
  form.fault = why;
  redraw();
}

async function send(form) {
  const { person, attachments } = form;
  if (form.sending || charactersLeft(person) < 0) return;
  form.sending = true;
  showFault(form, "");
  const content = { ...parseMarkdown(captionOf(person.id)), reply_to: draftOf(person.id).reply?.id ?? null };
  const done = await sendFiles(person, attachments, content, { onSent: (group) => removeSent(form, group), onFailure: (why) => showFault(form, why) });
  form.sending = false;
  redraw();
  if (done) form.dialog.node.close();
}

/** Removes what has been sent, so that a retry sends only the rest. */
function removeSent(form, group) {
  const { id } = form.person;
  setCaption(id, "");
  if (draftOf(id).reply) cancelReplyOrEdit(id);
  remove(form, group);
}

const PHOTOS = ["image/png", "image/jpeg"];
const LARGEST_FILE = 20 * 1024 * 1024;
const LARGEST_PHOTO = 10 * 1024 * 1024;
const MOST_IN_GROUP = 10;

const chooser = Object.assign(document.createElement("input"), { type: "file", multiple: true });

/** Lets somebody choose photos or documents; `done` is called with the files. */
function chooseFiles(kind, done) {
  chooser.accept = kind === "photo" ? PHOTOS.join() : "";
  chooser.value = "";
  chooser.onchange = () => done([...chooser.files]);
  chooser.click();
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
