// The state of the page and its subscribers. Changes come in through `apply`, in order.

const CALLS_KEPT = 150;
const SECONDS_KEPT = 90;
const ACTION_SECONDS = 5;
const TAP_PATIENCE = 20_000;

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
  ahead: 0,
  faults: {},
  crowd: { signing: false, wanted: 0, signed: 0, failed: 0 },
  preview: { folder: null, problems: [], warnings: [] },
  taps: new Map(),
};

const drawers = new Map();
const hearers = new Map();
const dirty = new Set();
let planned = false;

/** Redraws, before the next frame, whenever one of these topics has changed. */
export function drawOn(topics, draw) {
  for (const topic of topics) {
    if (!drawers.has(topic)) drawers.set(topic, new Set());
    drawers.get(topic).add(draw);
  }
}

/** Calls a listener at once for each change of one kind. */
export function hearOf(kind, hear) {
  hearers.set(kind, [...(hearers.get(kind) ?? []), hear]);
}

/** Marks a topic as changed. */
export function changed(...topics) {
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
export const selected = () => state.people.get(state.selected) ?? null;

/** How many messages of the bot a person has not read. */
export function unread(person) {
  let count = 0;
  for (const message of person.messages.values()) count += !message.mine && !message.service && message.id > person.read;
  return count;
}

/** The time of the simulator's clock. */
export const now = () => Date.now() / 1000 + state.ahead;

export function tapKey(person, message, data) {
  return `${person} ${message} ${data}`;
}

/** Applies one change from the server. */
export function apply(change) {
  CHANGES[change.kind]?.(change);
  for (const hear of hearers.get(change.kind) ?? []) hear(change);
}

const CHANGES = {
  all(everything) {
    const chats = everything.people ?? [];
    state.people = new Map(chats.map((person) => [person.id, withChat(person, person.messages)]));
    state.bot = everything.bot ?? state.bot;
    state.botState = everything.state;
    state.preview = everything.preview;
    state.faults = everything.faults ?? {};
    state.crowd = everything.crowd ?? state.crowd;
    state.limit = everything.limit ?? state.limit;
    state.ahead = everything.now ? everything.now - Date.now() / 1000 : 0;
    state.calls = (everything.calls ?? []).reverse();
    state.missed = 0;
    state.seconds = new Map((everything.seconds ?? []).map((second) => [second.at, second]));
    state.taps.clear();
    if (!state.people.has(state.selected)) state.selected = null;
    changed("people", "chat", "bot", "calls", "rate", "faults", "crowd", "preview", "selection");
  },
  person({ person }) {
    const known = state.people.get(person.id);
    state.people.set(person.id, { ...person, messages: known?.messages ?? new Map(), action: known?.action });
    changed("people", "chat");
  },
  message({ person, message }) {
    const known = state.people.get(person);
    if (!known) return;
    known.messages.set(message.id, message);
    if (!message.mine) known.action = null;
    changed("people", "chat");
  },
  acknowledged({ person, message }) {
    const known = state.people.get(person)?.messages.get(message);
    if (known) known.acknowledged = true;
    changed("chat");
  },
  deleted({ person, message }) {
    state.people.get(person)?.messages.delete(message);
    changed("people", "chat");
  },
  read({ person, message }) {
    const known = state.people.get(person);
    if (known) known.read = message;
    changed("people");
  },
  action({ person, action }) {
    const known = state.people.get(person);
    if (!known) return;
    const acting = (known.action = { action });
    changed("people", "chat");
    setTimeout(() => {
      if (known.action !== acting) return;
      known.action = null;
      changed("people", "chat");
    }, ACTION_SECONDS * 1000);
  },
  tapped({ person, message, data }) {
    if (!data) return;
    const key = tapKey(person, message, data);
    state.taps.set(key, setTimeout(() => untap(key), TAP_PATIENCE));
    changed("chat");
  },
  answered({ person, message, data }) {
    untap(tapKey(person, message, data));
  },
  calls({ calls, missed }) {
    state.calls.unshift(...calls.reverse());
    state.missed += missed + Math.max(0, state.calls.length - CALLS_KEPT);
    state.calls.length = Math.min(state.calls.length, CALLS_KEPT);
    changed("calls");
  },
  pulse({ seconds }) {
    for (const second of seconds) state.seconds.set(second.at, second);
    while (state.seconds.size > SECONDS_KEPT) state.seconds.delete(state.seconds.keys().next().value);
    changed("rate");
  },
  faults({ faults }) {
    state.faults = faults;
    changed("faults");
  },
  crowd({ crowd }) {
    state.crowd = crowd;
    changed("crowd");
  },
  bot({ state: botState }) {
    state.botState = botState;
    changed("bot");
  },
  preview({ preview }) {
    state.preview = preview;
    changed("preview");
  },
};

function withChat(person, messages) {
  return { ...person, messages: new Map(messages.map((message) => [message.id, message])), action: null };
}

function untap(key) {
  clearTimeout(state.taps.get(key));
  state.taps.delete(key);
  changed("chat");
}
