// The control panel: the bot, the rate, fault switches, every call, and what a program adds.

import { callList } from "./call_list.js";
import { h, iconButton } from "./dom.js";
import { closePanelOverChat, showBeside } from "./navigation.js";
import { state } from "./page_state.js";
import { rateChart } from "./rate_chart.js";
import { act } from "./server_connection.js";
import { t } from "./translation.js";

const FAULTS = { latency: 0.8, too_many_rate: 0.1, error_rate: 0.1, drop_rate: 0.1 };

const sections = [["the-bot", [bot]], ["rate", [rateChart]], ["trouble", [trouble]], ["calls", [callList]]];

/** Adds a view to a section of the panel; a new section is the second. */
export function addToPanel(key, view) {
  const known = sections.find(([name]) => name === key);
  if (known) known[1].push(view);
  else sections.splice(1, 0, [key, [view]]);
}

export function controlPanel() {
  return h("section", { id: "panel", class: "panel", "aria-label": t("panel"), hidden: state.beside !== "panel" },
    h("header", { class: "bar" }, h("h2", {}, t("panel")), iconButton("close", t("close-panel"), () => showBeside(""))),
    h("div", { class: "panel-body" },
      sections.map(([key, views]) => h("section", { class: `panel-section of-${key}`, "aria-labelledby": `h-${key}` },
        h("h3", { id: `h-${key}` }, t(key)), views.map((view) => view())))));
}

addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && closePanelOverChat());

function bot() {
  // What is said of a bot in another terminal has not room beside the heading.
  const below = state.botState === "elsewhere" ? "below" : "";
  return h("p", { class: `bot-state ${below}` },
    h("span", { class: `light ${state.botState}` }),
    h("span", { role: "status" }, t(`bot-${state.botState}`)));
}

function trouble() {
  return Object.entries(FAULTS).map(([name, amount]) => h("label", { class: "switch", for: `fault-${name}` },
    h("span", { class: "switch-words" }, h("span", {}, t(name)), h("small", {}, t(`${name}-why`))),
    h("input", {
      type: "checkbox", role: "switch", id: `fault-${name}`, checked: Boolean(state.faults[name]),
      onchange: (event) => act("fault", { name, value: event.target.checked ? amount : 0 }),
    }),
    h("span", { class: "switch-track", "aria-hidden": "true" })));
}
