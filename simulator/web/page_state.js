// The state of the page, of which every view is a function. Changes come in through `applyChange`, in order.

const CALLS_KEPT = 150;
const SECONDS_KEPT = 90;
const ACTION_SECONDS = 5;
const TAP_SECONDS = 20;

export const state = {
  connected: true,
  bot: { name: "", username: "" },
  botState: "starting",
  people: new Map(),
  calls: [],
  missed: 0,
  seconds: new Map(),
  limit: 30,
  clockOffset: 0,
  taps: new Map(),
  // Whose phone is open, what a narrow screen shows, and which section stands beside the chat.
  selected: null,
  view: "list",
  beside: "",
  // Whether the chat stays at its end, and whether it offers the way there.
  log: { atEnd: true, isAway: false, highest: 0 },
  drafts: new Map(),
  commands: { shown: "typed", marked: 0 },
  heldCalls: null,
  showsPolls: false,
  menu: null,
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

/** Draws the page with this from now on. */
export function drawBy(drawing) {
  draw = drawing;
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
  const drawing = new Set([...dirty].flatMap((topic) => drawers.get(topic) ?? []));
  dirty.clear();
  for (const each of drawing) each();
  for (const then of afterwards.splice(0)) then();
}

// What is not drawn by a view yet is drawn again when one of its topics has changed.
const drawers = new Map();
const dirty = new Set();

export function redrawOn(topics, drawer) {
  for (const topic of [...topics, "all"]) drawers.set(topic, [...(drawers.get(topic) ?? []), drawer]);
}

export function markChanged(...changed) {
  for (const topic of changed) dirty.add(topic);
  redraw();
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

/** Applies one change from the server. */
export function applyChange(change) {
  const person = state.people.get(change.person);
  if (person) IN_A_CHAT[change.kind]?.(person, change);
  else CHANGES[change.kind]?.(change);
  for (const listener of listeners.get(change.kind) ?? []) listener(change);
  markChanged(change.kind);
}

const IN_A_CHAT = {
  message(person, { message }) {
    const { id, mine } = message;
    // Whoever sends something sees it.
    if (mine && person.id === state.selected && !person.messages.has(id)) state.log.atEnd = true;
    if (!mine) person.action = null;
    person.messages.set(id, message);
  },
  acknowledged(person, { message }) {
    changeMessage(person, message, { acknowledged: true });
  },
  deleted(person, { message }) {
    person.messages.delete(message);
  },
  read(person, { message }) {
    person.read = message;
  },
  action(person, { action }) {
    const acting = (person.action = { action });
    setTimeout(() => {
      const known = state.people.get(person.id);
      if (known?.action === acting) known.action = null;
      redraw();
    }, ACTION_SECONDS * 1000);
  },
  tapped(person, { message, data }) {
    const key = tapKey(person, message, data);
    clearTimeout(state.taps.get(key));
    if (data) state.taps.set(key, setTimeout(() => clearTap(key), TAP_SECONDS * 1000));
  },
  answered(person, { message, data }) {
    clearTap(tapKey(person, message, data));
  },
};

const CHANGES = {
  all(everything) {
    const people = (everything.people ?? []).map((person) => ({ ...person, messages: byKey(person.messages, "id"), action: null }));
    state.people = byKey(people, "id");
    state.bot = everything.bot ?? state.bot;
    state.botState = everything.state;
    for (const [topic, initial] of topics) state[topic] = everything[topic] ?? initial;
    state.limit = everything.limit ?? state.limit;
    state.clockOffset = everything.now ? everything.now - Date.now() / 1000 : 0;
    state.calls = (everything.calls ?? []).reverse();
    state.missed = 0;
    state.seconds = byKey(everything.seconds ?? [], "at");
    state.taps.clear();
  },
  person({ person }) {
    const known = state.people.get(person.id);
    state.people.set(person.id, { ...person, messages: known?.messages ?? new Map(), action: known?.action });
  },
  calls({ calls, missed }) {
    state.calls = [...calls.reverse(), ...state.calls];
    state.missed += missed + Math.max(0, state.calls.length - CALLS_KEPT);
    state.calls.length = Math.min(state.calls.length, CALLS_KEPT);
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

/** Puts another message in the place of one that is there: views notice that it is another. */
export function changeMessage(person, id, change) {
  const known = person.messages.get(id);
  if (known) person.messages.set(id, { ...known, ...change });
  redraw();
}

const tapKey = (person, message, data) => `${person.id} ${message} ${data}`;

/** Whether a tap on a button waits for the bot's answer. */
export const isWaiting = (person, message, { data }) => Boolean(data) && state.taps.has(tapKey(person, message.id, data));

function clearTap(key) {
  clearTimeout(state.taps.get(key));
  state.taps.delete(key);
  redraw();
}
