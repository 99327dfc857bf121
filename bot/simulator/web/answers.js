// The bot's answers to taps: a short notice or a dialog.

import { openAddress } from "./addresses.js";
import { notice } from "./dialog.js";
import { hearOf, selected, state } from "./store.js";
import { toast } from "./toast.js";

export function hearAnswers() {
  hearOf("answered", ({ person, text, alert, url }) => {
    if (person !== state.selected) return;
    if (url) openAddress(selected(), url);
    if (!text) return;
    if (alert) notice(state.bot.name, text);
    else toast(text);
  });
}
