// The page's own words in its language. Messages of the bot and people are never translated.

import { WORDS } from "./dictionary.js";

const LANGUAGES = ["es", "en"];

function chosen() {
  const kept = localStorage.getItem("language");
  if (LANGUAGES.includes(kept)) return kept;
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2));
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? "es";
}

/** The language of the page. */
export const language = chosen();

/** Switches the page to its other language. */
export function switchLanguage() {
  localStorage.setItem("language", language === "es" ? "en" : "es");
  location.reload();
}

/** Returns a sentence of the page; `{name}` is replaced by a value. */
export function t(key, values = {}) {
  const sentence = WORDS[key]?.[LANGUAGES.indexOf(language)] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const numbers = new Intl.NumberFormat(language, { useGrouping: "always" });
const times = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const seconds = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const days = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const tongues = new Intl.DisplayNames([language], { type: "language" });

/** 1.530 in Spanish, 1,530 in English. */
export const number = (n) => numbers.format(n);

/** 14:05 */
export const clock = (unix) => times.format(unix * 1000);

/** 14:05:09 */
export const clockWithSeconds = (unix) => seconds.format(unix * 1000);

/** A day, or «hoy». */
export function day(unix) {
  const when = new Date(unix * 1000);
  return when.toDateString() === new Date().toDateString() ? t("today") : days.format(when);
}

/** The name of a language, such as «catalán». */
export function tongue(tag) {
  try {
    return tag ? tongues.of(tag) : t("no-language");
  } catch {
    return tag;
  }
}

/** 12 kB */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  return `${value.toLocaleString(language, { maximumFractionDigits: value < 10 ? 1 : 0 })} ${unit}`;
}
