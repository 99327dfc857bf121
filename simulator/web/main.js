// Assembles the page and starts to follow changes.

import { drawChat } from "./chat.js";
import { drawControlPanel } from "./control_panel.js";
import { followUrl } from "./navigation.js";
import { drawNotices } from "./notices.js";
import { drawPeopleList } from "./people_list.js";
import { follow } from "./server_connection.js";
import { showTheme } from "./theme.js";
import { language } from "./translation.js";

document.documentElement.lang = language;
showTheme();
drawPeopleList(document.getElementById("people"));
drawChat(document.getElementById("chat"));
drawControlPanel(document.getElementById("panel"));
drawNotices(document.getElementById("notices"));
followUrl();
follow();
