// A list of messages with headings for days, kept in step with the server.

import { readMessages } from "./api.js";
import { dayHeading, isoDay } from "./dates.js";
import { h, keepFocus, reconcile } from "./dom.js";
import { t } from "./i18n.js";
import { messageRow } from "./message.js";
import { businessNow } from "./store.js";

const NEAR = 5 * 60; // seconds in which one author's messages stand together

export class MessageList {
  /**
   * @param {string} channel
   * @param {string|null} thread ts of the thread's first message
   * @param {object} options {intro: Node shown above an empty beginning, unread: how many of the last are new}
   */
  constructor(channel, thread, { intro = null, unread = 0, label = "" } = {}) {
    this.channel = channel;
    this.thread = thread;
    this.unread = unread;
    this.messages = [];
    this.rows = h("div", { class: "rows", role: "log", "aria-live": "polite", "aria-label": label });
    this.node = h(
      "div",
      {
        class: "scroll",
        tabindex: "0",
        "aria-label": label,
        role: "region",
        data: { testid: thread ? "thread-messages" : "messages" },
      },
      h("div", { class: "scroll-inner" }, intro, this.rows),
    );
    this.stuck = true; // the newest message stays in sight until the person scrolls up
    this.node.addEventListener("scroll", () => {
      this.stuck = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 60;
    });
    this.node.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.stuck && this.#toEnd()).observe(this.node.firstElementChild);
  }

  // arrows go from message to message; from a message, Tab reaches its buttons and its menu
  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const onRow = event.target.matches?.(".message");
    if (!step || (event.target !== this.node && !onRow)) return;
    event.preventDefault();
    const rows = [...this.rows.querySelectorAll(".message")];
    const at = onRow ? rows.indexOf(event.target) + step : rows.length - 1;
    rows[at]?.focus();
    rows[at]?.scrollIntoView({ block: "nearest" });
  }

  /** Reads the messages; gives the reply that `ts` means, when it stands in a thread and not here. */
  async load(ts = null) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const answer = await readMessages(this.channel, this.thread);
    if (turn !== this.turn || !answer.messages) return null;
    this.messages = answer.messages.filter((one) => this.thread || !isReply(one));
    if (this.unread) this.newFrom ??= this.messages.at(-Math.min(this.unread, this.messages.length))?.ts;
    this.draw();
    this.node.dataset.loaded = "true";
    if (!ts || this.bringInSight(ts)) return null;
    return answer.messages.find((one) => one.ts === ts && isReply(one)) ?? null;
  }

  /** Takes one live change; true when it belongs here. */
  take({ type, message }) {
    const belongs = this.thread ? (message.thread_ts ?? message.ts) === this.thread : !isReply(message);
    if (!belongs) return false;
    const at = this.messages.findIndex((one) => one.ts === message.ts);
    if (type === "message_deleted") {
      if (at >= 0) this.messages.splice(at, 1);
    } else if (at >= 0)
      this.messages[at] = { ...message, reply_count: message.reply_count ?? this.messages[at].reply_count };
    else if (type === "message") {
      this.messages.push(message);
      this.messages.sort((one, other) => Number(one.ts) - Number(other.ts));
    }
    this.draw();
    return true;
  }

  /** Draws again where the business day is another one. */
  newDay() {
    const today = isoDay(businessNow());
    if (this.drawnOn !== today) this.draw();
  }

  draw() {
    this.drawnOn = isoDay(businessNow());
    keepFocus(this.rows, () => reconcile(this.rows, this.#items(), ({ make }) => make()));
    if (this.stuck) this.#toEnd();
  }

  #items() {
    const items = [];
    let above = null;
    const today = isoDay(businessNow()); // "today" and "yesterday" in a message grow old with the clock
    for (const message of this.messages) {
      const ms = Number(message.ts) * 1000;
      const day = isoDay(ms);
      const isNew = message.ts === this.newFrom;
      if (!this.thread && (!above || isoDay(Number(above.ts) * 1000) !== day)) {
        const text = dayHeading(ms);
        items.push({
          key: `day-${day}`,
          print: text,
          make: () => h("div", { class: "day", role: "separator" }, h("span", null, text)),
        });
        above = null;
      }
      if (isNew)
        items.push({
          key: "new",
          print: t("newHere"),
          make: () => h("div", { class: "new-line", role: "separator" }, h("span", null, t("newHere"))),
        });
      const compact = !isNew && joins(above, message);
      const place = { channel: this.channel, compact, inThread: Boolean(this.thread) };
      items.push({
        key: message.ts,
        print: JSON.stringify([message, compact, today]),
        make: () => messageRow(message, place),
      });
      above = message;
    }
    return items;
  }

  #toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  /** Scrolls to a message and marks it for a moment; false when it is not here. */
  bringInSight(ts) {
    const row = [...this.rows.children].find((one) => one.dataset.ts === ts);
    if (!row) return false;
    this.stuck = false;
    row.scrollIntoView({ block: "center" });
    row.classList.add("marked");
    setTimeout(() => row.classList.remove("marked"), 2500);
    return true;
  }
}

const isReply = (message) =>
  Boolean(message.thread_ts) && message.thread_ts !== message.ts && message.subtype !== "thread_broadcast";

function joins(above, message) {
  if (!above || above.ephemeral || message.ephemeral) return false;
  const same =
    (above.user ?? above.bot_id) === (message.user ?? message.bot_id) &&
    (above.username ?? "") === (message.username ?? "");
  return same && Number(message.ts) - Number(above.ts) < NEAR;
}
