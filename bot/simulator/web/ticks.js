// One tick: it is sent. Two: the bot has been given it, and has said so.

import { el, fill, icon } from "./dom.js";
import { t } from "./words.js";

/** The place for the ticks of a message; `drawTicks` puts them there. */
export const ticks = (message) => el("span", { class: "ticks", role: "img", "data-of": message.id });

/** Draws the ticks of a chat as they now are. */
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
