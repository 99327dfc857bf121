// The state of the page, of which every view is a function. Changes come in through `applyChange`, in order.

const CALLS_KEPT = 100;
const TAP_MILLISECONDS = 20_000;

export const state = {
  connected: true,
  people: new Map(),
  calls: [],
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
export const added = { notices: [], above: [], bar: [], beside: [], bot: [], panel: [] };

/** Adds a view to the notices, above all phones, to the bar of the chat, beside the chat, to the panel or there to the bot. */
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
  message: (person, { message }) => person.messages.set(message.id, message),
  acknowledged: (person, { message }) => changeMessage(person, message, { acknowledged: true }),
  deleted: (person, { message }) => person.messages.delete(message),
  tapped: (person, { message, data }) => changeMessage(person, message, { tapped: { data, at: Date.now() } }),
  answered: (person, { message }) => changeMessage(person, message, { tapped: null }),
};

const CHANGES = {
  all({ people = [], calls = [], ...more }) {
    const withMessages = people.map((person) => ({ ...person, messages: byId(person.messages), read: person.messages.at(-1)?.id ?? 0 }));
    Object.assign(state, { people: byId(withMessages), calls: calls.reverse() });
    for (const [topic, initial] of topics) state[topic] = more[topic] ?? initial;
  },
  person({ person }) {
    const { messages = new Map(), read = 0 } = state.people.get(person.id) ?? {};
    state.people.set(person.id, { ...person, messages, read });
  },
  calls({ calls }) {
    state.calls = [...calls.reverse(), ...state.calls].slice(0, CALLS_KEPT);
  },
};

const byId = (items) => new Map(items.map((item) => [item.id, item]));

/** Keeps a topic in the state, of which everything comes with each change. */
export function addTopic(topic, initial = null) {
  state[topic] = initial;
  topics.set(topic, initial);
  CHANGES[topic] = (change) => (state[topic] = change[topic]);
}

addTopic("bot", { name: "", username: "" });
addTopic("bot_state", "starting");
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

/** Whether the last tap on a message was on this button, and waits for the bot's answer. */
export const isWaiting = ({ tapped }, { data }) => data && tapped?.data === data && Date.now() < tapped.at + TAP_MILLISECONDS;
