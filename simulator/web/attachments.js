// Attachments: their menu, and the files above the composer, which go with what is written as their caption.

import { h, icon, iconButton } from "./dom.js";
import { draftOf } from "./drafts.js";
import { parseMarkdown } from "./markdown.js";
import { toast } from "./notices.js";
import { redraw, update } from "./page_state.js";
import { openMenu } from "./popup_menus.js";
import { actAs, upload } from "./server_connection.js";
import { fileSize, number, t } from "./translation.js";

const SAMPLES = ["photo", "album", "document", "sticker", "voice", "contact", "location", "poll"];
const LONGEST_CAPTION = 1024;

export function openAttachMenu(button, person) {
  const sample = (kind) => (kind === "album" ? actAs(person, "album", { kinds: ["photo", "photo", "photo"] }) : actAs(person, "kind", { kind }));
  openMenu(button, t("attach"), [
    ...SAMPLES.map((kind) => ({ icon: kind, label: t(kind), done: () => sample(kind) })),
    { icon: "forward", label: t("forwarded-post"), done: () => actAs(person, "forward_post", { text: t("post-text"), channel: t("post-channel") }) },
    { icon: "photo", label: t("own-photo"), done: () => chooseFiles(person, "photo") },
    { icon: "document", label: t("own-file"), done: () => chooseFiles(person, "document") },
  ]);
}

/** The files that go with what is written, and why they do not. */
export function attachmentList(draft) {
  if (!hasAttachments(draft)) return null;
  const over = overLimit(draft);
  return h("div", { class: "attachments" },
    h("ul", { "aria-label": t("attachments") }, draft.attachments.map((each) => listItem(draft, each))),
    h("p", { class: "attachments-fault", role: "alert" }, over > 0 ? t("caption-over", { n: number(over) }) : draft.fault));
}

/** Whether files go with what is written; an edit of another message goes first. */
export const hasAttachments = ({ attachments, edit }) => attachments.length > 0 && !edit;

/** Telegram counts the caption without the marks of its formatting. */
const overLimit = (draft) => parseMarkdown(draft.text).text.length - LONGEST_CAPTION;

function listItem(draft, attachment) {
  const { file, kind, address } = attachment;
  return h("li", { class: `attachment ${kind}`, drawn: (node, isNew) => isNew && node.scrollIntoView({ block: "nearest" }) },
    kind === "photo"
      ? h("img", { src: address, alt: file.name })
      : [icon("document"), h("bdi", { class: "attachment-name" }, file.name), h("span", { class: "attachment-size" }, fileSize(file.size))],
    iconButton("close", t("leave-out", { name: file.name }), () => remove(draft, [attachment]), { class: "attachment-remove", disabled: draft.sending }));
}

function remove(draft, gone) {
  for (const { address } of gone) URL.revokeObjectURL(address);
  update(draft, { attachments: draft.attachments.filter((attachment) => !gone.includes(attachment)), fault: "" });
}

/** Sends the files with what is written, once all are uploaded. */
export async function sendAttachments(person, draft) {
  if (draft.sending || overLimit(draft) > 0) return;
  update(draft, { sending: true, fault: "" });
  if (await uploadAll(draft)) await sendAll(person, draft);
  update(draft, { sending: false });
}

async function uploadAll(draft) {
  for (const attachment of draft.attachments) {
    const { file, kind } = attachment;
    attachment.uploaded = await upload(file, kind, (why) => update(draft, { fault: `${file.name}: ${why}` }));
    if (!attachment.uploaded) return false;
  }
  return true;
}

/** Sends group by group, the caption with the first. What has been sent goes, so that a retry sends only the rest. */
async function sendAll(person, draft) {
  for (const group of intoAlbums(draft.attachments)) {
    const files = group.map(({ uploaded }) => uploaded.file);
    const content = { ...parseMarkdown(draft.text), reply_to: draft.reply?.id };
    if (!(await actAs(person, "attach", { files, ...content }, (fault) => update(draft, { fault })))) return;
    Object.assign(draft, { reply: null, text: "" });
    remove(draft, group);
  }
}

const PHOTOS = ["image/png", "image/jpeg"];
const LARGEST_FILE = 20 * 1024 * 1024;
const LARGEST_PHOTO = 10 * 1024 * 1024;
const MOST_IN_GROUP = 10;

const chooser = Object.assign(document.createElement("input"), { type: "file", multiple: true });

function chooseFiles(person, kind) {
  chooser.accept = kind === "photo" ? PHOTOS.join() : "";
  chooser.value = "";
  chooser.onchange = () => add(draftOf(person.id), [...chooser.files], kind);
  chooser.click();
}

/** Adds files, of which those that are no photos go as documents, and says which cannot be sent. */
function add(draft, files, wanted) {
  const all = files.map((file) => ({ file, kind: wanted === "photo" && PHOTOS.includes(file.type) ? "photo" : "document" }));
  const good = all.filter((each) => !faultOf(each)).map((each) => ({ ...each, address: URL.createObjectURL(each.file) }));
  draft.attachments.push(...good);
  const faults = all.filter(faultOf).map((each) => t(faultOf(each), { name: each.file.name }));
  if (faults.length) toast(faults.join("\n"));
  redraw(() => document.querySelector(".writing")?.focus());
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
