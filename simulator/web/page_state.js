// The state of the page and its subscribers. Changes come in through `applyChange`, in order.

const CALLS_KEPT = 150;
const SECONDS_KEPT = 90;
const ACTION_SECONDS = 5;
const TAP_MILLISECONDS = 20_000;

export const state = {
  connected: true,
  bot: { name: "", username: "" },
  botState: "starting",
  people: new Map(),
  selected: null,
  calls: [],
  missed: 0,
  seconds: new Map(),
  limit: 30,
  clockOffset: 0,
  taps: new Map(),
};

const drawers = new Map();
const listeners = new Map();
const dirty = new Set();
let planned = false;

/** Redraws, before the next frame, whenever one of these topics has changed. */
export function redrawOn(topics, draw) {
  for (const topic of topics) {
    if (!drawers.has(topic)) drawers.set(topic, new Set());
    drawers.get(topic).add(draw);
  }
}

/** Calls a listener at once for each change of one kind. */
export function onChange(kind, listener) {
  listeners.set(kind, [...(listeners.get(kind) ?? []), listener]);
}

/** Marks a topic as changed. */
export function markChanged(...topics) {
  for (const topic of topics) dirty.add(topic);
  if (planned) return;
  planned = true;
  // A page in the background gets no animation frames, so it needs a timer.
  document.hidden ? setTimeout(draw) : requestAnimationFrame(draw);
}

function draw() {
  planned = false;
  const drawing = new Set([...dirty].flatMap((topic) => [...(drawers.get(topic) ?? [])]));
  dirty.clear();
  for (const each of drawing) each();
}

/** The person whose phone is open. */
export const selectedPerson = () => state.people.get(state.selected) ?? null;

/** How many messages of the bot a person has not read. */
export function unreadCount(person) {
  let count = 0;
  for (const message of person.messages.values()) count += !message.mine && message.id > person.read;
  return count;
}

/** The time of the simulator's clock. */
export const now = () => Date.now() / 1000 + state.clockOffset;

const tapKey = (person, message, data) => `${person} ${message} ${data}`;

/** Whether a tap on a button waits for the bot's answer. */
export const isWaiting = (person, message, button) => Boolean(button.data) && state.taps.has(tapKey(person.id, message.id, button.data));

/** Applies one change from the server. */
export function applyChange(change) {
  CHANGES[change.kind]?.(change);
  for (const listener of listeners.get(change.kind) ?? []) listener(change);
}

const CHANGES = {
  all(everything) {
    state.people = new Map((everything.people ?? []).map((person) => [person.id, { ...person, messages: byKey(person.messages, "id"), action: null }]));
    state.bot = everything.bot ?? state.bot;
    state.botState = everything.state;
    for (const [topic, initial] of whole) state[topic] = everything[topic] ?? initial;
    state.limit = everything.limit ?? state.limit;
    state.clockOffset = everything.now ? everything.now - Date.now() / 1000 : 0;
    state.calls = (everything.calls ?? []).reverse();
    state.missed = 0;
    state.seconds = byKey(everything.seconds ?? [], "at");
    state.taps.clear();
    if (!state.people.has(state.selected)) state.selected = null;
    markChanged("people", "chat", "bot", "calls", "rate", ...whole.keys(), "selection");
  },
  person({ person }) {
    const known = state.people.get(person.id);
    state.people.set(person.id, { ...person, messages: known?.messages ?? new Map(), action: known?.action });
    markChanged("people", "chat");
  },
  message({ person, message }) {
    const known = state.people.get(person);
    if (!known) return;
    known.messages.set(message.id, message);
    if (!message.mine) known.action = null;
    markChanged("people", "chat");
  },
  acknowledged({ person, message }) {
    const known = state.people.get(person)?.messages.get(message);
    if (known) known.acknowledged = true;
    markChanged("chat");
  },
  deleted({ person, message }) {
    state.people.get(person)?.messages.delete(message);
    markChanged("people", "chat");
  },
  read({ person, message }) {
    const known = state.people.get(person);
    if (known) known.read = message;
    markChanged("people");
  },
  action({ person, action }) {
    const known = state.people.get(person);
    if (!known) return;
    const acting = (known.action = { action });
    markChanged("people", "chat");
    setTimeout(() => {
      if (known.action !== acting) return;
      known.action = null;
      markChanged("people", "chat");
    }, ACTION_SECONDS * 1000);
  },
  tapped({ person, message, data }) {
    if (!data) return;
    const key = tapKey(person, message, data);
    state.taps.set(key, setTimeout(() => clearTap(key), TAP_MILLISECONDS));
    markChanged("chat");
  },
  answered({ person, message, data }) {
    clearTap(tapKey(person, message, data));
  },
  calls({ calls, missed }) {
    state.calls.unshift(...calls.reverse());
    state.missed += missed + Math.max(0, state.calls.length - CALLS_KEPT);
    state.calls.length = Math.min(state.calls.length, CALLS_KEPT);
    markChanged("calls");
  },
  pulse({ seconds }) {
    for (const second of seconds) state.seconds.set(second.at, second);
    while (state.seconds.size > SECONDS_KEPT) state.seconds.delete(state.seconds.keys().next().value);
    markChanged("rate");
  },
  bot({ state: botState }) {
    state.botState = botState;
    markChanged("bot");
  },
};

const whole = new Map();

/** Keeps a topic in the state, of which everything comes with each change. */
export function addTopic(topic, initial = null) {
  state[topic] = initial;
  whole.set(topic, initial);
  CHANGES[topic] = (change) => {
    state[topic] = change[topic];
    markChanged(topic);
  };
}

addTopic("faults", {});

const byKey = (items, key) => new Map(items.map((item) => [item[key], item]));

function clearTap(key) {
  clearTimeout(state.taps.get(key));
  state.taps.delete(key);
  markChanged("chat");
}
