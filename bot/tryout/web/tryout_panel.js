// What the control panel has for this bot: to restart it, to begin again, and a crowd that signs.

import { h, icon } from "./dom.js";
import { state } from "./page_state.js";
import { act } from "./server_connection.js";
import { number, t } from "./translation.js";
import { confirmNewPetition } from "./tryout_dialogs.js";

export function restart() {
  const { botState } = state;
  if (botState === "elsewhere") return null;
  const button = (drawing, key, onclick, disabled) => h("button", { type: "button", class: "button quiet", onclick, disabled }, icon(drawing), t(key));
  return h("div", {},
    h("p", { class: "hint" }, t("restart-why")),
    h("div", { class: "buttons" },
      button("restart", "restart", () => act("restart"), botState === "starting"),
      button("pen", "afresh", confirmNewPetition)));
}

export function crowd() {
  const { signing, wanted, signed, failed } = state.crowd;
  return [
    h("button", { type: "button", class: "button", onclick: () => act("crowd"), disabled: signing }, icon("people"), t("crowd-come")),
    wanted > 0 && h("progress", { class: "far", max: wanted, value: signed + failed, "aria-label": t("crowd") }),
    h("p", { class: "hint", role: "status" },
      wanted ? t("crowd-signed", { signed: number(signed), wanted: number(wanted) }) : t("crowd-why"),
      failed > 0 && ` · ${t("crowd-away", { n: number(failed) })}`),
  ];
}
