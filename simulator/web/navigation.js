// Which phone is open, and whether the panel is; both are in the URL, so that "back" works.

import { markChanged, redrawOn, state } from "./page_state.js";

const WIDE = matchMedia("(min-width: 1180px)");
const app = () => document.getElementById("app");

/** Opens somebody's phone. */
export function openChat(id) {
  if (Number(location.hash.slice(1)) !== id) location.hash = String(id);
  else readUrl();
}

/** Goes back to the list of people. */
export function closeChat() {
  history.replaceState(null, "", location.pathname);
  readUrl();
}

/** Whether there is room for something beside the chat. */
export const isWide = () => WIDE.matches;

/** Shows "panel" or another section beside the chat, by its id, or nothing there for "". */
export function showBeside(side) {
  localStorage.setItem("beside", side);
  app().dataset.panel = side ? "open" : "closed";
  app().dataset.beside = side;
  for (const each of document.querySelectorAll(".panel")) each.hidden = each.id !== side;
  markChanged("panel");
}

/** Shows or hides the panel beside the chat. */
export function showPanel(shown) {
  showBeside(shown ? "panel" : "");
  if (shown && !WIDE.matches) document.querySelector("#panel .icon-button")?.focus();
}

/** Closes the panel where it lies over the chat, and goes back to the button that opens it. */
export function closePanelOverChat() {
  if (WIDE.matches || !panelIsShown() || document.querySelector("dialog[open]")) return;
  showPanel(false);
  document.querySelector(".panel-button")?.focus();
}

export const panelIsShown = () => !document.getElementById("panel").hidden;

/** Starts to follow the URL. */
export function followUrl() {
  addEventListener("hashchange", readUrl);
  redrawOn(["selection"], readUrl);
  const kept = localStorage.getItem("beside");
  if (WIDE.matches && kept !== "") showPanel(true);
  else showBeside("");
}

function readUrl() {
  const wanted = Number(location.hash.slice(1));
  const before = state.selected;
  state.selected = state.people.has(wanted) ? wanted : firstOnWideScreens();
  app().dataset.view = state.people.has(wanted) ? "chat" : "list";
  if (state.selected !== before) markChanged("chat", "people", "opened");
}

/** Opens a phone where list and chat are side by side; the chat would be empty otherwise. */
function firstOnWideScreens() {
  return matchMedia("(min-width: 700px)").matches ? (state.people.keys().next().value ?? null) : null;
}
