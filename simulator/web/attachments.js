// Attachments: their menu, and the file above the composer, which goes with what is written as its caption.

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
    { icon: "photo", label: t("own-photo"), done: () => chooseFile(person, "photo") },
    { icon: "document", label: t("own-file"), done: () => chooseFile(person, "document") },
  ]);
}

/** The file that goes with what is written, and why it does not. */
export function attached(draft) {
  const { file, kind, address } = draft.attachment;
  const over = overLimit(draft);
  return h("div", { class: "attachments" },
    h("div", { class: `attachment ${kind}`, role: "group", "aria-label": t("attachment") },
      kind === "photo"
        ? h("img", { src: address, alt: file.name })
        : [icon("document"), h("bdi", { class: "attachment-name" }, file.name), h("span", { class: "attachment-size" }, fileSize(file.size))],
      iconButton("close", t("leave-out", { name: file.name }), () => attach(draft, null), { class: "attachment-remove", disabled: draft.sending })),
    h("p", { class: "attachments-fault", role: "alert" }, over > 0 ? t("caption-over", { n: number(over) }) : draft.fault));
}

/** Telegram counts the caption without the marks of its formatting. */
const overLimit = (draft) => parseMarkdown(draft.text).text.length - LONGEST_CAPTION;

function attach(draft, attachment) {
  if (draft.attachment) URL.revokeObjectURL(draft.attachment.address);
  update(draft, { attachment, fault: "" });
}

/** Sends the file with what is written. */
export async function sendAttachment(person, draft) {
  if (draft.sending || overLimit(draft) > 0) return;
  const onFailure = (fault) => update(draft, { fault });
  const { file, kind } = draft.attachment;
  update(draft, { sending: true, fault: "" });
  const uploaded = await upload(file, kind, onFailure);
  if (uploaded && (await actAs(person, "attach", { ...uploaded, ...parseMarkdown(draft.text) }, onFailure))) {
    draft.text = "";
    attach(draft, null);
  }
  update(draft, { sending: false });
}

const PHOTOS = ["image/png", "image/jpeg"];
const LARGEST_FILE = 20 * 1024 * 1024;
const LARGEST_PHOTO = 10 * 1024 * 1024;

const chooser = Object.assign(document.createElement("input"), { type: "file" });

function chooseFile(person, kind) {
  chooser.accept = kind === "photo" ? PHOTOS.join() : "";
  chooser.value = "";
  chooser.onchange = () => choose(draftOf(person.id), chooser.files[0], kind);
  chooser.click();
}

/** Puts a file beside what is written, as a document if it is no photo, or says why it cannot be sent. */
function choose(draft, file, wanted) {
  const kind = wanted === "photo" && PHOTOS.includes(file.type) ? "photo" : "document";
  const fault = faultOf(file, kind);
  if (fault) toast(t(fault, { name: file.name }));
  else attach(draft, { file, kind, address: URL.createObjectURL(file) });
  redraw(() => document.querySelector(".writing")?.focus());
}

function faultOf({ size }, kind) {
  if (size === 0) return "file-empty";
  if (size > LARGEST_FILE) return "file-too-large";
  return kind === "photo" && size > LARGEST_PHOTO ? "photo-too-large" : null;
}
