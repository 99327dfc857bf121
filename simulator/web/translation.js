// The page's own words in its language. Messages of the bot and people are never translated.

import { WORDS } from "./dictionary.js";

/** Adds sentences, each in Spanish, then in English. */
export const addWords = (more) => Object.assign(WORDS, more);

const LANGUAGES = ["es", "en"];

function chosenLanguage() {
  const kept = localStorage.getItem("language");
  if (LANGUAGES.includes(kept)) return kept;
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2));
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? "es";
}

/** The language of the page. */
export const language = chosenLanguage();

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

// A bare "en" would be American English, and read "December 1" beside a bot's "1 December".
const REGION = { en: "en-GB" }[language] ?? language;

const timeFormat = (options) => {
  const { format } = new Intl.DateTimeFormat(REGION, { hourCycle: "h23", ...options });
  return (unix) => format(unix * 1000);
};
const TIME = { hour: "2-digit", minute: "2-digit" };

/** 1.530 in Spanish, 1,530 in English. */
export const number = new Intl.NumberFormat(language, { useGrouping: "always" }).format;

/** 14:05 */
export const timeOfDay = timeFormat(TIME);

/** 14:05:09 */
export const timeWithSeconds = timeFormat({ ...TIME, second: "2-digit" });

const dayInWords = timeFormat({ weekday: "long", day: "numeric", month: "long" });

/** A day, or «hoy». */
export function day(unix) {
  const isToday = new Date(unix * 1000).toDateString() === new Date().toDateString();
  return isToday ? t("today") : dayInWords(unix);
}

const PARTS = {
  w: { weekday: "long" },
  d: { day: "2-digit", month: "2-digit", year: "2-digit" },
  D: { day: "numeric", month: "long", year: "numeric" },
  t: TIME,
  T: { ...TIME, second: "2-digit" },
};
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** A moment as Telegram's `date_time_format` asks for it: «jueves, 26 de noviembre de 2026, 18:30». */
export function momentInWords(unix, format) {
  if (format !== "r") return timeFormat(Object.assign({}, ...[...format].map((part) => PARTS[part])))(unix);
  const ahead = Math.round(unix - Date.now() / 1000);
  const [unit, size] = UNITS.find(([, seconds]) => Math.abs(ahead) >= seconds) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(ahead / size), unit);
}

const languageNames = new Intl.DisplayNames([language], { type: "language" });

/** The name of a language, such as «catalán». */
export const languageName = (tag) => (tag ? languageNames.of(tag) : t("no-language"));

/** 12 kB */
export function fileSize(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  return `${value.toLocaleString(language, { maximumFractionDigits: value < 10 ? 1 : 0 })} ${unit}`;
}

const IN_SPANISH = [
  [/^that message is not there any more$/, "ese mensaje ya no está"],
  [/^a message has 1 to (\d+) characters$/, "un mensaje tiene como mucho $1 caracteres"],
  [/^a caption has at most (\d+) characters$/, "el pie de una foto tiene como mucho $1 caracteres"],
  [/^the page shows (\d+) people at most$/, "aquí caben $1 personas como mucho"],
  [/^there is no bot now$/, "ahora mismo no hay bot"],
  [/^(.+) has blocked the bot$/, "$1 ha bloqueado el bot"],
  [/^(.+) has no account any more$/, "$1 ya no tiene cuenta"],
  [/^.*(IMAGE_PROCESS_FAILED|PHOTO_).*$/, "ese archivo no es una foto que Telegram entienda"],
];

/** Returns the reason in the language of the page. */
export function translatedRefusal(sentence) {
  const known = language === "es" && IN_SPANISH.find(([pattern]) => pattern.test(sentence));
  return known ? sentence.replace(known[0], known[1]) : sentence;
}
