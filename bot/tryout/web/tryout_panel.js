// What the control panel has for this bot: to restart it, to begin again, and a crowd that signs.

import { el, fill, icon } from "./dom.js";
import { redrawOn, state } from "./page_state.js";
import { act } from "./server_connection.js";
import { number, t } from "./translation.js";
import { confirmNewPetition } from "./tryout_dialogs.js";

export function drawRestart() {
  const restart = el("button", { type: "button", class: "button quiet", onclick: () => act("restart") }, icon("restart"), t("restart"));
  const afresh = el("button", { type: "button", class: "button quiet", onclick: confirmNewPetition }, icon("pen"), t("afresh"));
  const ours = el("div", {}, el("p", { class: "hint" }, t("restart-why")), el("div", { class: "buttons" }, restart, afresh));
  redrawOn(["bot"], () => {
    restart.disabled = state.botState === "starting";
    ours.hidden = state.botState === "elsewhere";
  });
  return ours;
}

export function drawCrowd() {
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
