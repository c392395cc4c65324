// Small things over the page: placed lists, menus, confirm dialogs and passing notices.

import { fill, h, icon, uid } from "./dom.js";
import { t } from "./i18n.js";
import { textObject, words } from "./mrkdwn.js";

/** Puts a floating box under its anchor, or above where there is more room. The box must be shown already. */
export function placeUnder(box, anchor, { width = null, end = false } = {}) {
  const at = anchor.getBoundingClientRect();
  if (width) box.style.minWidth = `${Math.round(at.width)}px`;
  const below = innerHeight - at.bottom - 8;
  const above = at.top - 8;
  const up = below < Math.min(box.scrollHeight, 260) && above > below;
  box.style.maxHeight = `${Math.max(120, Math.min(360, up ? above : below))}px`;
  const size = box.getBoundingClientRect();
  const left = end ? at.right - size.width : at.left;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - size.width - 8))}px`;
  box.style.top = up ? `${Math.max(8, at.top - size.height - 4)}px` : `${at.bottom + 4}px`;
}

/** Where a floating box of this anchor belongs: inside the open dialog, or it would be inert. */
export const floatRoot = (anchor) => anchor.closest("dialog") ?? document.body;

let openMenu = null;

/**
 * Opens a menu at a button: arrows move, Enter chooses, Esc closes.
 * @param {Element} anchor
 * @param {Array<{label: string|Node[], hint?: string, data?: object, run: () => void}|null>} items null is a line between
 */
export function menu(anchor, items, { label = "", end = true, testid = "menu" } = {}) {
  const reopened = openMenu?.anchor === anchor;
  openMenu?.close(false);
  if (reopened) return;
  const box = h("div", { class: "float menu", role: "menu", "aria-label": label, popover: "manual", data: { testid } });
  for (const item of items) {
    if (item === null) box.append(h("hr"));
    else if (item.heading) box.append(h("div", { class: "menu-heading", role: "presentation" }, item.heading));
    else box.append(menuItem(item, () => close(true)));
  }
  const close = (refocus) => {
    if (openMenu?.box !== box) return;
    openMenu = null;
    box.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (refocus) anchor.focus();
  };
  const outside = (event) => box.contains(event.target) || anchor.contains(event.target) || close(false);
  box.addEventListener("keydown", (event) => menuKey(event, box, close));
  box.addEventListener(
    "focusout",
    (event) => event.relatedTarget && !box.contains(event.relatedTarget) && close(false),
  );
  document.addEventListener("pointerdown", outside, true);
  floatRoot(anchor).append(box);
  box.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  placeUnder(box, anchor, { end });
  openMenu = { anchor, box, close };
  box.querySelector("[role=menuitem]")?.focus();
}

function menuItem(item, done) {
  const choose = () => {
    done();
    item.run();
  };
  return h(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: "-1",
      class: item.danger ? "danger" : null,
      data: item.data,
      onclick: choose,
    },
    h("span", { class: "menu-label" }, item.label),
    item.hint && h("small", null, item.hint),
  );
}

function menuKey(event, box, close) {
  const items = [...box.querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const go = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (go !== undefined) {
    event.preventDefault();
    items.at(go % items.length)?.focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close(true);
  } else if (event.key.length === 1 && event.key !== " ") {
    items.find((item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  }
}

/** Shows Slack's confirm object; resolves to true when the person agrees. No object: true at once. */
export function confirmed(ask) {
  if (!ask) return Promise.resolve(true);
  return new Promise((resolve) => {
    const id = uid("confirm");
    const danger = ask.style === "danger";
    const dialog = h("dialog", { class: "confirm", "aria-labelledby": id, data: { testid: "confirm" } });
    const leave = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const yes = h(
      "button",
      {
        type: "button",
        class: danger ? "btn danger" : "btn primary",
        data: { testid: "confirm-yes" },
        onclick: () => leave(true),
      },
      textObject(ask.confirm),
    );
    const no = h(
      "button",
      { type: "button", class: "btn", data: { testid: "confirm-no" }, onclick: () => leave(false) },
      ask.deny ? textObject(ask.deny) : t("cancel"),
    );
    fill(
      dialog,
      h("h2", { id }, textObject(ask.title)),
      h("div", { class: "confirm-text" }, textObject(ask.text)),
      h("footer", null, no, yes),
    );
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("keydown", (event) => {
      trapTab(event, dialog);
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      leave(false);
    });
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), select:not(:disabled), [tabindex]:not([tabindex="-1"])';

/** The elements inside that Tab reaches. */
export const focusables = (root) =>
  [...root.querySelectorAll(FOCUSABLE)].filter((node) => node.tabIndex >= 0 && node.getClientRects().length > 0);

/** Keeps Tab inside a dialog. */
export function trapTab(event, root) {
  if (event.key !== "Tab") return;
  const stops = focusables(root);
  if (!stops.length) return;
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement !== edge && root.contains(document.activeElement)) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0]).focus();
}

/** A line that passes by at the bottom, read out by screen readers. */
export function notice(text, kind = "info") {
  const tray = document.getElementById("notices") ?? makeTray();
  const close = h(
    "button",
    { type: "button", class: "icon-btn", "aria-label": t("close"), onclick: () => row.remove() },
    icon("close"),
  );
  const row = h(
    "div",
    { class: `notice ${kind}`, data: { testid: "notice" } },
    icon(kind === "error" ? "warn" : "info"),
    h("span", null, text),
    close,
  );
  tray.append(row);
  while (tray.children.length > 3) tray.firstElementChild.remove();
  raiseTray(tray);
  setTimeout(() => row.remove(), kind === "error" ? 9000 : 5000);
}

function makeTray() {
  const tray = h("div", { id: "notices", role: "status", "aria-live": "polite", popover: "manual" });
  document.body.append(tray);
  return tray;
}

// shown again each time, so that it stands above a dialog opened since
function raiseTray(tray) {
  if (tray.matches(":popover-open")) tray.hidePopover();
  tray.showPopover();
}

/** The plain words of a label, for aria-label. */
export const spoken = (text) => (text ? words(text) : null);
