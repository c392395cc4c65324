// A simple subset of Markdown for the markdown block: headings, lists, quotes, code, tables, links, emphasis.

import { h } from "./dom.js";
import { emojiNode, link } from "./mrkdwn.js";

const INLINE =
  /`([^`\n]+)`|!?\[([^\]\n]+)\]\(([^)\s]+)\)|\*\*(?=\S)(.+?)\*\*|__(?=\S)(.+?)__|~~(?=\S)(.+?)~~|\*(?=\S)([^*\n]+)\*|(?<![\p{L}\p{N}])_(?=\S)([^_\n]+)_(?![\p{L}\p{N}])|:([a-z0-9_+-]+):|(https?:\/\/[^\s<>()]+)/gu;

/** Markdown text as nodes. */
export function markdown(text) {
  const nodes = [];
  const rows = text.replace(/\r/g, "").split("\n");
  while (rows.length) nodes.push(...block(rows));
  return nodes;
}

function block(rows) {
  const row = rows[0];
  if (!row.trim()) return rows.shift() && [];
  if (row.startsWith("```")) return [fence(rows)];
  const heading = row.match(/^(#{1,6})\s+(.*)$/);
  if (heading) {
    rows.shift();
    return [
      h(
        "div",
        { class: `md-h${Math.min(3, heading[1].length)}`, role: "heading", "aria-level": heading[1].length + 1 },
        inline(heading[2]),
      ),
    ];
  }
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(row)) return rows.shift() && [h("hr")];
  if (row.includes("|") && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(rows[1] ?? "")) return [table(rows)];
  if (/^\s*>/.test(row))
    return [
      h(
        "blockquote",
        null,
        markdown(
          take(rows, /^\s*>/)
            .map((one) => one.replace(/^\s*>\s?/, ""))
            .join("\n"),
        ),
      ),
    ];
  if (ITEM.test(row)) return lists(take(rows, ITEM));
  return [
    h(
      "p",
      null,
      take(rows, /^(?!\s*$|#{1,6}\s|```|\s*>)/, ITEM).flatMap((one, index) => [index ? h("br") : null, inline(one)]),
    ),
  ];
}

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

function take(rows, like, stop) {
  const taken = [rows.shift()];
  while (rows.length && like.test(rows[0]) && !stop?.test(rows[0])) taken.push(rows.shift());
  return taken;
}

function fence(rows) {
  rows.shift();
  const code = [];
  while (rows.length && !rows[0].startsWith("```")) code.push(rows.shift());
  rows.shift();
  return h("pre", null, code.join("\n"));
}

function lists(rows) {
  return rows.map((row) => {
    const [, indent, mark, rest] = row.match(ITEM);
    const task = rest.match(/^\[([ xX])\]\s+(.*)$/);
    const sign = task ? (task[1] === " " ? "☐" : "☑") : /\d/.test(mark) ? mark : "•";
    const style = { "--depth": Math.min(3, Math.floor(indent.length / 2)) };
    return h(
      "span",
      { class: "bullet", style },
      h("span", { class: "mark" }, sign),
      h("span", null, inline(task ? task[2] : rest)),
    );
  });
}

const cells = (row) =>
  row
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());

function table(rows) {
  const head = cells(rows.shift());
  const align = cells(rows.shift()).map((rule) =>
    rule.endsWith(":") ? (rule.startsWith(":") ? "center" : "right") : "left",
  );
  const body = [];
  while (rows.length && rows[0].includes("|")) body.push(cells(rows.shift()));
  const line = (tag) => (texts) =>
    h(
      "tr",
      null,
      texts.map((text, column) => h(tag, { class: `align-${align[column] ?? "left"}` }, inline(text))),
    );
  return h(
    "div",
    { class: "table-box", tabindex: "0" },
    h("table", null, h("thead", null, line("th")(head)), h("tbody", null, body.map(line("td")))),
  );
}

function inline(text) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const node = piece(match);
    if (node === null) continue;
    nodes.push(text.slice(last, match.index), node);
    last = match.index + match[0].length;
  }
  nodes.push(text.slice(last));
  return nodes;
}

function piece([, code, label, url, bold, bold2, strike, italic, italic2, emoji, bare]) {
  if (code != null) return h("code", null, code);
  if (label != null) return link(url, null, inline(label));
  if (bold ?? bold2) return h("strong", null, inline(bold ?? bold2));
  if (strike != null) return h("s", null, inline(strike));
  if (italic ?? italic2) return h("em", null, inline(italic ?? italic2));
  if (emoji != null) return emojiNode(emoji);
  return link(bare, null);
}
