// Attachments: their menu, and the dialog that shows files with a caption before they are sent.

import { openDialog } from "./dialogs.js";
import { h, icon, iconButton } from "./dom.js";
import { draftOf, sends } from "./drafts.js";
import { parseMarkdown } from "./markdown.js";
import { toast } from "./notices.js";
import { update } from "./page_state.js";
import { openMenu } from "./popup_menus.js";
import { actAs, upload } from "./server_connection.js";
import { fileSize, number, t } from "./translation.js";

const SAMPLES = ["photo", "album", "document", "sticker", "voice", "contact", "location", "poll"];
const LONGEST_CAPTION = 1024;
const SAY_WHEN_LEFT = 100;

export function openAttachMenu(button, person) {
  const sample = (kind) => (kind === "album" ? actAs(person, "album", { kinds: ["photo", "photo", "photo"] }) : actAs(person, "kind", { kind }));
  const choose = (kind) => chooseFiles(kind, (chosen) => openAttachmentDialog(person, chosen));
  openMenu(button, t("attach"), [
    ...SAMPLES.map((kind) => ({ icon: kind, label: t(kind), done: () => sample(kind) })),
    { icon: "forward", label: t("forwarded-post"), done: () => actAs(person, "forward_post", { text: t("post-text"), channel: t("post-channel") }) },
    { icon: "photo", label: t("own-photo"), done: () => choose("photo") },
    { icon: "document", label: t("own-file"), done: () => choose("document") },
  ]);
}

/** Opens the dialog for these files; sends them with their caption on confirmation. */
function openAttachmentDialog(person, { attachments, fault }) {
  if (!attachments.length) return toast(fault);
  // The caption starts as what is being written; after a cancel it is that again.
  const draft = draftOf(person.id);
  const written = draft.edit ? "before" : "text";
  const form = { person, draft, attachments, fault, caption: draft[written], sending: false };
  const closed = () => {
    remove(form, form.attachments);
    update(draft, { [written]: form.caption });
  };
  // Files that are being sent cannot be cancelled.
  const oncancel = (event) => form.sending && event.preventDefault();
  form.dialog = openDialog({ class: "dialog", "aria-labelledby": "attachments-title", oncancel }, () => attachmentForm(form), { closed });
}

function attachmentForm(form) {
  const { attachments, fault, caption, sending } = form;
  const what = attachments.every(({ kind }) => kind === "photo") ? "send-photo" : "send-file";
  const groups = intoAlbums(attachments).length;
  const left = charactersLeft(caption);
  return h("form", { class: "attachment-form", onsubmit: (event) => (event.preventDefault(), send(form)) },
    h("h2", { id: "attachments-title" }, t(attachments.length === 1 ? what : `${what}s`, { n: number(attachments.length) })),
    h("ul", { class: "attachments", "aria-labelledby": "attachments-title" }, attachments.map((each) => listItem(form, each))),
    groups > 1 && h("p", { class: "hint" }, t("in-groups", { n: groups })),
    h("div", { class: "attachments-more" }, addButton(form, "photo", "album", "more-photos"), addButton(form, "document", "document", "more-files")),
    h("label", { class: "field" }, h("span", {}, t("caption")), h("textarea", {
      rows: "3", dir: "auto", autofocus: true, enterkeyhint: "send", readonly: sending,
      "aria-describedby": "caption-left", "aria-invalid": String(left < 0),
      value: caption, oninput: (event) => update(form, { caption: event.target.value }), onkeydown: (event) => sends(event) && (event.preventDefault(), send(form)),
    })),
    h("p", { id: "caption-left", class: left < 0 ? "caption-left over" : "caption-left", "aria-live": "polite", hidden: left > SAY_WHEN_LEFT },
      left < 0 ? t("caption-over", { n: number(-left) }) : t("caption-left", { n: number(left) })),
    h("p", { class: "attachments-fault", role: "alert" }, fault),
    h("div", { class: "dialog-buttons" },
      h("button", { type: "button", class: "button quiet", disabled: sending, onclick: () => form.dialog.node.close() }, t("cancel")),
      h("button", { type: "submit", class: "button", disabled: left < 0 || sending }, t("send"))));
}

/** Telegram counts the caption without the marks of its formatting. */
const charactersLeft = (caption) => LONGEST_CAPTION - parseMarkdown(caption).text.length;

