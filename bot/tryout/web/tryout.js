// Adds to the page what it has for this bot, before the page is drawn.

import { editorIsShown, openSigner, showEditor } from "./beside.js";
import { addSideButton, sideButton } from "./chat.js";
import { addToPanel } from "./control_panel.js";
import { el } from "./dom.js";
import { readToken } from "./edit_requests.js";
import { drawEditor } from "./editor.js";
import { addNotice } from "./notices.js";
import { addTopic, redrawOn, state } from "./page_state.js";
import { WORDS } from "./petition_words.js";
import { addWords } from "./translation.js";
import { hint, previewNotice } from "./tryout_notices.js";
import { drawCrowd, drawRestart } from "./tryout_panel.js";

addWords(WORDS);
addTopic("crowd", { signing: false, wanted: 0, signed: 0, failed: 0 });
addTopic("preview", { folder: null, problems: [], warnings: [], unready: [] });
addTopic("editor");
addTopic("hints");
readToken();
redrawOn(["selection"], openSigner);
addNotice(["preview", "bot", "editor", "unsaved"], previewNotice);
addNotice(["hints", "opened"], hint);
addToPanel("crowd", drawCrowd);
addToPanel("the-bot", drawRestart);
addSideButton(() => {
  const texts = sideButton("edit", "texts", showEditor, editorIsShown, "not-narrow");
  redrawOn(["editor"], () => (texts.hidden = !state.editor));
  return texts;
});

const tabs = el("nav", { id: "tabs", class: "tabs", hidden: true });
const editor = el("section", { id: "editor", class: "panel editor", hidden: true });
document.getElementById("app").before(tabs);
document.getElementById("app").append(editor);
drawEditor(editor, tabs);
