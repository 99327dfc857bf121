// Draws the page, and starts to follow changes.

import { chat } from "./chat.js";
import { controlPanel } from "./control_panel.js";
import { dialogs } from "./dialogs.js";
import { h, patch } from "./dom.js";
import { followUrl } from "./navigation.js";
import { notices, toasts } from "./notices.js";
import { added, drawBy, state } from "./page_state.js";
import { peopleList } from "./people_list.js";
import { follow } from "./server_connection.js";
import { language } from "./translation.js";

function page() {
  const { view, beside } = state;
  return [
    notices(),
    added.above.map((each) => each()),
    h("main", { id: "app", class: "app", "data-view": view, "data-panel": beside ? "open" : "closed", "data-beside": beside },
      peopleList(), chat(), controlPanel(), added.beside.map((each) => each())),
    toasts(),
    dialogs(),
  ];
}

document.documentElement.lang = language;
drawBy(() => patch(document.body, ...page()));
followUrl();
follow();
