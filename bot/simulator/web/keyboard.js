// The inline keyboard under a message. It stays in place until the bot answers.

import { copy, openAddress } from "./addresses.js";
import { el, icon } from "./dom.js";
import { state, tapKey } from "./store.js";
import { actAs } from "./wire.js";

export function keyboard(person, message) {
  return el("div", { class: "keyboard" }, message.keyboard.map((row) =>
    el("div", { class: "keyboard-row" }, row.map((button) => drawn(person, message, button)))));
}

function drawn(person, message, button) {
  const waits = button.data && state.taps.has(tapKey(person.id, message.id, button.data));
  return el("button", {
    type: "button",
    class: waits ? "key waiting" : "key",
    dir: "auto",
    "aria-busy": waits ? "true" : null,
    disabled: person.gone || person.blocked,
    onclick: () => press(person, message, button),
  }, button.text, button.url && icon("out"), button.copy && icon("copy"));
}

function press(person, message, button) {
  if (button.data) actAs(person, "tap", { message: message.id, data: button.data });
  else if (button.url) openAddress(person, button.url);
  else if (button.copy) copy(button.copy);
}
