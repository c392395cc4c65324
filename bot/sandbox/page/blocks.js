// Draws Block Kit's blocks. What they say comes from apps and people, so it is text everywhere.

import { h, icon, uid } from "./dom.js";
import { drawElement, imageTag } from "./elements.js";
import { t } from "./i18n.js";
import { markdown } from "./markdown.js";
import { link, plain, textObject, words } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/** Draws one block for a surface; an unknown kind is named rather than dropped in silence. */
export function drawBlock(block, ctx) {
  const draw = DRAW[block.type] ?? unsupported;
  const node = draw(block, ctx);
  node.classList.add("block", `b-${block.type}`);
  node.dataset.block = block.type;
  if (block.block_id && !node.dataset.blockId) node.dataset.blockId = block.block_id;
  return node;
}

const DRAW = {
  section,
  divider: () => h("hr"),
  header: (block, ctx) => h("div", { role: "heading", "aria-level": ctx.headingLevel }, textObject(block.text)),
  context: (block) =>
    h(
      "div",
      null,
      (block.elements ?? []).map((one) =>
        one.type === "image" ? imageTag(one, "context-image") : h("span", null, textObject(one)),
      ),
    ),
  actions: (block, ctx) =>
    h(
      "div",
      { class: "row" },
      block.elements.map((element) => drawElement(element, block, ctx)),
    ),
  context_actions: (block, ctx) =>
    h(
      "div",
      { class: "row" },
      block.elements.map((element) => drawElement(element, block, ctx)),
    ),
  image,
  input,
  rich_text: (block) => h("div", null, richText(block)),
  markdown: (block) => h("div", null, markdown(block.text ?? "")),
  table,
  alert,
  card,
  carousel: (block, ctx) =>
    h(
      "div",
      { role: "group", tabindex: "0" },
      (block.elements ?? []).map((one) => drawBlock({ type: "card", ...one }, ctx)),
    ),
  container,
  video,
  file: (block) => h("div", { class: "row" }, icon("file"), block.external_id ?? ""),
};

function section(block, ctx) {
  const text = block.text && h("div", { class: "section-text" }, textObject(block.text));
  const fields =
    block.fields &&
    h(
      "div",
      { class: "fields" },
      block.fields.map((field) => h("div", { class: "field" }, textObject(field))),
    );
  const accessory = block.accessory && h("div", { class: "accessory" }, drawAccessory(block, ctx));
  return h(
    "div",
    { class: block.accessory ? "has-accessory" : null },
    h("div", { class: "section-body" }, text, fields),
    accessory,
  );
}

const drawAccessory = (block, ctx) =>
  block.accessory.type === "image" ? imageTag(block.accessory, "thumb") : drawElement(block.accessory, block, ctx);

function image(block) {
  return h(
    "figure",
    null,
    block.title && h("figcaption", null, textObject(block.title)),
    imageTag(block, "block-image"),
  );
}

/** An input block: label, control, hint, and the place of its error. `retouch` changes all but the control. */
function input(block, ctx) {
  const id = uid("field");
  const grouped = ["checkboxes", "radio_buttons"].includes(block.element?.type);
  const label = h(grouped ? "div" : "label", { class: "label", htmlFor: grouped ? undefined : id });
  const hint = h("div", { class: "hint", id: `${id}-hint` });
  const count = h("span", { class: "count", "aria-hidden": "true" });
  const error = h("div", {
    class: "field-error",
    id: `${id}-error`,
    role: "alert",
    hidden: true,
    data: { testid: "field-error", blockId: block.block_id ?? "" },
  });
  const control = drawElement(block.element, block, ctx, id);
  const node = h(
    "div",
    { data: { testid: "input-block" } },
    label,
    control,
    h("div", { class: "under" }, error, hint, count),
  );
  const target = control.matches("input, textarea, [role]") ? control : (control.querySelector("input") ?? control);
  node.retouch = (fresh) => {
    label.replaceChildren(...textObject(fresh.label));
    if (fresh.optional) label.append(h("span", { class: "optional" }, ` ${t("optional")}`));
    else target.setAttribute("aria-required", "true");
    hint.replaceChildren(...textObject(fresh.hint));
    hint.hidden = !fresh.hint;
    describe();
  };
  node.complain = (text) => {
    error.hidden = !text;
    error.replaceChildren(...(text ? [icon("warn"), text] : []));
    node.classList.toggle("wrong", Boolean(text));
    if (text) target.setAttribute("aria-invalid", "true");
    else target.removeAttribute("aria-invalid");
    describe();
  };
  const describe = () => {
    const ids = [!error.hidden && error.id, !hint.hidden && hint.id].filter(Boolean).join(" ");
    if (ids) target.setAttribute("aria-describedby", ids);
    else target.removeAttribute("aria-describedby");
  };
  node.focusControl = () =>
    (control.matches("input, textarea") ? control : control.querySelector("input, textarea, button"))?.focus();
  countLetters(target, block.element?.max_length, count);
  node.retouch(block);
  return node;
}

