// Starts the page: reads the state, draws the frame, and hands live changes to whoever shows them.

import { connect, justRefused, readState } from "./api.js";
import { clockNode } from "./clock.js";
import { focusComposer } from "./conversation.js";
import { fill, h, icon } from "./dom.js";
import { locale, refusal, t } from "./i18n.js";
import "./modal.js";
import { goTo, readAddress, remember } from "./navigate.js";
import { personNode } from "./person.js";
import { notice } from "./popover.js";
import { channel, channelOfApp, emit, on, store, takeClock, takeState } from "./store.js";
import { openSwitcher } from "./switcher.js";
import "./thread.js";
import { tourButton } from "./tour.js";

const top = document.getElementById("top");
const offline = h("div", { class: "offline", role: "status", hidden: true });
document.body.append(offline);

/** Reads the state as a person and shows a conversation: the wished one, else where they were, else the first. */
async function start(as, wish = {}) {
  const appTab = channel(store.channel)?.kind === "app" ? store.tab : null; // each person has their own conversation with the app
  store.as = as;
  const state = await readState();
  if (!state.me) {
    if (as && state.error === "user_not_found") return start("", wish); // a person of another demo, remembered from then
    notice(refusal(state), "error");
    return setTimeout(() => start(as, wish), 1500);
  }
  takeState(state);
  try {
    localStorage.setItem("closeloop.as", store.as);
  } catch {
    // only the convenience of the next visit is lost
  }
  document.documentElement.lang = locale();
  document.getElementById("skip").textContent = t("skip");
  drawTop();
  emit("state");
  connect();
  const first = store.channels.find((one) => one.kind === "channel") ?? channelOfApp() ?? store.channels[0];
  const wished = channel(wish.channel) ? wish.channel : null;
  if (!wished && !channel(store.channel)) store.channel = null;
  const target = wished ?? (appTab ? channelOfApp()?.id : null) ?? store.channel ?? first?.id;
  if (target) goTo(target, { ts: wish.ts, thread: wish.thread, tab: wish.tab ?? appTab ?? undefined });
  document.body.dataset.ready = "true";
  document.body.dataset.as = store.as;
  return undefined;
}

function drawTop() {
  const jump = h(
    "button",
    {
      type: "button",
      class: "jump",
      "aria-label": `${t("jump")} Ctrl K`,
      title: t("jumpTitle"),
      data: { testid: "switcher-open" },
      onclick: openSwitcher,
    },
    icon("search"),
    h("span", { class: "long" }, t("jump")),
    h("kbd", { class: "long" }, "Ctrl K"),
  );
  const menu = h(
    "button",
    {
      type: "button",
      class: "top-btn only-phone",
      "aria-label": t("menu"),
      data: { testid: "drawer" },
      onclick: () => emit("drawer"),
    },
    icon("menu"),
  );
  fill(
    top,
    h("div", { class: "brand" }, menu, h("img", { src: "/page/icon.svg", alt: "" }), h("strong", null, store.app.name)),
    jump,
    clockNode(),
    h("div", { class: "top-end" }, tourButton(), personNode()),
  );
}

async function rereadState() {
  const state = await readState();
  if (!state.me || state.me.id !== store.as) return;
  takeState(state);
  if (store.channel && store.tab === "messages" && channel(store.channel) && !document.hidden)
    channel(store.channel).unread = 0;
  emit("channels");
  emit("views");
  emit("home");
  emit("clock");
}

on("live", (change) => {
  if (change.type === "view") {
    store.views = change.views;
    emit("views");
  } else if (change.type === "home") {
    store.home = change.view;
    emit("home");
  } else if (change.type === "clock") {
    takeClock({ now: change.now, busy: change.busy });
    emit("clock");
  } else if (change.type === "channels") rereadState();
  else if (change.type === "notice")
    setTimeout(() => justRefused() || notice(change.text, change.level ?? "error"), 300);
});

on("connection", ({ again }) => {
  offline.hidden = store.online || !store.wasOnline;
  offline.textContent = t("offline");
  if (again) rereadState();
});

on("be", async ({ id, then }) => {
  if (id !== store.as) {
    delete document.body.dataset.ready;
    store.thread = null;
    await start(id);
    remember(true);
  }
  then?.();
});

addEventListener("popstate", () => {
  const wish = readAddress();
  if (wish.as && wish.as !== store.as) start(wish.as, wish);
  else if (wish.channel) goTo(wish.channel, wish);
});

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openSwitcher();
  } else if (
    event.key.length === 1 &&
    !event.ctrlKey &&
    !event.metaKey &&
    !event.altKey &&
    document.activeElement === document.body
  ) {
    focusComposer(); // typing without a field goes to the composer
  }
});

function lastPerson() {
  try {
    return localStorage.getItem("closeloop.as");
  } catch {
    return null;
  }
}

const address = readAddress();
start(address.as ?? lastPerson(), address);
