// The rows of a chat, from top to bottom: the bot's description, days, bubbles, albums.

import { botAvatar } from "./avatar.js";
import { albumBubble, bubble } from "./bubble.js";
import { el } from "./dom.js";
import { state, tapKey } from "./store.js";
import { day, t } from "./words.js";

/** Returns the rows of a chat for `reconcile`. */
export function rowsOf(person) {
  const rows = [];
  if (!person.started) rows.push(description(person));
  let today = null;
  for (const group of grouped([...person.messages.values()])) {
    const [first] = group;
    const date = new Date(first.date * 1000).toDateString();
    if (date !== today) rows.push(dayRow(first.date, (today = date)));
    rows.push(first.service ? service(first) : shown(person, group));
  }
  return rows;
}

/** Groups the messages of each album; other messages stay single. */
function grouped(messages) {
  const groups = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (message.group && last?.[0].group === message.group) last.push(message);
    else groups.push([message]);
  }
  return groups;
}

function shown(person, group) {
  const [first] = group;
  const waiting = group.flatMap((message) => message.keyboard.flat())
    .map((button) => button.data && state.taps.has(tapKey(person.id, first.id, button.data)));
  const answered = first.reply ? person.messages.get(first.reply) : null;
  // Ticks are updated in place, so that a bubble with a picture need not be redrawn.
  const sign = JSON.stringify([group, waiting, answered?.text, person.gone || person.blocked], (name, value) => (name === "acknowledged" ? undefined : value));
  const make = (old) => {
    const node = group.length > 1 ? albumBubble(person, group, answered) : bubble(person, first, answered);
    if (!old) node.classList.add("arriving");
    return node;
  };
  return { key: `m${first.id}`, sign, make };
}

function description(person) {
  const make = () => el("section", { class: "description" },
    botAvatar(),
    el("h3", {}, t("what-can")),
    el("p", { dir: "auto" }, person.description));
  return { key: "description", sign: person.description, make };
}

function dayRow(date, key) {
  return { key: `d${key}`, sign: day(date), make: () => el("p", { class: "day" }, el("span", {}, day(date))) };
}

function service(message) {
  return { key: `m${message.id}`, sign: message.service, make: () => el("p", { class: "day" }, el("span", {}, t(message.service))) };
}
