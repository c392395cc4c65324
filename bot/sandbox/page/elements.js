// Draws Block Kit's interactive elements. Every element reports through its surface (`ctx`).

import { askOptions } from "./api.js";
import { avatar } from "./avatar.js";
import { dateField, momentField, timeField } from "./calendar.js";
import { h, icon, uid } from "./dom.js";
import { t } from "./i18n.js";
import { link, textObject, words } from "./mrkdwn.js";
import { goTo, permalinkOf } from "./navigate.js";
import { picker } from "./picker.js";
import { confirmed, menu, spoken } from "./popover.js";
import { fromText, toText } from "./richtext.js";
import { channelName, store } from "./store.js";

/**
 * Draws one element.
 * @param {object} element of Block Kit
 * @param {object} block it stands in
 * @param {import("./surface.js").Surface} ctx
 * @param {string|null} id for the label of an input block
 */
export function drawElement(element, block, ctx, id = null) {
  const draw = DRAW[element.type];
  if (!draw) return h("span", { class: "unsupported" }, t("unsupported", { type: element.type }));
  const node = draw(element, block, ctx, id);
  node.dataset.actionId = element.action_id ?? "";
  node.dataset.blockId = block.block_id ?? "";
  node.dataset.element = element.type;
  return node;
}

const DRAW = {
  button,
  workflow_button: button,
  icon_button: iconButton,
  feedback_buttons: feedback,
  image: (element) => imageTag(element),
  overflow,
  static_select: select,
  external_select: select,
  users_select: select,
  conversations_select: select,
  channels_select: select,
  multi_static_select: select,
  multi_external_select: select,
  multi_users_select: select,
  multi_conversations_select: select,
  multi_channels_select: select,
  datepicker: (element, block, ctx, id) => dated(element, block, ctx, id, dateField, "selected_date"),
  timepicker: (element, block, ctx, id) => dated(element, block, ctx, id, timeField, "selected_time"),
  datetimepicker: (element, block, ctx, id) => dated(element, block, ctx, id, momentField, "selected_date_time"),
  radio_buttons: choices,
  checkboxes: choices,
  plain_text_input: textInput,
  number_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  rich_text_input: textInput,
};

export const imageTag = (element, cls = "") =>
  h("img", { class: cls, src: element.image_url ?? element.slack_file?.url, alt: element.alt_text ?? "", loading: "lazy" });

/** Sends an action after its confirm dialog; the control shows that it is on its way. */
async function press(node, element, block, ctx, more) {
  if (node.getAttribute("aria-busy") === "true" || !(await confirmed(element.confirm))) return false;
  node.setAttribute("aria-busy", "true");
  const action = { type: element.type, action_id: element.action_id, block_id: block.block_id, ...more };
  await ctx.act(action).finally(() => node.removeAttribute("aria-busy"));
  return true;
}

function button(element, block, ctx) {
  const style = ["primary", "danger"].includes(element.style) ? ` ${element.style}` : "";
  const more = { text: element.text, value: element.value, style: element.style, url: element.url };
  const local = element.url ? permalinkOf(new URL(element.url, location.href)) : null;
  const go = async (event) => {
    if (local) {
      event.preventDefault();
      goTo(local.channel, local);
    }
    await press(node, element, block, ctx, Object.fromEntries(Object.entries(more).filter(([, part]) => part != null)));
  };
  const props = { class: `btn${style}`, "aria-label": element.accessibility_label, data: { testid: "button", value: element.value }, onclick: go };
  const node = element.url
    ? Object.assign(link(element.url, null, textObject(element.text)), { className: `btn as-link${style}`, onclick: go })
    : h("button", { type: "button", ...props }, textObject(element.text));
  if (element.url) node.dataset.testid = "button";
  return node;
}

function iconButton(element, block, ctx) {
  if (element.visible_to_user_ids && !element.visible_to_user_ids.includes(store.as)) return h("span", { hidden: true });
  const node = h("button", { type: "button", class: "icon-btn", "aria-label": element.accessibility_label ?? spoken(element.text), title: spoken(element.text), onclick: () => press(node, element, block, ctx, { value: element.value }) }, icon("trash"));
  return node;
}

function feedback(element, block, ctx) {
  const one = (part, sign) => h("button", { type: "button", class: "btn small", "aria-label": part.accessibility_label ?? spoken(part.text), onclick: () => press(node, element, block, ctx, { value: part.value, text: part.text }) }, sign);
  const node = h("span", { class: "row" }, one(element.positive_button, "👍"), one(element.negative_button, "👎"));
  return node;
}

function overflow(element, block, ctx) {
  const run = async (option) => {
    if (option.url) window.open(option.url, "_blank", "noopener");
    await press(node, element, block, ctx, { selected_option: option });
  };
  const open = () => menu(node, element.options.map((option) => ({
    label: textObject(option.text),
    hint: option.description && words(option.description),
    data: { testid: "overflow-option", value: option.value ?? "" },
    run: () => run(option),
  })), { label: t("more"), testid: "overflow-menu" });
  const node = h("button", { type: "button", class: "btn overflow", "aria-label": t("more"), "aria-haspopup": "menu", "aria-expanded": "false", data: { testid: "overflow" }, onclick: open }, icon("more"));
  return node;
}

