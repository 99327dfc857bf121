// Adds to the page what it has for this bot, before the page is drawn.

import { sideButton } from "./chat.js";
import { addToPanel } from "./control_panel.js";
import { readToken } from "./edit_requests.js";
import { editor, narrowTabs } from "./editor.js";
import { addTopic, addView, state } from "./page_state.js";
import { addWords, t } from "./translation.js";
import { hint, previewNotice } from "./tryout_notices.js";
import { crowd, restart } from "./tryout_panel.js";
import { WORDS } from "./words.js";

addWords({ ...WORDS, crowd: WORDS["Mil personas"] });
addTopic("crowd", { signing: false, wanted: 0, signed: 0, failed: 0 });
addTopic("preview", { folder: null, problems: [], warnings: [], unready: [] });
addTopic("editor");
addTopic("hints");
readToken();
addView("notices", previewNotice);
addView("notices", hint);
addView("above", narrowTabs);
addView("bar", () => state.editor && sideButton("edit", t("Textos"), "editor", "not-narrow"));
addView("beside", editor);
addToPanel("crowd", crowd);
addToPanel("the-bot", restart);
