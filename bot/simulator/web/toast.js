// A short notice that disappears by itself, as for the bot's answer to a tap.

import { el } from "./dom.js";

const SECONDS = 4;

export function toast(text) {
  const line = el("p", { class: "toast", dir: "auto" }, text);
  document.getElementById("toasts").replaceChildren(line);
  setTimeout(() => line.remove(), SECONDS * 1000);
}
