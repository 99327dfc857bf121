// A line that passes, as Telegram shows the short answer to a tap.

import { el } from "./dom.js";

const SECONDS = 4;

export function toast(text) {
  const line = el("p", { class: "toast", dir: "auto" }, text);
  document.getElementById("toasts").replaceChildren(line);
  setTimeout(() => line.remove(), SECONDS * 1000);
}
