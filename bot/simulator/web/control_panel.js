// The control panel: the bot, the crowd, the rate, fault switches and every call.

import { drawCallList } from "./call_list.js";
import { confirmNewPetition } from "./dialogs.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { closePanelOverChat, showPanel } from "./navigation.js";
import { redrawOn, state } from "./page_state.js";
import { drawRateChart } from "./rate_chart.js";
import { act } from "./server_connection.js";
import { number, t } from "./translation.js";

const FAULTS = { latency: 0.8, too_many_rate: 0.1, error_rate: 0.1, drop_rate: 0.1 };

export function drawControlPanel(root) {
  root.setAttribute("aria-label", t("panel"));
  addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && closePanelOverChat());
  root.append(
    el("header", { class: "bar" }, el("h2", {}, t("panel")), iconButton("close", t("close-panel"), () => showPanel(false))),
    el("div", { class: "panel-body" },
      section("the-bot", bot()),
      section("crowd", crowd()),
      section("rate", drawRateChart()),
      section("trouble", trouble()),
      section("calls", drawCallList())));
}

function section(key, content) {
  return el("section", { class: `panel-section of-${key}`, "aria-labelledby": `h-${key}` }, el("h3", { id: `h-${key}` }, t(key)), content);
}

function bot() {
  const light = el("span", { class: "light" });
  const said = el("span", { role: "status" });
  const restart = el("button", { type: "button", class: "button quiet", onclick: () => act("restart") }, icon("restart"), t("restart"));
  const afresh = el("button", { type: "button", class: "button quiet", onclick: confirmNewPetition }, icon("pen"), t("afresh"));
  const ours = el("div", {}, el("p", { class: "hint" }, t("restart-why")), el("div", { class: "buttons" }, restart, afresh));
  const shown = el("p", { class: "bot-state" }, light, said);
  redrawOn(["bot"], () => {
    light.className = `light ${state.botState}`;
    said.textContent = t(`bot-${state.botState}`);
    restart.disabled = state.botState === "starting";
    ours.hidden = state.botState === "elsewhere";
    // What is said of a bot in another terminal has not room beside the heading.
    shown.classList.toggle("below", state.botState === "elsewhere");
  });
  return [shown, ours];
}

function crowd() {
  const come = el("button", { type: "button", class: "button", onclick: () => act("crowd") }, icon("people"), t("crowd-come"));
  const far = el("progress", { class: "far", max: "1", "aria-label": t("crowd") });
  const said = el("p", { class: "hint", role: "status" });
  redrawOn(["crowd"], () => {
    const { signing, wanted, signed, failed } = state.crowd;
    come.disabled = signing;
    far.hidden = !wanted;
    far.max = wanted || 1;
    far.value = signed + failed;
    fill(said, wanted ? t("crowd-signed", { signed: number(signed), wanted: number(wanted) }) : t("crowd-why"),
      failed > 0 && ` · ${t("crowd-away", { n: number(failed) })}`);
  });
  return [come, far, said];
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
