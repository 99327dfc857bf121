// Which phone is open, and what is shown beside it. The phone is in the URL, so that "back" works.

import { applyChange, onChange, redraw, state } from "./page_state.js";

/** Opens somebody's phone. */
export const openChat = (id) => (location.hash = String(id));

/** Goes back to the list of people. */
export function closeChat() {
  history.replaceState(null, "", location.pathname);
  readUrl();
}

/** Whether there is room for something beside the chat. */
export const isWide = () => matchMedia("(min-width: 1180px)").matches;

/** Shows "panel" or another section beside the chat, by its id, or nothing there for "". */
export function showBeside(side) {
  localStorage.setItem("beside", side);
  state.beside = side;
  const lies = side === "panel" && !isWide();
  redraw(lies && (() => document.querySelector("#panel .icon-button").focus()));
}

/** Closes the panel where it lies over the chat, and goes back to the button that opens it. */
export function closePanelOverChat() {
  if (isWide() || state.beside !== "panel" || state.dialogs.length) return;
  showBeside("");
  document.querySelector(".panel-button").focus();
}

/** Starts to follow the URL. */
export function followUrl() {
  addEventListener("hashchange", readUrl);
  onChange("all", readUrl);
  if (isWide() && localStorage.getItem("beside") !== "") state.beside = "panel";
}

function readUrl() {
  const wanted = Number(location.hash.slice(1));
  const before = state.selected;
  // Where list and chat are side by side, the chat would be empty otherwise.
  const first = matchMedia("(min-width: 700px)").matches ? (state.people.keys().next().value ?? null) : null;
  state.view = state.people.has(wanted) ? "chat" : "list";
  state.selected = state.people.has(wanted) ? wanted : first;
  if (state.selected === before) return redraw();
  state.isAway = false;
  applyChange({ kind: "opened" });
}
