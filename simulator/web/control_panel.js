// The control panel: the bot, fault switches, its calls, and what a program adds.

import { h, iconButton, switchButton } from "./dom.js";
import { closePanelOverChat, showBeside } from "./navigation.js";
import { added, state } from "./page_state.js";
import { act } from "./server_connection.js";
import { number, t, timeWithSeconds } from "./translation.js";

export function controlPanel() {
  return h("section", { id: "panel", class: "panel", "aria-label": t("panel"), hidden: state.beside !== "panel" },
    h("header", { class: "bar" }, h("h2", {}, t("panel")), iconButton("close", t("close-panel"), () => showBeside(""))),
    h("div", { class: "panel-body" },
      panelSection("the-bot", bot(), added.bot.map((view) => view())),
      added.panel.map((view) => view()),
      panelSection("trouble", trouble()), panelSection("calls", callList())));
}

export const panelSection = (key, ...views) => h("section", { class: `panel-section of-${key}`, "aria-labelledby": `h-${key}` },
  h("h3", { id: `h-${key}` }, t(key)), views);

addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && closePanelOverChat());

function bot() {
  // What is said of a bot in another terminal has not room beside the heading.
  const isElsewhere = state.bot_state === "elsewhere";
  return h("p", { class: isElsewhere ? "bot-state below" : "bot-state" },
    h("span", { class: `light ${state.bot_state}` }),
    h("span", { role: "status" }, t(`bot-${state.bot_state}`)));
}

const FAULTS = { latency: 0.8, too_many_rate: 0.1, error_rate: 0.1, drop_rate: 0.1 };

function trouble() {
  return Object.entries(FAULTS).map(([name, amount]) => {
    const onchange = (event) => act("fault", { name, value: event.target.checked ? amount : 0 });
    const words = [h("span", {}, t(name)), h("small", {}, t(`${name}-why`))];
    return switchButton({ id: `fault-${name}`, checked: Boolean(state.faults[name]), onchange }, words);
  });
}

/** The bot's calls, newest first, with parameters and answers. */
function callList() {
  return [
    h("ul", { class: "calls" }, state.calls.map((call) => h(callRow, { key: call.number, call }))),
    state.calls.length === 0 && h("p", { class: "hint" }, t("calls-none")),
  ];
}

const STATUS = { 2: "good", 4: "doubtful", 5: "bad" };

function callRow({ call }) {
  const { status, error } = call;
  const json = (value) => h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2));
  return h("li", {}, h("details", { class: "call" },
    h("summary", {},
      h("span", { class: `status ${STATUS[Math.floor(status / 100)] ?? "bad"}` }, status || t("cut")),
      h("span", { class: "method" }, call.method),
      h("bdi", { class: "whose" }, call.whose ?? call.chat),
      h("time", {}, timeWithSeconds(call.at)),
      h("span", { class: "took" }, `${number(Math.round(call.ms))} ms`)),
    h("h4", {}, t("parameters")), json(call.params),
    h("h4", {}, t("answer")), json(error ? { error_code: status, description: error } : call.answer)));
}
