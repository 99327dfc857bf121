// The control panel: the bot, the crowd, the rate, fault switches and every call.

import { drawCallList } from "./call_list.js";
import { el, iconButton } from "./dom.js";
import { closePanelOverChat, showPanel } from "./navigation.js";
import { redrawOn, state } from "./page_state.js";
import { drawRateChart } from "./rate_chart.js";
import { act } from "./server_connection.js";
import { t } from "./translation.js";

const FAULTS = { latency: 0.8, too_many_rate: 0.1, error_rate: 0.1, drop_rate: 0.1 };

export function drawControlPanel(root) {
  root.setAttribute("aria-label", t("panel"));
  addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && closePanelOverChat());
  root.append(
    el("header", { class: "bar" }, el("h2", {}, t("panel")), iconButton("close", t("close-panel"), () => showPanel(false))),
    el("div", { class: "panel-body" },
      sections.map(([key, draws]) => section(key, draws.map((draw) => draw())))));
}

const sections = [["the-bot", [bot]], ["rate", [drawRateChart]], ["trouble", [trouble]], ["calls", [drawCallList]]];

/** Adds something to a section of the panel, before the panel is drawn; a new section is the second. */
export function addToPanel(key, draw) {
  const known = sections.find(([name]) => name === key);
  if (known) known[1].push(draw);
  else sections.splice(1, 0, [key, [draw]]);
}

function section(key, content) {
  return el("section", { class: `panel-section of-${key}`, "aria-labelledby": `h-${key}` }, el("h3", { id: `h-${key}` }, t(key)), content);
}

function bot() {
  const light = el("span", { class: "light" });
  const said = el("span", { role: "status" });
  const shown = el("p", { class: "bot-state" }, light, said);
  redrawOn(["bot"], () => {
    light.className = `light ${state.botState}`;
    said.textContent = t(`bot-${state.botState}`);
    // What is said of a bot in another terminal has not room beside the heading.
    shown.classList.toggle("below", state.botState === "elsewhere");
  });
  return shown;
}

function trouble() {
  return Object.entries(FAULTS).map(([name, amount]) => {
    const toggle = el("input", { type: "checkbox", role: "switch", id: `fault-${name}`, onchange: () => act("fault", { name, value: toggle.checked ? amount : 0 }) });
    redrawOn(["faults"], () => (toggle.checked = Boolean(state.faults[name])));
    return el("label", { class: "switch", for: `fault-${name}` },
      el("span", { class: "switch-words" }, el("span", {}, t(name)), el("small", {}, t(`${name}-why`))),
      toggle,
      el("span", { class: "switch-track", "aria-hidden": "true" }));
  });
}
