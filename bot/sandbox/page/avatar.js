// A member's face: initials on their colour; the app has its own sign.

import { h } from "./dom.js";

const COLOURS = ["#0e7a63", "#3457b2", "#a2376b", "#8a5a00", "#6b3fa0", "#a83d1f", "#1f7391", "#4f6b1d"];

/** Up to two letters, or the last two characters of a Chinese name, as people there shorten it. */
export function initials(name) {
  const clean = (name ?? "?").trim();
  const han = clean.match(/\p{Script=Han}/gu);
  if (han) return han.length > 2 ? han.slice(-2).join("") : han.join("");
  const parts = clean.split(/[\s._-]+/).filter(Boolean);
  return ((parts[0]?.[0] ?? "?") + (parts.length > 1 ? parts.at(-1)[0] : "")).toUpperCase();
}

export function colourOf(member) {
  if (member.color) return member.color.startsWith("#") ? member.color : `#${member.color}`;
  const sum = [...(member.id ?? "")].reduce((total, letter) => total + letter.codePointAt(0), 0);
  return COLOURS[sum % COLOURS.length];
}

export function avatar(member, size = "") {
  const cls = `avatar ${size}${member.is_bot ? " bot" : ""}`;
  if (member.is_bot) return h("img", { class: cls, src: "/page/icon.svg", alt: "" });
  return h(
    "span",
    { class: cls, style: { "--face": colourOf(member) }, "aria-hidden": "true" },
    initials(member.real_name ?? member.name),
  );
}
