// The buttons under a message, and what they do: taps with the bot's answers, and links.

import { askToConfirm, showAlert } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { safeAddress } from "./formatted_text.js";
import { copy, toast } from "./notices.js";
import { onChange, selectedPerson, state } from "./page_state.js";
import { actAs } from "./server_connection.js";
import { t } from "./translation.js";

/** Draws the buttons of a message, some of which are `waiting` for the bot's answer. */
export function inlineKeyboard(person, message, waiting) {
  return h("div", { class: "keyboard" }, message.keyboard.map((row) =>
    h("div", { class: "keyboard-row" }, row.map((button) => keyButton(person, message, button, waiting.includes(button))))));
}

function keyButton(person, message, button, waits) {
  return h("button", {
    class: ["key", button.style, waits && "waiting"].filter(Boolean).join(" "),
    dir: "auto",
    title: button.text,
    "aria-busy": waits && "true",
    disabled: person.gone || person.blocked,
    onclick: () => press(person, message, button),
  }, h("span", { class: "key-words" }, button.text), button.url && icon("out"), button.copy && icon("copy"));
}

function press(person, message, button) {
  if (button.data) actAs(person, "tap", { message: message.id, data: button.data });
  else if (button.url) openAddress(person, button.url);
  else if (button.copy) copy(button.copy);
}

onChange("answered", ({ person, text, alert, url }) => {
  if (person !== state.selected) return;
  if (url) openAddress(selectedPerson(), url);
  if (!text) return;
  if (alert) showAlert(state.bot.name, text);
  else toast(text);
});

function openAddress(person, address) {
  const url = new URL(address, "https://t.me");
  if (url.hostname === "t.me" && url.pathname === `/${state.bot.username}`) actAs(person, "start", { payload: url.searchParams.get("start") });
  else if (url.pathname === "/share/url" || address.startsWith("tg://msg_url")) {
    const words = [url.searchParams.get("text"), url.searchParams.get("url")].filter(Boolean).join("\n");
    offer(words, { title: t("share-address") });
  } else offer(address, { title: t("open-address"), text: t("open-outside") }, safeAddress(address));
}

/** Offers to open an address, or else to copy the words. */
function offer(words, about, href) {
  askToConfirm({
    ...about,
    body: h("p", { class: "address", dir: "auto" }, words),
    yes: t(href ? "open" : "copy-address"),
    done: () => (href ? open(href, "_blank", "noopener,noreferrer") : copy(words)),
  });
}
