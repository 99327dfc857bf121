// Assembles the page and starts to follow changes.

import { drawChat } from "./chat.js";
import { drawNotices } from "./notices.js";
import { drawPanel } from "./panel.js";
import { drawPeople } from "./people.js";
import { followAddress } from "./places.js";
import { showTheme } from "./theme.js";
import { follow } from "./wire.js";
import { language } from "./words.js";

document.documentElement.lang = language;
showTheme();
drawPeople(document.getElementById("people"));
drawChat(document.getElementById("chat"));
drawPanel(document.getElementById("panel"));
drawNotices(document.getElementById("notices"));
followAddress();
follow();
