// The list of the bot's calls, newest first, with parameters and answers.

import { el, fill, reconcile } from "./dom.js";
import { redrawOn, state } from "./page_state.js";
import { number, t, timeWithSeconds } from "./translation.js";

const SHOWN = 100;
let paused = false;
let polls = false;

export function drawCallList() {
  const list = el("ul", { class: "calls" });
  const more = el("p", { class: "hint" });
  const pause = el("button", { type: "button", class: "link-button", "aria-pressed": "false", onclick: hold }, t("calls-pause"));
  const all = el("input", { type: "checkbox", id: "all-calls", onchange: () => { polls = all.checked; draw(); } });

  function hold() {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = t(paused ? "calls-resume" : "calls-pause");
    if (!paused) draw();
  }

  function draw() {
    if (paused) return;
    const shown = state.calls.filter((call) => polls || call.method !== "getUpdates").slice(0, SHOWN);
    reconcile(list, shown.map((call) => ({ key: String(call.number), sign: "", make: () => row(call) })));
    more.hidden = shown.length > 0 && !state.missed;
    fill(more, shown.length ? t("calls-missed", { n: number(state.missed) }) : t("calls-none"));
  }

  redrawOn(["calls"], draw);
  return [
    el("div", { class: "calls-bar" }, pause, el("label", { for: "all-calls" }, all, t("calls-polls"))),
    list, more,
  ];
}

function row(call) {
  const details = el("details", { class: "call" },
    el("summary", {},
      el("span", { class: `status ${STATUS[Math.floor(call.status / 100)] ?? "bad"}` }, call.status || t("cut")),
      el("span", { class: "method" }, call.method),
      el("bdi", { class: "whose" }, call.whose ?? (call.chat ? String(call.chat) : "")),
      el("time", {}, timeWithSeconds(call.at)),
      el("span", { class: "took" }, `${number(Math.round(call.ms))} ms`)));
  details.addEventListener("toggle", () => details.open && details.childElementCount === 1 && details.append(
    el("h4", {}, t("parameters")), json(call.params),
    el("h4", {}, t("answer")), json(call.error ? { error_code: call.status, description: call.error } : call.answer)));
  return el("li", {}, details);
}

const STATUS = { 2: "good", 4: "doubtful", 5: "bad" };

function json(value) {
  return el("pre", { tabindex: "0" }, JSON.stringify(value, null, 2));
}
