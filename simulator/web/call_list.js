// The list of the bot's calls, newest first, with parameters and answers.

import { h } from "./dom.js";
import { redraw, state } from "./page_state.js";
import { number, t, timeWithSeconds } from "./translation.js";

const SHOWN = 100;

export function callList() {
  const { calls, missed } = state.heldCalls ?? state;
  const shown = calls.filter((call) => state.showsPolls || call.method !== "getUpdates").slice(0, SHOWN);
  return [
    h("div", { class: "calls-bar" },
      h("button", { type: "button", class: "link-button", "aria-pressed": String(Boolean(state.heldCalls)), onclick: hold }, t(state.heldCalls ? "calls-resume" : "calls-pause")),
      h("label", { for: "all-calls" },
        h("input", { type: "checkbox", id: "all-calls", checked: state.showsPolls, onchange: showPolls }), t("calls-polls"))),
    h("ul", { class: "calls" }, shown.map((call) => h(row, { key: call.number, call, isOpen: call.isOpen }))),
    shown.length === 0 ? h("p", { class: "hint" }, t("calls-none"))
      : missed > 0 && h("p", { class: "hint" }, t("calls-missed", { n: number(missed) })),
  ];
}

/** Keeps the list as it is, or follows the calls again. */
function hold() {
  state.heldCalls = state.heldCalls ? null : { calls: state.calls, missed: state.missed };
  redraw();
}

function showPolls(event) {
  state.showsPolls = event.target.checked;
  redraw();
}

function row({ call, isOpen }) {
  const toggle = (event) => {
    call.isOpen = event.target.open;
    redraw();
  };
  return h("li", {}, h("details", { class: "call", ontoggle: toggle },
    h("summary", {},
      h("span", { class: `status ${STATUS[Math.floor(call.status / 100)] ?? "bad"}` }, call.status || t("cut")),
      h("span", { class: "method" }, call.method),
      h("bdi", { class: "whose" }, call.whose ?? call.chat),
      h("time", {}, timeWithSeconds(call.at)),
      h("span", { class: "took" }, `${number(Math.round(call.ms))} ms`)),
    isOpen && [
      h("h4", {}, t("parameters")), json(call.params),
      h("h4", {}, t("answer")), json(call.error ? { error_code: call.status, description: call.error } : call.answer),
    ]));
}

const STATUS = { 2: "good", 4: "doubtful", 5: "bad" };

function json(value) {
  return h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2));
}
