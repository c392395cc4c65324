// Moves the page between conversations, tabs and threads, and keeps the address in step.

import { channel, channelOfApp, emit, store } from "./store.js";

/**
 * Shows a conversation.
 * @param {string} id of the channel
 * @param {{ts?: string, thread?: string|null, tab?: "home"|"messages"}} [spot] a message to bring in sight, a thread, a tab
 */
export function goTo(id, spot = {}) {
  if (!channel(id)) return;
  const stays = id === store.channel && !spot.ts;
  store.channel = id;
  store.tab = spot.tab ?? (stays ? store.tab : "messages");
  store.thread = spot.thread ?? null;
  remember();
  emit("where", { ts: spot.ts ?? null });
}

export const goHome = () => channelOfApp() && goTo(channelOfApp().id, { tab: "home" });

export function openThread(ts, reply = null) {
  store.thread = ts;
  emit("thread", { focus: !reply, ts: reply });
}

export function closeThread() {
  store.thread = null;
  emit("thread", { focus: false });
}

/** Writes person and conversation into the address, so that reload and bookmarks come back here. */
export function remember(push = false) {
  const hash = store.channel ? `#${store.channel}${store.tab === "home" ? "/home" : ""}` : "";
  const url = `/?as=${encodeURIComponent(store.as)}${hash}`;
  history[push ? "pushState" : "replaceState"](null, "", url);
}

/** Reads the address: {as, channel, ts, thread, tab}. */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  const spot = permalinkOf(new URL(location.href));
  const [id, tab] = location.hash.slice(1).split("/");
  return {
    as: query.get("as"),
    channel: spot?.channel ?? (id || null),
    ts: spot?.ts ?? null,
    thread: spot?.thread ?? null,
    tab,
  };
}

/** {channel, ts, thread} of a permalink of this workspace, else null. */
export function permalinkOf(url) {
  if (url.host !== location.host) return null;
  const match = url.pathname.match(/^\/p\/([^/]+)\/p?(\d+\.?\d*)$/);
  if (!match) return null;
  const ts = match[2].includes(".") ? match[2] : `${match[2].slice(0, -6)}.${match[2].slice(-6)}`;
  return { channel: decodeURIComponent(match[1]), ts, thread: url.searchParams.get("thread_ts") };
}
