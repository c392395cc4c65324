// One message as a row: author, text or blocks, files, thread, and the menu that appears over it.

import { act } from "./api.js";
import { avatar } from "./avatar.js";
import { clockTime, fullMoment } from "./dates.js";
import { h, icon } from "./dom.js";
import { Form } from "./form.js";
import { refusal, t } from "./i18n.js";
import { link, mrkdwn, plain, textObject } from "./mrkdwn.js";
import { openThread } from "./navigate.js";
import { menu, notice } from "./popover.js";
import { author, store } from "./store.js";
import { Surface } from "./surface.js";

const forms = new Map(); // what was chosen in a message's selects survives a redraw of its row

/**
 * @param {object} message of the server
 * @param {object} place {channel: id, compact: same author as above, inThread: bool}
 */
export function messageRow(message, { channel, compact = false, inThread = false }) {
  const who = author(message);
  const ms = Number(message.ts) * 1000;
  const marks = ["message", compact && "compact", message.ephemeral && "ephemeral"].filter(Boolean).join(" ");
  const time = h(
    "time",
    { class: "stamp", datetime: new Date(ms).toISOString(), title: fullMoment(ms) },
    clockTime(ms),
  );
  const head = compact
    ? null
    : h(
        "div",
        { class: "who" },
        h("strong", null, who.real_name ?? who.name),
        who.is_bot && h("span", { class: "tag" }, t("app")),
        time,
      );
  const row = h(
    "article",
    {
      class: marks,
      tabindex: "-1",
      "aria-label": `${who.real_name ?? who.name}, ${clockTime(ms)}`,
      data: { testid: "message", ts: message.ts, channel, user: who.id, ephemeral: message.ephemeral ? "true" : null },
    },
    h("div", { class: "gutter" }, compact ? time : avatar(who)),
    h(
      "div",
      { class: "message-main" },
      message.ephemeral && h("div", { class: "only-you" }, icon("eye"), t("onlyYou")),
      head,
      h("div", { class: "message-body" }, body(message, channel)),
      !inThread && message.reply_count > 0 && threadLink(message),
    ),
    hoverBar(message, channel, inThread),
  );
  // the bar's buttons are Tab stops only of the row in which one is
  const reach = (index) => row.querySelectorAll(".hover-bar button").forEach((button) => (button.tabIndex = index));
  row.addEventListener("focusin", () => reach(0));
  row.addEventListener("focusout", (event) => row.contains(event.relatedTarget) || reach(-1));
  return row;
}

function body(message, channel) {
  if (message.subtype === "tombstone") return h("em", { class: "quiet" }, t("deleted"));
  const edited = message.edited && h("span", { class: "edited" }, t("edited"));
  const surface = new Surface({ kind: "message", channel, ts: message.ts }, formOf(channel, message.ts));
  const parts = [];
  const typed = !author(message).is_bot && message.text; // its blocks only repeat, in other words, what was typed
  if (message.blocks?.length && !typed) {
    const holder = h("div", { class: "blocks" });
    surface.draw(holder, message.blocks);
    parts.push(holder, edited);
  } else if (message.text) parts.push(h("div", { class: "text" }, mrkdwn(message.text), edited && " ", edited));
  parts.push((message.attachments ?? []).map((one) => attachment(one, surface)));
  parts.push((message.files ?? []).map(file));
  parts.push(reactions(message.reactions));
  return parts;
}

function formOf(channel, ts) {
  const key = `${channel}/${ts}`;
  if (!forms.has(key)) forms.set(key, new Form());
  return forms.get(key);
}

