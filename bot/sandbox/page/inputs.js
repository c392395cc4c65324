// Dates and times, radio buttons and checkboxes, and everything that one types.

import { dateField, momentField, timeField } from "./calendar.js";
import { h, uid } from "./dom.js";
import { textObject, words } from "./mrkdwn.js";
import { spoken } from "./popover.js";
import { press } from "./press.js";
import { fromText, toText } from "./richtext.js";

export const dateInput = (...place) => dated(...place, dateField, "selected_date");
export const timeInput = (...place) => dated(...place, timeField, "selected_time");
export const momentInput = (...place) => dated(...place, momentField, "selected_date_time");

function dated(element, block, ctx, id, field, key) {
  const value = ctx.form.open(block.block_id ?? "", element);
  const node = field({
    id,
    value: value[key],
    label: id ? null : (spoken(element.placeholder) ?? spoken(block.text)),
    placeholder: element.placeholder ? words(element.placeholder) : null,
    onchange: (chosen) => {
      const next = { type: element.type, [key]: chosen };
      ctx.changed(block, element, next);
      if (ctx.dispatches(block)) press(node, element, block, ctx, next);
    },
  });
  return node;
}

/** Radio buttons and checkboxes. */
export function choices(element, block, ctx, id) {
  const many = element.type === "checkboxes";
  const value = ctx.form.open(block.block_id ?? "", element);
  const held = new Set(
    (many ? (value.selected_options ?? []) : [value.selected_option].filter(Boolean)).map((option) => option.value),
  );
  const name = uid("choice");
  const change = () => {
    const chosen = element.options.filter((_, index) => boxes[index].checked);
    const next = {
      type: element.type,
      ...(many ? { selected_options: chosen } : { selected_option: chosen[0] ?? null }),
    };
    ctx.changed(block, element, next);
    if (ctx.dispatches(block)) press(node, element, block, ctx, next);
  };
  const boxes = element.options.map((option) =>
    h("input", {
      type: many ? "checkbox" : "radio",
      name,
      value: option.value,
      checked: held.has(option.value),
      onchange: change,
    }),
  );
  const rows = element.options.map((option, index) =>
    h(
      "label",
      { class: "choice", data: { testid: "choice", value: option.value } },
      boxes[index],
      h("span", null, textObject(option.text), option.description && h("small", null, textObject(option.description))),
    ),
  );
  const node = h(
    "div",
    {
      class: "choices",
      role: many ? "group" : "radiogroup",
      id,
      "aria-label": id ? spoken(block.label) : spoken(block.text),
    },
    rows,
  );
  return node;
}

const INPUT_TYPES = {
  number_input: { inputmode: "decimal" },
  email_text_input: { inputmode: "email" },
  url_text_input: { inputmode: "url" },
};

/** The inputs one types into, of one line or more. */
export function textInput(element, block, ctx, id) {
  const rich = element.type === "rich_text_input";
  const multiline = rich || element.multiline;
  const value = ctx.form.open(block.block_id ?? "", element);
  const text = rich ? toText(value.rich_text_value) : (value.value ?? "");
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const next = () => ({
    type: element.type,
    ...(rich ? { rich_text_value: fromText(node.value) } : { value: node.value || null }),
  });
  let timer = null;
  let sent = text;
  const dispatch = () => {
    clearTimeout(timer);
    if (sent === node.value) return;
    sent = node.value;
    ctx.act({ action_id: element.action_id, block_id: block.block_id, ...next() });
  };
  const node = h(multiline ? "textarea" : "input", {
    ...(multiline ? { rows: rich ? "4" : "3" } : { type: "text" }),
    ...INPUT_TYPES[element.type],
    id,
    class: "text",
    autocomplete: "off",
    maxlength: element.max_length,
    placeholder: element.placeholder ? words(element.placeholder) : null,
    "aria-label": id ? null : spoken(element.placeholder),
    data: { testid: "text-input" },
  });
  node.value = text;
  node.addEventListener("input", () => {
    ctx.changed(block, element, next());
    if (!ctx.dispatches(block) || !on.includes("on_character_entered")) return;
    clearTimeout(timer);
    timer = setTimeout(dispatch, 250);
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || multiline) return;
    if (!ctx.dispatches(block) || !on.includes("on_enter_pressed")) return;
    event.preventDefault();
    sent = null; // Enter always counts
    dispatch();
  });
  return node;
}