// what a select keeps: [key for one, key for many, whether whole options or only their values are kept]
const KEEPS = {
  static: ["selected_option", "selected_options", true],
  external: ["selected_option", "selected_options", true],
  users: ["selected_user", "selected_users", false],
  conversations: ["selected_conversation", "selected_conversations", false],
  channels: ["selected_channel", "selected_channels", false],
};

function select(element, block, ctx, id) {
  const multi = element.type.startsWith("multi_");
  const kind = element.type.replace("multi_", "").replace("_select", "");
  const [one, many, whole] = KEEPS[kind];
  const value = ctx.form.open(block.block_id ?? "", element);
  const held = multi ? (value[many] ?? []) : value[one] ? [value[one]] : [];
  const pack = (option) => (whole ? { text: option.text, value: option.value, ...(option.description && { description: option.description }) } : option.value);
  const field = picker({
    id,
    multi,
    inline: block.type !== "input",
    clearable: block.type === "input",
    chosen: whole ? held : held.map((each) => place(kind, each)),
    placeholder: element.placeholder ? words(element.placeholder) : t("choose"),
    label: id ? null : (spoken(element.placeholder) ?? spoken(block.text)),
    max: element.max_selected_items,
    wait: kind === "external" ? 180 : 0,
    source: source(kind, element, block, ctx),
    onchange: async (chosen) => {
      const packed = chosen.map(pack);
      const next = { type: element.type, ...(multi ? { [many]: packed } : { [one]: packed[0] ?? null }) };
      ctx.changed(block, element, next);
      if (ctx.dispatches(block) && (multi || chosen.length)) await press(field, element, block, ctx, next);
    },
  });
  return field;
}

function source(kind, element, block, ctx) {
  const narrow = (options) => (query) => {
    const wanted = query.trim().toLowerCase();
    return options.filter((option) => !wanted || words(option.text).toLowerCase().includes(wanted));
  };
  if (kind === "external") return external(element, block, ctx);
  if (kind === "static") {
    const groups = element.option_groups ?? [{ options: element.options ?? [] }];
    return (query) => groups.map((group) => ({ label: group.label, options: narrow(group.options)(query) }));
  }
  return (query) => [{ options: narrow(places(kind, element))(query) }];
}

// as Slack: three letters before it asks, unless the element says otherwise
function external(element, block, ctx) {
  const least = element.min_query_length ?? 3;
  return (query) => {
    if (query.length < least) return t("typeMore", { n: least });
    return askOptions({ action_id: element.action_id, block_id: block.block_id, value: query, ...ctx.whereOptions() }).then((answer) => {
      if (answer.ok === false) return answer.error === "timeout" ? t("noAnswer", { app: store.app.name }) : t("nothing");
      if (answer.option_groups?.length) return answer.option_groups;
      return [{ options: answer.options ?? [] }];
    });
  };
}

function places(kind, element) {
  if (kind === "users") return [...store.members.values()].filter((one) => !one.is_bot && !one.deleted).map((one) => place(kind, one.id));
  const include = element.filter?.include;
  const wanted = (one) => kind === "channels" ? one.kind === "channel" : !include || include.some((type) => (type === "im" ? one.kind !== "channel" : type === "public" || type === "private" ? one.kind === "channel" : false));
  return store.channels.filter(wanted).map((one) => place(kind, one.id));
}

function place(kind, id) {
  if (kind === "users") {
    const one = store.members.get(id);
    return { value: id, text: { type: "plain_text", text: one?.real_name ?? id, emoji: false }, description: one?.title ? { type: "plain_text", text: one.title } : null, avatar: one && avatar(one, "small") };
  }
  const one = store.channels.find((each) => each.id === id);
  return { value: id, text: { type: "plain_text", text: one ? `${one.kind === "channel" ? "# " : ""}${channelName(one)}` : id, emoji: false } };
}

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

function choices(element, block, ctx, id) {
  const many = element.type === "checkboxes";
  const value = ctx.form.open(block.block_id ?? "", element);
  const held = new Set((many ? (value.selected_options ?? []) : [value.selected_option].filter(Boolean)).map((option) => option.value));
  const name = uid("choice");
  const change = () => {
    const chosen = element.options.filter((_, index) => boxes[index].checked);
    const next = { type: element.type, ...(many ? { selected_options: chosen } : { selected_option: chosen[0] ?? null }) };
    ctx.changed(block, element, next);
    if (ctx.dispatches(block)) press(node, element, block, ctx, next);
  };
  const boxes = element.options.map((option) => h("input", { type: many ? "checkbox" : "radio", name, value: option.value, checked: held.has(option.value), onchange: change }));
  const rows = element.options.map((option, index) => h("label", { class: "choice", data: { testid: "choice", value: option.value } }, boxes[index], h("span", null, textObject(option.text), option.description && h("small", null, textObject(option.description)))));
  const node = h("div", { class: "choices", role: many ? "group" : "radiogroup", id, "aria-label": id ? spoken(block.label) : spoken(block.text) }, rows);
  return node;
}

const INPUT_TYPES = { number_input: { inputmode: "decimal" }, email_text_input: { inputmode: "email" }, url_text_input: { inputmode: "url" } };

function textInput(element, block, ctx, id) {
  const rich = element.type === "rich_text_input";
  const multiline = rich || element.multiline;
  const value = ctx.form.open(block.block_id ?? "", element);
  const text = rich ? toText(value.rich_text_value) : (value.value ?? "");
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const next = () => ({ type: element.type, ...(rich ? { rich_text_value: fromText(node.value) } : { value: node.value || null }) });
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
