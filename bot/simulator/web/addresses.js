// Link buttons: start links work inside the page; other addresses are shown before they open.

import { ask } from "./dialog.js";
import { el } from "./dom.js";
import { safeAddress } from "./entities.js";
import { state } from "./store.js";
import { toast } from "./toast.js";
import { actAs } from "./wire.js";
import { t } from "./words.js";

export function openAddress(person, address) {
  const url = new URL(address, "https://t.me");
  if (url.hostname === "t.me" && url.pathname === `/${state.bot.username}`) {
    actAs(person, "start", { payload: url.searchParams.get("start") ?? "" });
    return;
  }
  const shared = url.pathname === "/share/url" || address.startsWith("tg://msg_url");
  if (shared) share(url);
  else outside(address);
}

function share(url) {
  const words = [url.searchParams.get("text"), url.searchParams.get("url")].filter(Boolean).join("\n");
  ask({
    title: t("share-address"),
    body: el("p", { class: "address", dir: "auto" }, words),
    yes: t("copy-address"),
    done: () => copy(words),
  });
}

function outside(address) {
  const href = safeAddress(address);
  ask({
    title: t("open-address"),
    text: t("open-outside"),
    body: el("p", { class: "address" }, address),
    yes: t(href ? "open" : "copy-address"),
    done: () => (href ? open(href, "_blank", "noopener,noreferrer") : copy(address)),
  });
}

/** Copies a text to the clipboard, which browsers offer only in a secure context. */
export function copy(words) {
  const done = navigator.clipboard?.writeText(words) ?? Promise.reject();
  done.then(() => toast(t("copied")), () => toast(t("not-copied")));
}
