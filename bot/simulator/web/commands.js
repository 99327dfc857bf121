// The menu of commands that the bot offers this person, with their descriptions.

import { el, fill } from "./dom.js";
import { t } from "./words.js";

/** A list of commands that match the draft; `choose` is called with the picked one. */
export function suggestions(area, person, choose) {
  const node = el("ul", { id: "suggestions", class: "suggestions", role: "listbox", "aria-label": t("commands"), hidden: true });
  let shown = [];
  let marked = 0;
  let everything = false;

  function draw() {
    const begun = /^\/(\w*)$/.exec(area.value);
    shown = everything ? person().commands : begun ? person().commands.filter(({ command }) => command.startsWith(begun[1])) : [];
    marked = Math.min(marked, Math.max(0, shown.length - 1));
    node.hidden = shown.length === 0;
    fill(node, shown.map(option));
    if (node.hidden) area.removeAttribute("aria-activedescendant");
    else area.setAttribute("aria-activedescendant", `command-${marked}`);
    node.children[marked]?.scrollIntoView({ block: "nearest" });
  }

  /** Shows the commands that match a changed draft. */
  function typed() {
    everything = false;
    draw();
  }

  function option({ command, description }, place) {
    return el("li", {
      id: `command-${place}`, role: "option", class: "suggestion", "aria-selected": String(place === marked),
      onclick: () => pick(place),
    }, el("strong", {}, `/${command}`), el("span", { dir: "auto" }, description));
  }

  function pick(place) {
    const { command } = shown[place];
    close();
    choose(`/${command}`);
  }

  function close() {
    everything = false;
    marked = 0;
    shown = [];
    node.hidden = true;
    area.removeAttribute("aria-activedescendant");
  }

  /** Handles a key; returns whether the list used it. */
  function key(event) {
    if (node.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) marked = (marked + step + shown.length) % shown.length;
    else if (event.key === "Enter") pick(marked);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    if (step) draw();
    return true;
  }

  function all() {
    everything = node.hidden;
    if (everything) draw();
    else close();
    area.focus();
  }

  addEventListener("pointerdown", (event) => {
    if (everything && !event.target.closest(".composer")) close();
  });
  return { node, draw, typed, key, all };
}
