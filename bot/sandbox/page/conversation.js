// The middle of the page: one conversation with its head, messages and composer, or the app's Home.

import { act } from "./api.js";
import { avatar } from "./avatar.js";
import { composer } from "./composer.js";
import { fill, h, icon } from "./dom.js";
import { homeNode } from "./home.js";
import { t } from "./i18n.js";
import { MessageList } from "./messages.js";
import { goTo, openThread } from "./navigate.js";
import { channel, channelName, emit, member, on, store } from "./store.js";

const main = document.getElementById("main");
let list = null;
let box = null;
let reloading = null;

/** Draws the chosen conversation anew. */
function draw({ ts = null } = {}) {
  const one = channel(store.channel);
  list = box = null;
  if (!one) return fill(main);
  main.dataset.channel = one.id;
  main.dataset.tab = store.tab;
  const name = one.kind === "channel" ? `#${one.name}` : channelName(one);
  document.title = `${name} · ${store.me.real_name}`;
  if (store.tab === "home") return fill(main, head(one), homeNode());
  list = new MessageList(one.id, null, { intro: intro(one), unread: one.unread, label: name });
  box = composer({ channel: one.id, placeholder: t("messageTo", { name }) });
  fill(main, head(one), list.node, box.node);
  list.load(ts).then((missing) => missing && openThread(missing.thread_ts, missing.ts));
  markRead(one);
  return box;
}

function head(one) {
  const sign =
    one.kind === "channel"
      ? icon("hash")
      : avatar(one.kind === "app" ? { is_bot: true } : (member(one.with) ?? one), "small");
  const about = one.kind === "channel" ? memberCount(one) : (member(one.with)?.title ?? "");
  return h(
    "header",
    { class: "conversation-head" },
    h("h1", { data: { testid: "conversation-title" } }, sign, h("span", null, channelName(one))),
    one.kind === "app" ? tabs(one) : h("span", { class: "quiet about" }, about),
  );
}

function memberCount({ members = [] }) {
  const n = members.filter((id) => !member(id)?.is_bot).length;
  return n === 1 ? t("member1") : t("membersCount", { n });
}

function tabs(one) {
  const tab = (name) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${name}`,
        "aria-selected": String(store.tab === name),
        tabindex: store.tab === name ? "0" : "-1",
        data: { testid: `${name}-tab` },
        onclick: () => show(name),
      },
      t(name),
    );
  const show = (name) => {
    goTo(one.id, { tab: name });
    document.getElementById(`tab-${name}`)?.focus();
  };
  const key = (event) =>
    ["ArrowLeft", "ArrowRight"].includes(event.key) && show(store.tab === "home" ? "messages" : "home");
  return h("div", { class: "tabs", role: "tablist", onkeydown: key }, tab("home"), tab("messages"));
}

function intro(one) {
  const name = one.kind === "channel" ? `#${one.name}` : channelName(one);
  return h(
    "div",
    { class: "intro" },
    one.topic && h("p", null, one.topic),
    h("p", { class: "quiet" }, t("start", { name })),
  );
}

function markRead(one) {
  if (document.hidden || !one.unread) return;
  one.unread = 0;
  emit("channels");
  act({ do: "read", channel: one.id });
}

/** Takes a live change of any conversation. */
function live(change) {
  if (!change.message) return;
  const here = change.channel === store.channel && store.tab === "messages";
  const reply = change.message.thread_ts && change.message.thread_ts !== change.message.ts;
  if (here && list) {
    const taken = list.take(change);
    if (!taken && reply) reloadSoon(); // the number of replies at the first message
  }
  if (change.type === "message" && !reply && change.message.user !== store.as) countUnread(change.channel, here);
}

function countUnread(id, here) {
  const one = channel(id);
  if (!one) return;
  one.unread = (one.unread ?? 0) + 1;
  if (here && !document.hidden) markRead(one);
  else emit("channels");
}

function reloadSoon() {
  clearTimeout(reloading);
  reloading = setTimeout(() => list?.load(), 80);
}

/** Puts a text into the composer of the conversation in sight. */
export function prefill(text) {
  box?.put(text);
}

export const focusComposer = () => box?.focus();

on("where", draw);
on("clock", () => list?.newDay());
on("live", live);
on("connection", ({ again }) => again && list?.load());
document.addEventListener("visibilitychange", () => {
  const one = channel(store.channel);
  if (one && store.tab === "messages") markRead(one);
});
