// The state of the page, of which every view is a function. Changes come in through `applyChange`, in order.

const CALLS_KEPT = 100;
const SECONDS_KEPT = 90;
const TAP_MILLISECONDS = 20_000;

export const state = {
  connected: true,
  bot: { name: "", username: "" },
  botState: "starting",
  people: new Map(),
  calls: [],
  seconds: new Map(),
  limit: 30,
  clockOffset: 0,
  // By a button of somebody's message: when it was tapped.
  taps: new Map(),
  // Whose phone is open, what a narrow screen shows, and which section stands beside the chat.
  selected: null,
  view: "list",
  beside: "",
  // Whether somebody has scrolled up in the chat.
  isAway: false,
  drafts: new Map(),
  dialogs: [],
  toast: null,
};

/** What a program adds to the page: views, by where they are drawn. */
export const added = { notices: [], above: [], bar: [], beside: [] };

/** Adds a view to the notices, above all phones, to the bar of the chat or beside the chat. */
export const addView = (where, view) => added[where].push(view);

const listeners = new Map();
const topics = new Map();
const afterwards = [];
let draw = () => {};
let planned = false;

/** Calls a listener at once for each change of one kind. */
export function onChange(kind, listener) {
  listeners.set(kind, [...(listeners.get(kind) ?? []), listener]);
}

/** Draws the page in this way from now on: whenever something changes, and every second, as time passes. */
export function drawBy(drawing) {
  draw = drawing;
  setInterval(() => document.hidden || redraw(), 1000);
}

/** Changes the state or a part of it, and draws the page. */
export function update(part, changes) {
  Object.assign(part, changes);
  redraw();
}

/** Draws the page before the next frame; `then` is called when it is drawn. */
export function redraw(then) {
  if (then) afterwards.push(then);
  if (planned) return;
  planned = true;
  // A page in the background gets no animation frames, so it needs a timer.
  document.hidden ? setTimeout(drawNow) : requestAnimationFrame(drawNow);
}

function drawNow() {
  planned = false;
  draw();
  for (const each of afterwards.splice(0)) each();
}

/** Applies one change from the server. */
export function applyChange(change) {
  const person = state.people.get(change.person);
  if (person) IN_A_CHAT[change.kind]?.(person, change);
  else CHANGES[change.kind]?.(change);
  for (const listener of listeners.get(change.kind) ?? []) listener(change);
  redraw();
}

const IN_A_CHAT = {
  message(person, { message }) {
    person.messages.set(message.id, message);
  },
  acknowledged(person, { message }) {
    changeMessage(person, message, { acknowledged: true });
  },
  deleted(person, { message }) {
    person.messages.delete(message);
  },
  tapped(person, { message, data }) {
    state.taps.set(tapKey(person, message, data), Date.now());
  },
  answered(person, { message, data }) {
    state.taps.delete(tapKey(person, message, data));
  },
};

const CHANGES = {
  all({ people = [], bot = state.bot, limit = state.limit, calls = [], seconds = [], now, ...more }) {
    const withMessages = people.map((person) => ({ ...person, messages: byKey(person.messages, "id"), read: person.messages.at(-1)?.id ?? 0 }));
    Object.assign(state, { people: byKey(withMessages, "id"), bot, botState: more.state, limit, taps: new Map() });
    Object.assign(state, { calls: calls.reverse(), seconds: byKey(seconds, "at") });
    state.clockOffset = now ? now - Date.now() / 1000 : 0;
    for (const [topic, initial] of topics) state[topic] = more[topic] ?? initial;
  },
  person({ person }) {
    const { messages = new Map(), read = 0 } = state.people.get(person.id) ?? {};
    state.people.set(person.id, { ...person, messages, read });
  },
  calls({ calls }) {
    state.calls = [...calls.reverse(), ...state.calls].slice(0, CALLS_KEPT);
  },
  pulse({ seconds }) {
    for (const second of seconds) state.seconds.set(second.at, second);
    while (state.seconds.size > SECONDS_KEPT) state.seconds.delete(state.seconds.keys().next().value);
  },
  bot(change) {
    state.botState = change.state;
  },
};

const byKey = (items, key) => new Map(items.map((item) => [item[key], item]));

/** Keeps a topic in the state, of which everything comes with each change. */
export function addTopic(topic, initial = null) {
  state[topic] = initial;
  topics.set(topic, initial);
  CHANGES[topic] = (change) => (state[topic] = change[topic]);
}

addTopic("faults", {});

/** The person whose phone is open. */
export const selectedPerson = () => state.people.get(state.selected) ?? null;

/** Which messages of the bot a person has not read, since the page was loaded. */
export const unread = (person) => [...person.messages.values()].filter((message) => !message.mine && message.id > person.read);

/** Puts another message in the place of one that is there: views notice that it is another. */
export function changeMessage(person, id, change) {
  const known = person.messages.get(id);
  if (known) person.messages.set(id, { ...known, ...change });
  redraw();
}

const tapKey = (person, message, data) => `${person.id} ${message} ${data}`;

/** Whether a tap on a button waits for the bot's answer. */
export function isWaiting(person, message, { data }) {
  const tapped = data ? state.taps.get(tapKey(person, message.id, data)) : null;
  return tapped && Date.now() < tapped + TAP_MILLISECONDS;
}
