// What Slack itself refuses before an app ever sees a submission: empty, too short, no number, no address.

import { inputsOf, isEmpty } from "./form.js";
import { t } from "./i18n.js";

/** Errors by block_id of the inputs of a view. */
export function check(blocks, form) {
  const errors = {};
  for (const block of blocks.filter((one) => one.type === "input")) {
    const [element] = inputsOf(block).elements;
    if (!element) continue;
    const value = form.open(block.block_id ?? "", element);
    const error = isEmpty(value) ? (block.optional ? null : t("required")) : wrong(element, value);
    if (error) errors[block.block_id] = error;
  }
  return errors;
}

function wrong(element, value) {
  const text = value.value ?? "";
  if (element.type === "plain_text_input" && element.min_length && text.length < element.min_length)
    return t("tooShort", { n: element.min_length });
  if (element.type === "number_input") return wrongNumber(element, text);
  if (element.type === "email_text_input" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) return t("notEmail");
  if (element.type === "url_text_input" && !/^https?:\/\/[^\s/]+\S*$/i.test(text)) return t("notUrl");
  return null;
}

function wrongNumber(element, text) {
  if (!/^-?(\d+\.?\d*|\.\d+)$/.test(text)) return t("notNumber");
  if (!element.is_decimal_allowed && text.includes(".")) return t("notInteger");
  if (element.min_value != null && Number(text) < Number(element.min_value))
    return t("tooSmall", { n: element.min_value });
  if (element.max_value != null && Number(text) > Number(element.max_value))
    return t("tooLarge", { n: element.max_value });
  return null;
}
