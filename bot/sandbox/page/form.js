// The values of a surface's inputs, in the shape of Slack's view.state.values.

import { toText } from "./richtext.js";

export class Form {
  /** @param {object} [values] what the server last knew: {block_id: {action_id: value}} */
  constructor(values = {}) {
    this.values = structuredClone(values ?? {});
  }

  get(blockId, actionId) {
    return this.values[blockId]?.[actionId];
  }

  set(blockId, actionId, value) {
    (this.values[blockId] ??= {})[actionId] = value;
  }

  /** The value of an element: what was typed if it is still the same kind of element, else its initial value. */
  open(blockId, element) {
    const typed = this.get(blockId, element.action_id);
    if (typed?.type === element.type) return typed;
    const value = { type: element.type, ...initial(element) };
    this.set(blockId, element.action_id, value);
    return value;
  }

  /** Forgets what is on no block any more. */
  prune(blocks) {
    const kept = {};
    for (const { block_id: blockId, elements } of blocks.map(inputsOf)) {
      for (const element of elements) {
        const value = this.get(blockId, element.action_id);
        if (value) (kept[blockId] ??= {})[element.action_id] = value;
      }
    }
    this.values = kept;
  }
}

const STATEFUL = /select$|picker$|_input$|^radio_buttons$|^checkboxes$/;

/** Whether an element has a value of its own. */
export const isStateful = (element) => STATEFUL.test(element?.type ?? "");

/** The elements of a block that have a value. */
export function inputsOf(block) {
  const all = [block.element, block.accessory, ...(block.type === "actions" ? block.elements : [])];
  return { block_id: block.block_id ?? "", elements: all.filter(isStateful) };
}

function initial(element) {
  const { type } = element;
  if (type === "static_select" || type === "external_select" || type === "radio_buttons")
    return { selected_option: element.initial_option ?? null };
  if (type === "multi_static_select" || type === "multi_external_select" || type === "checkboxes")
    return { selected_options: element.initial_options ?? [] };
  if (type === "users_select") return { selected_user: element.initial_user ?? null };
  if (type === "multi_users_select") return { selected_users: element.initial_users ?? [] };
  if (type === "conversations_select") return { selected_conversation: element.initial_conversation ?? null };
  if (type === "multi_conversations_select") return { selected_conversations: element.initial_conversations ?? [] };
  if (type === "channels_select") return { selected_channel: element.initial_channel ?? null };
  if (type === "multi_channels_select") return { selected_channels: element.initial_channels ?? [] };
  if (type === "datepicker") return { selected_date: element.initial_date ?? null };
  if (type === "timepicker") return { selected_time: element.initial_time ?? null };
  if (type === "datetimepicker") return { selected_date_time: element.initial_date_time ?? null };
  if (type === "rich_text_input") return { rich_text_value: element.initial_value ?? null };
  return { value: element.initial_value ?? null };
}

/** Whether a value counts as "nothing given". */
export function isEmpty(value) {
  const held = Object.entries(value).filter(([key]) => key !== "type");
  return held.every(
    ([, one]) =>
      one == null ||
      one === "" ||
      (Array.isArray(one) && one.length === 0) ||
      (one?.type === "rich_text" && !toText(one).trim()),
  );
}