function attachment(one, surface) {
  const colour =
    { good: "#2eb67d", warning: "#e0a100", danger: "#d33a49" }[one.color] ??
    (one.color ? `#${one.color.replace("#", "")}` : "var(--line)");
  const blocks = h("div", { class: "blocks" });
  if (one.blocks) surface.draw(blocks, one.blocks);
  return h(
    "div",
    { class: "attachment", style: { "--bar": colour } },
    one.pretext && h("div", null, mrkdwn(one.pretext)),
    one.author_name && h("div", { class: "quiet" }, one.author_name),
    one.title && h("strong", null, one.title_link ? link(one.title_link, one.title) : plain(one.title)),
    one.text && h("div", null, mrkdwn(one.text)),
    one.fields &&
      h(
        "div",
        { class: "fields" },
        one.fields.map((field) =>
          h("div", { class: "field" }, h("strong", null, field.title), h("br"), mrkdwn(String(field.value ?? ""))),
        ),
      ),
    one.blocks && blocks,
    !one.text && !one.blocks && !one.title && one.fallback && h("div", null, plain(one.fallback)),
    one.image_url && h("img", { class: "block-image", src: one.image_url, alt: one.title ?? "" }),
    one.footer && h("div", { class: "quiet" }, plain(one.footer)),
  );
}

function file(one) {
  const url = one.url ?? one.url_private;
  if ((one.mimetype ?? "").startsWith("image/")) {
    return h(
      "a",
      { class: "file-image", href: url, target: "_blank", rel: "noopener", data: { testid: "file" } },
      h("span", { class: "quiet" }, one.title ?? one.name),
      h("img", { class: "block-image", src: url, alt: one.alt_txt ?? "" }),
    );
  }
  const kind = (one.name ?? "").split(".").pop().toUpperCase();
  return h(
    "a",
    { class: "file", href: url, download: one.name, data: { testid: "file" } },
    h("span", { class: "file-sign" }, icon("file")),
    h("span", null, h("strong", null, one.title ?? one.name), h("small", null, `${kind} · ${t("download")}`)),
  );
}

function reactions(list) {
  if (!list?.length) return null;
  return h(
    "div",
    { class: "row reactions" },
    list.map((one) =>
      h("span", { class: "reaction" }, plain(`:${one.name}:`), ` ${one.count ?? one.users?.length ?? 1}`),
    ),
  );
}

function threadLink(message) {
  const text = message.reply_count === 1 ? t("reply1") : t("replies", { n: message.reply_count });
  return h(
    "button",
    { type: "button", class: "thread-link", data: { testid: "thread-link" }, onclick: () => openThread(message.ts) },
    icon("reply"),
    text,
  );
}

function hoverBar(message, channel, inThread) {
  const more = h(
    "button",
    {
      type: "button",
      class: "icon-btn",
      "aria-label": t("more"),
      title: t("more"),
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      data: { testid: "message-more" },
      onclick: () => openMore(more, message, channel),
    },
    icon("more"),
  );
  const reply =
    !inThread &&
    !message.ephemeral &&
    h(
      "button",
      {
        type: "button",
        class: "icon-btn",
        "aria-label": t("replyInThread"),
        title: t("replyInThread"),
        data: { testid: "message-reply" },
        onclick: () => openThread(message.thread_ts ?? message.ts),
      },
      icon("reply"),
    );
  const bar = h("div", { class: "hover-bar" }, reply, more);
  for (const button of bar.children) button.tabIndex = -1;
  return bar;
}

function openMore(anchor, message, channel) {
  const own = message.ephemeral ? [] : store.shortcuts.filter((one) => one.type === "message");
  const items = own.map((one) => ({
    label: one.name,
    hint: store.app.name,
    data: { testid: "message-shortcut", callbackId: one.callback_id },
    run: () => runShortcut({ callback_id: one.callback_id, channel, ts: message.ts }),
  }));
  const copy = { label: t("copyLink"), data: { testid: "copy-link" }, run: () => copyLink(message, channel) };
  menu(anchor, items.length ? [...items, null, copy] : [copy], { label: t("more"), testid: "message-menu" });
}

/** Starts a global or a message shortcut. */
export async function runShortcut(what) {
  const answer = await act({ do: "shortcut", ...what });
  if (!answer.ok) notice(refusal(answer), "error");
}

async function copyLink(message, channel) {
  const url = new URL(message.permalink ?? `/p/${channel}/${message.ts}`, location.href).href;
  try {
    await navigator.clipboard.writeText(url);
    notice(t("copied"));
  } catch {
    notice(url);
  }
}