function listItem(form, attachment) {
  const { file, kind, address } = attachment;
  return h("li", { class: `attachment ${kind}`, drawn: (node, isNew) => isNew && node.scrollIntoView({ block: "nearest" }) },
    kind === "photo"
      ? h("img", { src: address, alt: file.name })
      : [icon("document"), h("bdi", { class: "attachment-name" }, file.name), h("span", { class: "attachment-size" }, fileSize(file.size))],
    iconButton("close", t("leave-out", { name: file.name }), () => remove(form, [attachment]), { class: "attachment-remove", disabled: form.sending }));
}

function addButton(form, kind, drawing, label) {
  const add = ({ attachments, fault }) => update(form, { attachments: [...form.attachments, ...attachments], fault });
  return h("button", { type: "button", class: "link-button", onclick: () => chooseFiles(kind, add) }, icon(drawing), t(label));
}

/** Removes files; closes the dialog when none is left. */
function remove(form, gone) {
  for (const { address } of gone) URL.revokeObjectURL(address);
  update(form, { attachments: form.attachments.filter((attachment) => !gone.includes(attachment)) });
  if (!form.attachments.length) form.dialog.node.close();
}

async function send(form) {
  if (form.sending || charactersLeft(form.caption) < 0) return;
  update(form, { sending: true, fault: "" });
  if (await uploadAll(form)) await sendAll(form);
  update(form, { sending: false });
}

/** Uploads the files; nothing is sent before all are uploaded. */
async function uploadAll(form) {
  for (const attachment of form.attachments) {
    const { file, kind } = attachment;
    attachment.uploaded = await upload(file, kind, (why) => update(form, { fault: `${file.name}: ${why}` }));
    if (!attachment.uploaded) return false;
  }
  return true;
}

/** Sends group by group, the caption with the first. What has been sent goes, so that a retry sends only the rest. */
async function sendAll(form) {
  const { person, draft, attachments } = form;
  for (const group of intoAlbums(attachments)) {
    const files = group.map(({ uploaded }) => uploaded.file);
    const content = { ...parseMarkdown(form.caption), reply_to: draft.reply?.id };
    if (!(await actAs(person, "attach", { files, ...content }, (fault) => update(form, { fault })))) return;
    draft.reply = null;
    form.caption = "";
    remove(form, group);
  }
}

const PHOTOS = ["image/png", "image/jpeg"];
const LARGEST_FILE = 20 * 1024 * 1024;
const LARGEST_PHOTO = 10 * 1024 * 1024;
const MOST_IN_GROUP = 10;

const chooser = Object.assign(document.createElement("input"), { type: "file", multiple: true });

/** Lets somebody choose files; `done` is called with those that can be sent, and why the rest cannot. */
function chooseFiles(kind, done) {
  chooser.accept = kind === "photo" ? PHOTOS.join() : "";
  chooser.value = "";
  chooser.onchange = () => done(checked([...chooser.files], kind));
  chooser.click();
}

/** Checks files, of which those that are no photos are sent as documents. */
function checked(files, wanted) {
  const all = files.map((file) => ({ file, kind: wanted === "photo" && PHOTOS.includes(file.type) ? "photo" : "document" }));
  const good = all.filter((each) => !faultOf(each));
  const faults = all.filter(faultOf).map((each) => t(faultOf(each), { name: each.file.name }));
  return { attachments: good.map((each) => ({ ...each, address: URL.createObjectURL(each.file) })), fault: faults.join("\n") };
}

function faultOf({ file, kind }) {
  if (file.size === 0) return "file-empty";
  if (file.size > LARGEST_FILE) return "file-too-large";
  return kind === "photo" && file.size > LARGEST_PHOTO ? "photo-too-large" : null;
}

/** Groups files into albums of at most ten: photos together, documents together. */
function intoAlbums(attachments) {
  return ["photo", "document"].flatMap((kind) => {
    const alike = attachments.filter((attachment) => attachment.kind === kind);
    const count = Math.ceil(alike.length / MOST_IN_GROUP);
    return Array.from({ length: count }, (_, n) => alike.slice(n * MOST_IN_GROUP, (n + 1) * MOST_IN_GROUP));
  });
}
