// The pane on the right: one thread.

import { composer } from "./composer.js";
import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { MessageList } from "./messages.js";
import { closeThread } from "./navigate.js";
import { channel, channelName, on, store } from "./store.js";

const pane = document.getElementById("thread");
let list = null;

function draw({ focus = false, ts = null } = {}) {
  const one = channel(store.channel);
  const open = Boolean(store.thread && one);
  pane.hidden = !open;
  document.body.classList.toggle("with-thread", open);
  list = null;
  if (!open) return fill(pane);
  pane.setAttribute("aria-label", t("thread"));
  pane.dataset.thread = store.thread;
  pane.dataset.testid = "thread";
  list = new MessageList(one.id, store.thread, { label: t("thread") });
  const box = composer({ channel: one.id, thread: store.thread, placeholder: t("replyTo") });
  fill(
    pane,
    h(
      "header",
      { class: "conversation-head" },
      h("h2", null, t("thread")),
      h("span", { class: "quiet about" }, one.kind === "channel" ? `#${one.name}` : channelName(one)),
      h(
        "button",
        {
          type: "button",
          class: "icon-btn",
          "aria-label": t("close"),
          data: { testid: "thread-close" },
          onclick: closeThread,
        },
        icon("close"),
      ),
    ),
    list.node,
    box.node,
  );
  list.load(ts);
  if (focus) box.focus();
  return undefined;
}

pane.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && closeThread());
on("thread", draw);
on("where", ({ ts }) => draw({ ts }));
on("live", (change) => change.message && change.channel === store.channel && list?.take(change));
on("clock", () => list?.newDay());
on("connection", ({ again }) => again && list?.load());
