// What of the tryout stands beside the phone: the texts; and whose phone is opened first.

import { isWide, openChat, showBeside } from "./navigation.js";
import { markChanged, state } from "./page_state.js";
import { language } from "./translation.js";

/** Shows or hides the texts beside the phone that shows them. */
export const showEditor = (shown) => showBeside(shown ? "editor" : "");

export const editorIsShown = () => state.beside === "editor";

/** Shows a field of the texts, and lets somebody write there. */
export function openField(field) {
  state.wantedField = field;
  showEditor(true);
  markChanged("texts-tab");
}

/** Shows the texts where there is room for them beside the phone, unless somebody has closed them. */
export function openEditorIfRoom() {
  if (isWide() && localStorage.getItem("beside") !== "") showEditor(true);
}

let signer = null;

/** Opens the phone of who can sign first, once, on phones too; who goes back sees the list. */
export function openSigner() {
  const wanted = state.hints?.signers[language] ?? null;
  if (wanted === null || wanted === signer) return;
  signer = wanted;
  if (!state.people.has(Number(location.hash.slice(1)))) openChat(wanted);
}
