// The chart of messages per second over the last minute, with Telegram's limit.

import { el, fill, svg } from "./dom.js";
import { now, redrawOn, state } from "./page_state.js";
import { number, t } from "./translation.js";

const SECONDS = 60;
const WIDTH = 320;
const HEIGHT = 112;
const TOP = 16;
const BASE = HEIGHT - 18;
const STEP = WIDTH / SECONDS;

export function drawRateChart() {
  const bars = svg("g", { class: "chart-bars" });
  const refusals = svg("g", { class: "chart-refused" });
  const limit = svg("line", { class: "chart-limit", x1: "0", x2: WIDTH });
  const limitWords = svg("text", { class: "chart-words", x: WIDTH, "text-anchor": "end" });
  const picture = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" },
    bars, refusals, limit, limitWords,
    svg("line", { class: "chart-base", x1: "0", x2: WIDTH, y1: BASE, y2: BASE }),
    svg("text", { class: "chart-words", x: "0", y: HEIGHT - 4 }, t("seconds-ago")),
    svg("text", { class: "chart-words", x: WIDTH, y: HEIGHT - 4, "text-anchor": "end" }, t("now")));
  const figures = el("dl", { class: "figures" });

  function draw() {
    const last = Math.floor(now()) - 1;
    const minute = Array.from({ length: SECONDS }, (_, place) => state.seconds.get(last - SECONDS + 1 + place));
    const sent = minute.map((second) => second?.sent ?? 0);
    const refused = minute.map((second) => second?.refused ?? 0);
    const most = Math.max(...sent);
    const scale = (BASE - TOP) / Math.max(state.limit, most);
    const level = BASE - state.limit * scale;
    fill(bars, sent.map((n, place) => n > 0 && bar(place, n * scale)));
    fill(refusals, refused.map((n, place) => n > 0 && svg("circle", { cx: (place + 0.5) * STEP, cy: BASE - 4, r: 2.6 })));
    limit.setAttribute("y1", level);
    limit.setAttribute("y2", level);
    limitWords.setAttribute("y", level - 4);
    limitWords.textContent = t("rate-limit", { n: state.limit });
    const current = sent.at(-1);
    picture.setAttribute("aria-label", t("rate-said", { now: current, most, limit: state.limit }));
    fill(figures, figure("rate-now", current), figure("rate-most", most), figure("rate-refused", refused.reduce((a, b) => a + b)));
  }

  redrawOn(["rate"], draw);
  setInterval(() => !document.hidden && draw(), 1000);
  return [picture, figures];
}

function bar(place, height) {
  return svg("rect", { x: place * STEP + 0.6, y: BASE - height, width: STEP - 1.2, height, rx: 1.2 });
}

function figure(key, value) {
  return el("div", {}, el("dt", {}, t(key)), el("dd", {}, number(value)));
}
