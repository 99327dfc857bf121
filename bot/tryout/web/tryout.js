// Adds to the page what it has for this bot, before the page is drawn.

import { openSigner } from "./beside.js";
import { sideButton } from "./chat.js";
import { addToPanel } from "./control_panel.js";
import { el } from "./dom.js";
import { readToken } from "./edit_requests.js";
import { drawEditor } from "./editor.js";
import { addTopic, addView, onChange, state } from "./page_state.js";
import { WORDS } from "./petition_words.js";
import { addWords } from "./translation.js";
import { hint, previewNotice } from "./tryout_notices.js";
import { crowd, restart } from "./tryout_panel.js";

addWords(WORDS);
addTopic("crowd", { signing: false, wanted: 0, signed: 0, failed: 0 });
addTopic("preview", { folder: null, problems: [], warnings: [], unready: [] });
addTopic("editor");
addTopic("hints");
readToken();
onChange("all", openSigner);
addView("notices", previewNotice);
addView("notices", hint);
addToPanel("crowd", crowd);
addToPanel("the-bot", restart);
addView("bar", () => state.editor && sideButton("edit", "texts", "editor", "not-narrow"));

const tabs = el("nav", { id: "tabs", class: "tabs", hidden: true });
const editor = el("section", { id: "editor", class: "panel editor", hidden: true });
addView("above", () => tabs);
addView("beside", () => editor);
drawEditor(editor, tabs);
