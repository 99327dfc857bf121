// Draws the page, and starts to follow changes.

import { chat } from "./chat.js";
import { controlPanel } from "./control_panel.js";
import { dialogs } from "./dialogs.js";
import { h, patch } from "./dom.js";
import { followUrl } from "./navigation.js";
import { notices, toasts } from "./notices.js";
import { added, drawBy, redraw, state } from "./page_state.js";
import { peopleList } from "./people_list.js";
import { popupMenu } from "./popup_menus.js";
import { follow } from "./server_connection.js";
import { showTheme } from "./theme.js";
import { language } from "./translation.js";

function page() {
  const { view, beside } = state;
  return [
    notices(),
    added.above.map((each) => each()),
    h("main", { id: "app", class: "app", "data-view": view, "data-panel": beside ? "open" : "closed", "data-beside": beside },
      peopleList(), chat(), controlPanel(), added.beside.map((each) => each()), popupMenu()),
    toasts(),
    dialogs(),
  ];
}

document.documentElement.lang = language;
showTheme();
followUrl();
drawBy(() => patch(document.body, ...page()));
// The chart of the last minute moves on.
setInterval(() => document.hidden || redraw(), 1000);
follow();
