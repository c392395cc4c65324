// The selects: of fixed options, of the app's own, of people, conversations and channels; one choice or many.

import { askOptions } from "./api.js";
import { avatar } from "./avatar.js";
import { t } from "./i18n.js";
import { words } from "./mrkdwn.js";
import { picker } from "./picker.js";
import { spoken } from "./popover.js";
import { press } from "./press.js";
import { channelName, store } from "./store.js";

// what a select keeps: [key for one, key for many, whether whole options or only their values are kept]
const KEEPS = {
  static: ["selected_option", "selected_options", true],
  external: ["selected_option", "selected_options", true],
  users: ["selected_user", "selected_users", false],
  conversations: ["selected_conversation", "selected_conversations", false],
  channels: ["selected_channel", "selected_channels", false],
};

/** Draws any of the selects. */
export function select(element, block, ctx, id) {
  const multi = element.type.startsWith("multi_");
  const kind = element.type.replace("multi_", "").replace("_select", "");
  const [one, many, whole] = KEEPS[kind];
  const value = ctx.form.open(block.block_id ?? "", element);
  const held = multi ? (value[many] ?? []) : value[one] ? [value[one]] : [];
  const pack = (option) =>
    whole
      ? { text: option.text, value: option.value, ...(option.description && { description: option.description }) }
      : option.value;
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
    return askOptions({
      action_id: element.action_id,
      block_id: block.block_id,
      value: query,
      ...ctx.whereOptions(),
    }).then((answer) => {
      if (answer.ok === false)
        return answer.error === "timeout" ? t("noAnswer", { app: store.app.name }) : t("nothing");
      if (answer.option_groups?.length) return answer.option_groups;
      return [{ options: answer.options ?? [] }];
    });
  };
}

function places(kind, element) {
  if (kind === "users")
    return [...store.members.values()].filter((one) => !one.is_bot && !one.deleted).map((one) => place(kind, one.id));
  const include = element.filter?.include;
  const wanted = (one) =>
    kind === "channels"
      ? one.kind === "channel"
      : !include ||
        include.some((type) =>
          type === "im"
            ? one.kind !== "channel"
            : type === "public" || type === "private"
              ? one.kind === "channel"
              : false,
        );
  return store.channels.filter(wanted).map((one) => place(kind, one.id));
}

function place(kind, id) {
  if (kind === "users") {
    const one = store.members.get(id);
    return {
      value: id,
      text: { type: "plain_text", text: one?.real_name ?? id, emoji: false },
      description: one?.title ? { type: "plain_text", text: one.title } : null,
      avatar: one && avatar(one, "small"),
    };
  }
  const one = store.channels.find((each) => each.id === id);
  return {
    value: id,
    text: {
      type: "plain_text",
      text: one ? `${one.kind === "channel" ? "# " : ""}${channelName(one)}` : id,
      emoji: false,
    },
  };
}