function countLetters(target, most, count) {
  if (!most || !("value" in target)) return;
  const tell = () => {
    const left = most - target.value.length;
    count.textContent = left <= Math.max(10, most * 0.1) ? String(left) : "";
  };
  target.addEventListener("input", tell);
  tell();
}

function table(block) {
  const settings = block.column_settings ?? [];
  const numeric = (cell) => cell?.type === "raw_number";
  const cell = (tag) => (one, column) => {
    const align = settings[column]?.align ?? (numeric(one) ? "right" : "left");
    const cls = `align-${align}${settings[column]?.is_wrapped ? " wrapped" : ""}`;
    return h(
      tag,
      { class: cls, scope: tag === "th" ? "col" : null },
      one?.type === "rich_text" ? richText(one) : plain(one?.text ?? ""),
    );
  };
  const [head = [], ...rows] = block.rows ?? [];
  const body = rows.map((row) => h("tr", null, row.map(cell("td"))));
  return h(
    "div",
    null,
    h(
      "div",
      {
        class: "table-box",
        tabindex: "0",
        role: "region",
        "aria-label": words({ type: "plain_text", text: head.map((one) => one?.text ?? "").join(" ") }),
      },
      h("table", null, h("thead", null, h("tr", null, head.map(cell("th")))), h("tbody", null, body)),
    ),
  );
}

function alert(block) {
  const level = block.level ?? "default";
  return h(
    "div",
    { class: `level-${level}`, role: level === "error" || level === "warning" ? "alert" : "status" },
    icon(["error", "warning"].includes(level) ? "warn" : level === "success" ? "check" : "info"),
    h("div", null, textObject(block.text)),
  );
}

function card(block, ctx) {
  return h(
    "div",
    null,
    block.hero_image && imageTag(block.hero_image, "hero"),
    h(
      "div",
      { class: "card-head" },
      block.icon && imageTag(block.icon, "card-icon"),
      h(
        "div",
        null,
        block.title && h("div", { class: "card-title" }, textObject(block.title)),
        block.subtitle && h("div", { class: "card-subtitle" }, textObject(block.subtitle)),
      ),
    ),
    block.body && h("div", { class: "card-body" }, textObject(block.body)),
    block.actions &&
      h(
        "div",
        { class: "row" },
        block.actions.map((element) => drawElement(element, block, ctx)),
      ),
  );
}

function container(block, ctx) {
  const title = block.rich_text_title ? richText(block.rich_text_title) : textObject(block.title);
  const kids = (block.child_blocks ?? []).map((one) => drawBlock(one, ctx));
  const head = [
    block.icon && imageTag(block.icon, "card-icon"),
    h("strong", null, title),
    block.subtitle && h("span", { class: "card-subtitle" }, textObject(block.subtitle)),
  ];
  if (!block.is_collapsible) return h("div", null, h("div", { class: "card-head" }, head), kids);
  return h("details", { open: !block.default_collapsed }, h("summary", null, head), kids);
}

function video(block) {
  return h(
    "div",
    null,
    block.thumbnail_url && h("img", { class: "thumb", src: block.thumbnail_url, alt: block.alt_text ?? "" }),
    h(
      "div",
      null,
      link(block.title_url ?? block.video_url, words(block.title)),
      h(
        "div",
        { class: "card-subtitle" },
        icon("play"),
        " ",
        block.provider_name ?? t("video"),
        block.author_name && ` · ${block.author_name}`,
      ),
      block.description && h("div", null, textObject(block.description)),
    ),
  );
}

const unsupported = (block) => h("div", { class: "unsupported" }, t("unsupported", { type: block.type }));
