// Builds and keeps DOM nodes. People's text only ever becomes text nodes: nothing here parses HTML.

const PROPERTIES = new Set([
  "value",
  "checked",
  "disabled",
  "hidden",
  "selected",
  "htmlFor",
  "tabIndex",
  "textContent",
]);
let counter = 0;

/** A fresh id for label/for and ARIA references. */
export const uid = (stem = "n") => `${stem}-${++counter}`;

/**
 * Makes an element.
 * @param {string} tag
 * @param {object|null} props attributes; `class`, `data` (dataset), `style` (CSS properties), `on` + event are special
 * @param {...any} kids nodes, strings, nested arrays; null and false are left out
 */
export function h(tag, props, ...kids) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "data") {
      for (const [key, part] of Object.entries(value)) if (part != null) node.dataset[key] = part;
    } else if (name === "style") {
      for (const [key, part] of Object.entries(value)) node.style.setProperty(key, part);
    } else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  add(node, kids);
  return node;
}

/** Appends kids, flattening arrays and leaving out null and false. */
export function add(node, kids) {
  for (const kid of [kids].flat(Infinity)) {
    if (kid == null || kid === false) continue;
    node.append(kid);
  }
}

/** Replaces all children. */
export function fill(node, ...kids) {
  node.replaceChildren();
  add(node, kids);
  return node;
}

/** A stroked icon out of a fixed set. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const ICONS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  down: "M6 9l6 6 6-6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l4.5 4.5",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  more: "M12 5h.01M12 12h.01M12 19h.01",
  reply: "M4 5h16v11H9l-5 4z",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.5 1.5M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.5-1.5",
  send: "M4 12l16-8-6 16-3-7z",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3.5 2",
  calendar: "M5 6h14v14H5zM5 10h14M9 3v4M15 3v4",
  map: "M9 5L4 7v12l5-2 6 2 5-2V5l-5 2zM9 5v12M15 7v12",
  check: "M5 12.5l4.5 4.5L19 7.5",
  eye: "M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  hash: "M9.5 4L7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16",
  play: "M8 5l11 7-11 7z",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v6M12 7.5h.01",
  warn: "M12 4l9 16H3zM12 10v5M12 17.5h.01",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
};

/**
 * Brings the children of a parent in line with a list, leaving a node alone while its item says the same.
 * Nodes that stay are never moved while the order of items stays, so focus and half-typed text survive.
 * @param {Element} parent
 * @param {Array<{key: string, print: string}>} items
 * @param {(item: object, old: Element|undefined) => Element} build may return `old` after changing it
 */
export function reconcile(parent, items, build) {
  const wanted = new Set(items.map((item) => item.key));
  const present = new Map();
  for (const node of [...parent.children]) {
    if (wanted.has(node.rowKey) && !present.has(node.rowKey)) present.set(node.rowKey, node);
    else node.remove();
  }
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const old = present.get(item.key);
    const node = old && old.rowPrint === item.print ? old : build(item, old);
    node.rowKey = item.key;
    node.rowPrint = item.print;
    if (old && node !== old) {
      if (cursor === old) cursor = old.nextElementSibling;
      old.remove();
    }
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
  }
}

/** Runs a change to the DOM and puts the focus and the selection back where they were, if the change took them. */
export function keepFocus(root, change) {
  const before = document.activeElement;
  const spot = before && root.contains(before) ? place(before) : null;
  change();
  if (!spot || document.activeElement === before) return;
  const after = root.querySelector(spot.selector);
  if (!after) return;
  after.focus({ preventScroll: true });
  if (spot.range && after.setSelectionRange) {
    try {
      after.setSelectionRange(...spot.range);
    } catch {
      // number and date inputs have no selection
    }
  }
}

function place(node) {
  const holder = node.closest("[data-action-id]");
  if (!holder) return null;
  const quote = (text) => CSS.escape(text ?? "");
  let selector = `[data-action-id="${quote(holder.dataset.actionId)}"]`;
  if (holder.dataset.blockId) selector = `[data-block-id="${quote(holder.dataset.blockId)}"]${selector}`;
  const row = node.closest("[data-ts]");
  if (row) selector = `[data-ts="${quote(row.dataset.ts)}"] ${selector}`;
  if (holder !== node) selector += ` ${node.localName}`;
  let range = null;
  try {
    if (node.selectionStart != null) range = [node.selectionStart, node.selectionEnd];
  } catch {
    range = null;
  }
  return { selector, range };
}
