// Picking files on this computer: which can be sent, and in which albums.

import { el } from "./dom.js";
import { t } from "./words.js";

const PHOTOS = ["image/png", "image/jpeg"];
const LARGEST_FILE = 20 * 1024 * 1024;
const LARGEST_PHOTO = 10 * 1024 * 1024;
const MOST_IN_GROUP = 10;

/** The hidden input that opens the browser's file chooser. */
export const fileInput = () => el("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });

/** Lets somebody choose photos or documents; `done` is called with the files. */
export function chooseFiles(input, kind, done) {
  input.accept = kind === "photo" ? PHOTOS.join() : "";
  input.value = "";
  input.onchange = () => done([...input.files]);
  input.click();
}

/** Returns which files can be sent, and why the rest cannot. Non-photos are sent as documents. */
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

/** Frees the object URL that shows a file. */
export function forget(picks) {
  for (const { address } of picks) if (address) URL.revokeObjectURL(address);
}

/** Groups files into albums of at most ten: photos together, documents together. */
export function groups(picks) {
  return ["photo", "document"].flatMap((kind) => tens(picks.filter((pick) => pick.kind === kind)));
}

function tens(picks) {
  const count = Math.ceil(picks.length / MOST_IN_GROUP);
  return Array.from({ length: count }, (_, n) => picks.slice(n * MOST_IN_GROUP, (n + 1) * MOST_IN_GROUP));
}
