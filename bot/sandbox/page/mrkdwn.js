// Renders Slack's mrkdwn into nodes. Delimiters count only at the edge of a word, as in Slack.

import { fromTemplate } from "./dates.js";
import { h } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { t } from "./i18n.js";
import { goTo, permalinkOf } from "./navigate.js";
import { channel, channelName, member, store } from "./store.js";

const FENCE = /```\n?([\s\S]+?)\n?```/g;
const INLINE = new RegExp(
  [
    "`([^`\\n]+)`", // 1 code
    "<([^<>\\n]+)>", // 2 entity
    ":([a-z0-9_+-]+(?:::skin-tone-\\d)?):", // 3 emoji
    "(?<![\\p{L}\\p{N}*])\\*(?=\\S)([^*\\n]*[^*\\s])\\*(?![\\p{L}\\p{N}*])", // 4 bold
    "(?<![\\p{L}\\p{N}_])_(?=\\S)([^_\\n]*[^_\\s])_(?![\\p{L}\\p{N}_])", // 5 italic
    "(?<![\\p{L}\\p{N}~])~(?=\\S)([^~\\n]*[^~\\s])~(?![\\p{L}\\p{N}~])", // 6 strike
    "(https?:\\/\\/[^\\s<>|]+[^\\s<>|.,;:!?)\\]}'\"，。；：！？）】》])", // 7 bare link
  ].join("|"),
  "gu",
);

export const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
export const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A text object of Slack ({type, text}) as nodes. */
export function textObject(text) {
  if (text == null) return [];
  if (typeof text === "string") return mrkdwn(text);
  return text.type === "mrkdwn" ? mrkdwn(text.text ?? "") : plain(text.text ?? "", text.emoji !== false);
}

/** Plain text: only emoji names are read. */
export function plain(text, emoji = true) {
  const clean = unescape(text);
  if (!emoji) return [clean];
  return clean.split(/(:[a-z0-9_+-]+:)/).map((part) => {
    const sign = part.length > 2 && part.startsWith(":") ? EMOJI.get(part.slice(1, -1)) : null;
    return sign ? emojiNode(part.slice(1, -1)) : part;
  });
}

/** The words of a text object, for labels and titles. */
export function words(text) {
  const holder = document.createElement("span");
  holder.append(...textObject(text));
  return holder.textContent;
}

/** mrkdwn as nodes: fenced code, quotes, then inline marks. */
export function mrkdwn(text) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(FENCE)) {
    nodes.push(...lines(text.slice(last, match.index).replace(/\n$/, "")));
    nodes.push(h("pre", null, unescape(match[1])));
    last = match.index + match[0].length;
    if (text[last] === "\n") last += 1;
  }
  nodes.push(...lines(text.slice(last)));
  return nodes;
}

function lines(text) {
  if (!text) return [];
  const nodes = [];
  let quoted = null;
  let first = true;
  for (const line of text.split("\n")) {
    const quote = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (quote) {
      if (!quoted) nodes.push((quoted = h("blockquote")));
      else quoted.append(h("br"));
      quoted.append(...inline(quote[1]));
    } else {
      if (!first && !quoted) nodes.push(h("br"));
      quoted = null;
      const bullet = line.match(/^(\s*)([•◦▪‣]|\d+\.)\s+(.*)$/u);
      if (bullet) nodes.push(bulletLine(nodes, bullet));
      else nodes.push(...inline(line));
    }
    first = false;
  }
  return nodes;
}

// a hanging indent; the line is a block of its own, so the break before it goes
function bulletLine(nodes, [, indent, mark, rest]) {
  if (nodes.at(-1)?.localName === "br") nodes.pop();
  const depth = Math.min(3, Math.floor(indent.length / 2));
  return h(
    "span",
    { class: "bullet", style: { "--depth": depth } },
    h("span", { class: "mark" }, mark),
    h("span", null, inline(rest)),
  );
}

function inline(text) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const node = piece(match);
    if (node === null) continue;
    if (match.index > last) nodes.push(unescape(text.slice(last, match.index)));
    nodes.push(node);
    last = match.index + match[0].length;
  }
  if (last < text.length) nodes.push(unescape(text.slice(last)));
  return nodes;
}

function piece([, code, entityText, emoji, bold, italic, strike, url]) {
  if (code != null) return h("code", null, unescape(code));
  if (entityText != null) return entity(entityText);
  if (emoji != null) return emojiNode(emoji.split("::")[0]);
  if (bold != null) return h("strong", null, inline(bold));
  if (italic != null) return h("em", null, inline(italic));
  if (strike != null) return h("s", null, inline(strike));
  return link(unescape(url), null);
}

/** One emoji by name; null when the name is not known. */
export function emojiNode(name) {
  const sign = EMOJI.get(name);
  return sign
    ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, sign)
    : null;
}

function entity(text) {
  const bar = text.indexOf("|");
  const target = bar < 0 ? text : text.slice(0, bar);
  const label = bar < 0 ? null : unescape(text.slice(bar + 1));
  if (target.startsWith("@")) return userMention(target.slice(1), label);
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, label ?? "@team");
  if (target.startsWith("!")) return h("span", { class: "mention all" }, `@${target.slice(1)}`);
  return link(unescape(target), label);
}

export function userMention(id, label) {
  const one = member(id);
  const name = one?.real_name ?? (id === store.app.bot_user ? store.app.name : (label ?? id));
  return h("span", { class: id === store.as ? "mention me" : "mention", data: { member: id } }, `@${name}`);
}

export function channelMention(id, label) {
  const one = channel(id);
  const name = `#${one ? channelName(one) : (label ?? id)}`;
  if (!one) return h("span", { class: "mention" }, name);
  return h("button", { type: "button", class: "mention", onclick: () => goTo(id) }, name);
}

function date(target, fallback) {
  const [, seconds, template, href] = target.split("^");
  const shown = /^-?\d+$/.test(seconds) && template ? fromTemplate(template, Number(seconds)) : (fallback ?? target);
  return href ? link(unescape(href), shown) : h("time", { title: fallback, datetime: isoOrNull(seconds) }, shown);
}

function isoOrNull(seconds) {
  const ms = Number(seconds) * 1000;
  return Number.isFinite(ms) && Math.abs(ms) < 8.6e15 ? new Date(ms).toISOString() : null;
}

/** A link that leads nowhere dangerous: http, https, mailto and tel only; a permalink of this workspace stays in the page. */
export function link(url, label, kids) {
  let parsed;
  try {
    parsed = new URL(url, location.href);
  } catch {
    return h("span", null, kids ?? label ?? url);
  }
  if (!["http:", "https:", "mailto:", "tel:"].includes(parsed.protocol)) return h("span", null, kids ?? label ?? url);
  const spot = permalinkOf(parsed);
  const shown = kids ?? label ?? url.replace(/^(mailto:|tel:)/, "");
  if (!spot) return h("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer" }, shown);
  const follow = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(spot.channel, spot);
  };
  const label2 = shown === url ? t("thread") : shown;
  return h("a", { href: `${parsed.pathname}?as=${store.as}`, class: "permalink", onclick: follow }, label2);
}
