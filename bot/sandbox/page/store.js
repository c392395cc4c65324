// Holds what the page knows, and tells those who asked when it changes.

export const store = {
  as: null, // id of the chosen person
  me: null,
  members: new Map(),
  channels: [],
  commands: [],
  shortcuts: [],
  app: { name: "App", bot_user: null },
  clock: { now: null, movable: false, busy: false },
  clockRead: 0, // performance.now() when clock.now was true
  views: [],
  home: null,
  tour: [],
  channel: null, // id of the conversation in the middle
  tab: "messages", // of the app's conversation: home or messages
  thread: null, // ts of the thread in the right pane
  online: false,
  wasOnline: false,
};

const listeners = new Map();

/** Calls `listener` with each change of a topic: state, channels, where, live, views, home, clock, connection. */
export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, []);
  listeners.get(topic).push(listener);
}

export function emit(topic, detail) {
  for (const listener of listeners.get(topic) ?? []) listener(detail);
}

/** Takes over an answer of /ui/state. */
export function takeState(state) {
  store.me = state.me;
  store.as = state.me.id;
  store.members = new Map(state.members.map((member) => [member.id, member]));
  store.channels = state.channels ?? [];
  store.commands = state.commands ?? [];
  store.shortcuts = state.shortcuts ?? [];
  store.app = state.app ?? store.app;
  store.views = state.views ?? [];
  store.home = state.home ?? null;
  store.tour = state.tour ?? [];
  takeClock(state.clock ?? {});
}

export function takeClock(clock) {
  store.clock = { ...store.clock, ...clock };
  store.clockRead = performance.now();
}

/** The business moment in milliseconds since the epoch: it runs on between two messages about it. */
export function businessNow() {
  if (!store.clock.now) return Date.now();
  return Date.parse(store.clock.now) + (performance.now() - store.clockRead);
}

export const member = (id) => store.members.get(id);
export const channel = (id) => store.channels.find((one) => one.id === id);
export const channelOfApp = () => store.channels.find((one) => one.kind === "app");

/** Who wrote a message: a member, or a stand-in for the app. */
export function author(message) {
  const byUser = member(message.user);
  const isApp = Boolean(message.bot_id) || message.user === store.app.bot_user || byUser?.is_bot;
  if (!isApp) return byUser ?? { id: message.user ?? "?", name: message.user ?? "?", real_name: message.user ?? "?" };
  return {
    id: store.app.bot_user,
    real_name: message.username ?? store.app.name,
    name: store.app.name,
    is_bot: true,
    color: byUser?.color,
  };
}

export function channelName(one) {
  if (one.kind === "app") return store.app.name;
  if (one.kind === "dm") return member(one.with)?.real_name ?? one.name;
  return one.name;
}
