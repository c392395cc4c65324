// Draws Block Kit's interactive elements. Every element reports through its surface (`ctx`).

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { choices, dateInput, momentInput, textInput, timeInput } from "./inputs.js";
import { link, textObject, words } from "./mrkdwn.js";
import { goTo, permalinkOf } from "./navigate.js";
import { menu, spoken } from "./popover.js";
import { press } from "./press.js";
import { select } from "./selects.js";
import { store } from "./store.js";

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
  datepicker: dateInput,
  timepicker: timeInput,
  datetimepicker: momentInput,
  radio_buttons: choices,
  checkboxes: choices,
  plain_text_input: textInput,
  number_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  rich_text_input: textInput,
};

export const imageTag = (element, cls = "") =>
  h("img", {
    class: cls,
    src: element.image_url ?? element.slack_file?.url,
    alt: element.alt_text ?? "",
    loading: "lazy",
  });

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
  const props = {
    class: `btn${style}`,
    "aria-label": element.accessibility_label,
    data: { testid: "button", value: element.value },
    onclick: go,
  };
  const node = element.url
    ? Object.assign(link(element.url, null, textObject(element.text)), {
        className: `btn as-link${style}`,
        onclick: go,
      })
    : h("button", { type: "button", ...props }, textObject(element.text));
  if (element.url) node.dataset.testid = "button";
  return node;
}

function iconButton(element, block, ctx) {
  if (element.visible_to_user_ids && !element.visible_to_user_ids.includes(store.as))
    return h("span", { hidden: true });
  const node = h(
    "button",
    {
      type: "button",
      class: "icon-btn",
      "aria-label": element.accessibility_label ?? spoken(element.text),
      title: spoken(element.text),
      onclick: () => press(node, element, block, ctx, { value: element.value }),
    },
    icon("trash"),
  );
  return node;
}

function feedback(element, block, ctx) {
  const one = (part, sign) =>
    h(
      "button",
      {
        type: "button",
        class: "btn small",
        "aria-label": part.accessibility_label ?? spoken(part.text),
        onclick: () => press(node, element, block, ctx, { value: part.value, text: part.text }),
      },
      sign,
    );
  const node = h("span", { class: "row" }, one(element.positive_button, "👍"), one(element.negative_button, "👎"));
  return node;
}

function overflow(element, block, ctx) {
  const run = async (option) => {
    if (option.url) window.open(option.url, "_blank", "noopener");
    await press(node, element, block, ctx, { selected_option: option });
  };
  const open = () =>
    menu(
      node,
      element.options.map((option) => ({
        label: textObject(option.text),
        hint: option.description && words(option.description),
        data: { testid: "overflow-option", value: option.value ?? "" },
        run: () => run(option),
      })),
      { label: t("more"), testid: "overflow-menu" },
    );
  const node = h(
    "button",
    {
      type: "button",
      class: "btn overflow",
      "aria-label": t("more"),
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      data: { testid: "overflow" },
      onclick: open,
    },
    icon("more"),
  );
  return node;
}
