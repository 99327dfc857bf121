// Adds to the page what it has for this bot, before the page is drawn.

import { sideButton } from "./chat.js";
import { panelSection } from "./control_panel.js";
import { askToConfirm } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { editor, narrowTabs } from "./editor.js";
import { addTopic, addView, state } from "./page_state.js";
import { act } from "./server_connection.js";
import { addWords, number, t } from "./translation.js";
import { hint, previewNotice } from "./tryout_notices.js";
import { WORDS } from "./words.js";

addWords({ ...WORDS, crowd: WORDS["Mil personas"] });
addTopic("crowd", { signing: false, wanted: 0, signed: 0, failed: 0 });
addTopic("preview", { folder: null, problems: [], warnings: [], unready: [] });
addTopic("editor");
addTopic("hints");
addView("notices", previewNotice);
addView("notices", hint);
addView("above", narrowTabs);
addView("bar", () => state.editor && sideButton("edit", t("Textos"), "editor", "not-narrow"));
addView("beside", editor);
addView("panel", () => panelSection("crowd", crowd()));
addView("bot", restart);

function restart() {
  if (state.bot_state === "elsewhere") return null;
  // The bot cannot start while the petition has problems: the one that shows it as it was goes on.
  const stays = state.preview.problems.length > 0;
  const button = (drawing, label, onclick, disabled) => h("button", { class: "button quiet", onclick, disabled }, icon(drawing), label);
  return h("div", {},
    h("p", { class: "hint" }, t("Se para y arranca de nuevo: sigue donde estaba, también a mitad de un envío.")),
    h("div", { class: "buttons" },
      button("restart", t("Reiniciar el bot"), () => act("restart"), stays || state.bot_state === "starting"),
      button("pen", t("Petición nueva"), confirmNewPetition, stays)));
}

function crowd() {
  const { signing, wanted, signed, failed } = state.crowd;
  return [
    h("button", { class: "button", onclick: () => act("crowd"), disabled: signing }, icon("people"), t("Mil personas firman")),
    wanted > 0 && h("progress", { class: "far", max: wanted, value: signed + failed, "aria-label": t("Mil personas") }),
    h("p", { class: "hint", role: "status" },
      wanted ? t("{signed} de {wanted} han firmado", { signed: number(signed), wanted: number(wanted) }) : t("Llegan a la vez y firman al ritmo que Telegram permite. Mira el contador; después, en el chat de Marta, cierra la petición y pide enviar el mensaje final, y apruébalo en el de Pau, que también administra."),
      failed > 0 && ` · ${t("{n} no han podido: ¿está cerrada la petición?", { n: number(failed) })}`),
  ];
}

function confirmNewPetition() {
  askToConfirm({ title: t("¿Empezar una petición nueva?"), text: t("Se borra todo lo de esta prueba: las conversaciones, las firmas, los envíos y las personas que hayas añadido. El bot empieza de cero. No se puede deshacer."), yes: t("Empezar"), danger: true, done: () => act("afresh") });
}
