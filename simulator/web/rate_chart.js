// The chart of messages per second over the last minute, with Telegram's limit.

import { h } from "./dom.js";
import { now, state } from "./page_state.js";
import { number, t } from "./translation.js";

const SECONDS = 60;
const WIDTH = 320;
const HEIGHT = 112;
const TOP = 16;
const BASE = HEIGHT - 18;
const STEP = WIDTH / SECONDS;

export function rateChart() {
  const { limit, seconds } = state;
  const last = Math.floor(now()) - 1;
  const minute = Array.from({ length: SECONDS }, (_, place) => seconds.get(last - SECONDS + 1 + place) ?? { sent: 0, refused: 0 });
  const most = Math.max(...minute.map(({ sent }) => sent));
  const current = minute.at(-1).sent;
  const scale = (BASE - TOP) / Math.max(limit, most);
  const level = BASE - limit * scale;
  return [
    h("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": t("rate-said", { now: current, most, limit }) },
      h("g", { class: "chart-bars" }, minute.map(({ sent }, place) => sent > 0 && bar(place, sent * scale))),
      h("g", { class: "chart-refused" }, minute.map(({ refused }, place) => refused > 0 && h("circle", { cx: (place + 0.5) * STEP, cy: BASE - 4, r: 2.6 }))),
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

function bar(place, height) {
  return h("rect", { x: place * STEP + 0.6, y: BASE - height, width: STEP - 1.2, height, rx: 1.2 });
}

function line(name, y) {
  return h("line", { class: name, x1: 0, x2: WIDTH, y1: y, y2: y });
}

function words(anchor, y, said) {
  return h("text", { class: "chart-words", x: anchor === "end" ? WIDTH : 0, y, "text-anchor": anchor }, said);
}

function figure(key, value) {
  return h("div", {}, h("dt", {}, t(key)), h("dd", {}, number(value)));
}
