// Talks to the sandbox server: the JSON protocol of docs/sandbox.md.

import { emit, store } from "./store.js";

const as = () => `as=${encodeURIComponent(store.as ?? "")}`;

async function call(path, options) {
  try {
    const response = await fetch(path, options);
    const answer = await response.json().catch(() => ({ ok: false, error: `http_${response.status}` }));
    return response.ok || "ok" in answer ? answer : { ok: false, error: answer.error ?? `http_${response.status}` };
  } catch {
    return { ok: false, error: "network" };
  }
}

const post = (path, body) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const readState = () => call(`/ui/state?${as()}`);

export function readMessages(channel, thread) {
  const query = new URLSearchParams({ as: store.as, channel });
  if (thread) query.set("thread", thread);
  return call(`/ui/messages?${query}`);
}

/** Does one thing as the chosen person; the answer always has `ok`. */
export async function act(body) {
  const answer = await post(`/ui/act?${as()}`, body);
  if (!answer.ok) refusedAt = performance.now();
  return answer;
}

let refusedAt = -Infinity;

/** Whether an act was refused just now, and so said already: the server's own line about it is not needed. */
export const justRefused = () => performance.now() - refusedAt < 1500;

/** Asks the app for the options of an external select. */
export const askOptions = (body) => post(`/ui/options?${as()}`, body);

let socket = null;
let wait = 400;

/** Opens the live connection of the chosen person and keeps it open; a former one is closed. */
export function connect() {
  if (socket) {
    socket.onclose = null;
    socket.close();
  }
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = new WebSocket(`${scheme}://${location.host}/ui/live?${as()}`);
  socket = mine;
  mine.onopen = () => {
    const again = !store.online && store.wasOnline;
    wait = 400;
    store.online = store.wasOnline = true;
    emit("connection", { again });
  };
  mine.onmessage = (event) => {
    let change;
    try {
      change = JSON.parse(event.data);
    } catch {
      return;
    }
    emit("live", change);
  };
  mine.onclose = () => {
    store.online = false;
    emit("connection", { again: false });
    setTimeout(() => socket === mine && connect(), wait);
    wait = Math.min(wait * 2, 5000);
  };
}
