// Files that somebody picks on this computer: which of them may go, and in which groups.

import { el } from "./dom.js";
import { t } from "./words.js";

const PHOTOS = ["image/png", "image/jpeg"];
const LARGEST_FILE = 20 * 1024 * 1024;
const LARGEST_PHOTO = 10 * 1024 * 1024;
const MOST_IN_GROUP = 10;

/** What the browser needs to let somebody choose; nobody sees it. */
export const fileInput = () => el("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });

/** Lets somebody choose photos or documents; `done` gets the files. */
export function chooseFiles(input, kind, done) {
  input.accept = kind === "photo" ? PHOTOS.join() : "";
  input.value = "";
  input.onchange = () => done([...input.files]);
  input.click();
}

/** What can be sent of these files, and why the rest cannot. What is no photo goes as a document. */
export function sorted(files, kind) {
  const picks = [];
  const faults = [];
  for (const file of files) {
    const sentAs = kind === "photo" && PHOTOS.includes(file.type) ? "photo" : "document";
    const fault = faultOf(file, sentAs);
    if (fault) faults.push(t(fault, { name: file.name }));
    else picks.push({ file, kind: sentAs, address: sentAs === "photo" ? URL.createObjectURL(file) : null });
  }
  return { picks, faults };
}

function faultOf(file, kind) {
  if (file.size === 0) return "file-empty";
  if (file.size > LARGEST_FILE) return "file-too-large";
  return kind === "photo" && file.size > LARGEST_PHOTO ? "photo-too-large" : null;
}

/** Lets go of what the browser holds to show it. */
export function forget(picks) {
  for (const { address } of picks) if (address) URL.revokeObjectURL(address);
}

/** As Telegram sends them: photos together and documents together, in albums of at most ten. */
export function groups(picks) {
  return ["photo", "document"].flatMap((kind) => tens(picks.filter((pick) => pick.kind === kind)));
}

function tens(picks) {
  const count = Math.ceil(picks.length / MOST_IN_GROUP);
  return Array.from({ length: count }, (_, n) => picks.slice(n * MOST_IN_GROUP, (n + 1) * MOST_IN_GROUP));
}
