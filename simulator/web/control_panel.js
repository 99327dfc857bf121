// The control panel: the bot, its messages per second, fault switches, its calls, and what a program adds.

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
      panelSection("rate", rateChart()), panelSection("trouble", trouble()), panelSection("calls", callList())));
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

const SECONDS = 60;
const WIDTH = 320;
const HEIGHT = 112;
const TOP = 16;
const BASE = HEIGHT - 18;
const STEP = WIDTH / SECONDS;

/** The messages of each second of the last minute, with Telegram's limit. */
function rateChart() {
  const { limit, seconds } = state;
  const counted = new Map(seconds.map((second) => [second.at, second]));
  const last = Math.floor(Date.now() / 1000) - 1;
  const minute = Array.from({ length: SECONDS }, (_, place) => counted.get(last - SECONDS + 1 + place) ?? { sent: 0, refused: 0 });
  const most = Math.max(...minute.map(({ sent }) => sent));
  const current = minute.at(-1).sent;
  const scale = (BASE - TOP) / Math.max(limit, most);
  const level = BASE - limit * scale;
  const bar = (place, height) => h("rect", { x: place * STEP + 0.6, y: BASE - height, width: STEP - 1.2, height, rx: 1.2 });
  const dot = (place) => h("circle", { cx: (place + 0.5) * STEP, cy: BASE - 4, r: 2.6 });
  const line = (name, y) => h("line", { class: name, x1: 0, x2: WIDTH, y1: y, y2: y });
  const words = (anchor, y, said) => h("text", { class: "chart-words", x: anchor === "end" ? WIDTH : 0, y, "text-anchor": anchor }, said);
  const figure = (key, value) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, number(value)));
  return [
    h("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": t("rate-said", { now: current, most, limit }) },
      h("g", { class: "chart-bars" }, minute.map(({ sent }, place) => sent > 0 && bar(place, sent * scale))),
      h("g", { class: "chart-refused" }, minute.map(({ refused }, place) => refused > 0 && dot(place))),
      line("chart-limit", level),
      words("end", level - 4, t("rate-limit", { n: limit })),
      line("chart-base", BASE),
      words("start", HEIGHT - 4, t("seconds-ago")),
      words("end", HEIGHT - 4, t("now"))),
    h("dl", { class: "figures" },
      figure("rate-now", current),
      figure("rate-most", most),
      figure("rate-refused", minute.reduce((sum, { refused }) => sum + refused, 0))),
  ];
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
