// Ticks: one for a sent message, two once the bot has acknowledged it.

import { el, fill, icon } from "./dom.js";
import { t } from "./words.js";

/** Creates the place for the ticks of a message; `drawTicks` fills it. */
export const ticks = (message) => el("span", { class: "ticks", role: "img", "data-of": message.id });

/** Draws the ticks of a chat. */
export function drawTicks(rows, person) {
  for (const node of rows.querySelectorAll(".ticks")) {
    const drawing = person.messages.get(Number(node.dataset.of))?.acknowledged ? "acknowledged" : "sent";
    if (node.dataset.drawing === drawing) continue;
    node.dataset.drawing = drawing;
    node.setAttribute("aria-label", t(drawing));
    node.title = t(drawing);
    fill(node, icon(drawing));
  }
}
