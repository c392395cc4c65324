// Renders Slack's rich_text, and makes one from plain text.

import { fromTemplate } from "./dates.js";
import { h } from "./dom.js";
import { channelMention, emojiNode, link, userMention } from "./mrkdwn.js";

/** A rich_text block as nodes. */
export const richText = (block) => (block.elements ?? []).map(part);

function part(one) {
  if (one.type === "rich_text_list") return list(one);
  if (one.type === "rich_text_quote") return h("blockquote", null, pieces(one.elements));
  if (one.type === "rich_text_preformatted") return h("pre", null, pieces(one.elements));
  return h("div", { class: "rt-section" }, pieces(one.elements));
}

function list({ style, elements = [], indent = 0, offset = 0 }) {
  const tag = style === "ordered" ? "ol" : "ul";
  const props = {
    class: `rt-list depth-${indent % 3}`,
    style: { "--depth": indent },
    start: offset ? offset + 1 : null,
  };
  return h(
    tag,
    props,
    elements.map((item) => h("li", null, item.type === "rich_text_section" ? pieces(item.elements) : part(item))),
  );
}

function pieces(elements = []) {
  return elements.map((one) => styled(piece(one), one.style));
}

function piece(one) {
  switch (one.type) {
    case "text":
      return one.text;
    case "link":
      return link(one.url, one.text ?? null);
    case "user":
      return userMention(one.user_id);
    case "channel":
      return channelMention(one.channel_id);
    case "emoji":
      return (
        emojiNode(one.name) ??
        one.unicode
          ?.split("-")
          .map((code) => String.fromCodePoint(parseInt(code, 16)))
          .join("") ??
        `:${one.name}:`
      );
    case "broadcast":
      return h("span", { class: "mention all" }, `@${one.range}`);
    case "date":
      return h("time", { title: one.fallback }, fromTemplate(one.format, one.timestamp));
    case "color":
      return h("span", { class: "colour" }, h("i", { style: { background: one.value } }), one.value);
    default:
      return one.text ?? "";
  }
}

function styled(node, style) {
  if (!style) return node;
  const wrap = { code: "code", strike: "s", underline: "u", italic: "em", bold: "strong" };
  return Object.entries(wrap).reduce((inner, [key, tag]) => (style[key] ? h(tag, null, inner) : inner), node);
}

/** What a person typed, as Slack's rich_text; null when there is nothing. */
export function fromText(text) {
  if (!text) return null;
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] };
}

/** The words of a rich_text, for a field that is filled in beforehand. */
export function toText(value) {
  const read = (one) => one.text ?? one.url ?? (one.name ? `:${one.name}:` : (one.elements ?? []).map(read).join(""));
  return (value?.elements ?? []).map(read).join("\n");
}
