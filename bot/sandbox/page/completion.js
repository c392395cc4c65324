// Completion over a text box: /commands, @people, #channels and :emoji:.

import { avatar } from "./avatar.js";
import { fill, h, uid } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { t } from "./i18n.js";
import { channelName, store } from "./store.js";

const MOST = 8;
const WORD = /(^|\s)([@#:])([\p{L}\p{N}._+-]*)$/u;

/** What could complete the text before the caret: {from, items: [{insert, node}]} or null. */
function candidates(before) {
  if (/^\/[\w-]*$/.test(before)) return commands(before);
  const match = before.match(WORD);
  if (!match) return null;
  const [, space, sign, typed] = match;
  const from = match.index + space.length;
  const wanted = typed.toLowerCase();
  if (sign === "@") return { from, items: people(wanted) };
  if (sign === "#") return { from, items: channels(wanted) };
  return typed.length < 2 ? null : { from, items: emoji(wanted) };
}

function commands(before) {
  const items = store.commands
    .filter((one) => one.command.startsWith(before.toLowerCase()))
    .map((one) => ({
      insert: `${one.command} `,
      whole: one.command,
      node: [
        h("strong", null, one.command),
        one.usage_hint && h("span", { class: "usage" }, one.usage_hint),
        h("small", null, one.description),
      ],
      data: { testid: "command-option", command: one.command },
    }));
  return { from: 0, items };
}

function people(wanted) {
  const fits = (one) =>
    !one.deleted && [one.real_name, one.name].some((name) => (name ?? "").toLowerCase().includes(wanted));
  return [...store.members.values()].filter(fits).map((one) => ({
    insert: `@${one.real_name} `,
    whole: `@${one.real_name}`,
    node: [avatar(one, "small"), h("strong", null, one.real_name), h("small", null, one.title)],
    data: { testid: "member-option", member: one.id },
  }));
}

function channels(wanted) {
  return store.channels
    .filter((one) => one.kind === "channel" && one.name.toLowerCase().includes(wanted))
    .map((one) => ({
      insert: `#${one.name} `,
      whole: `#${one.name}`,
      node: [h("strong", null, `# ${channelName(one)}`)],
      data: { testid: "channel-option", channel: one.id },
    }));
}

function emoji(wanted) {
  return [...EMOJI]
    .filter(([name]) => name.includes(wanted))
    .map(([name, sign]) => ({
      insert: `${sign} `,
      node: [h("span", { class: "emoji" }, sign), h("span", null, `:${name}:`)],
    }));
}

/** Hangs completion on a textarea; `key(event)` is true when it took the key. */
export function completion(box, changed) {
  const listId = uid("complete");
  const list = h("div", {
    class: "float completion",
    id: listId,
    role: "listbox",
    "aria-label": t("command"),
    hidden: true,
    data: { testid: "completion" },
  });
  let found = null;
  let active = 0;
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", listId);

  function update() {
    const at = box.selectionStart;
    found = at === box.selectionEnd ? candidates(box.value.slice(0, at)) : null;
    if (found) found.items = found.items.slice(0, MOST + 8);
    active = 0;
    if (!found?.items.length) return hide();
    fill(
      list,
      found.items.map((item, index) =>
        h(
          "div",
          {
            class: "option",
            id: `${listId}-${index}`,
            role: "option",
            data: item.data ?? { testid: "completion-option" },
            onpointerdown: (event) => event.preventDefault(),
            onclick: () => accept(index),
          },
          item.node,
        ),
      ),
    );
    list.hidden = false;
    return mark();
  }

  function hide() {
    found = null;
    list.hidden = true;
    box.removeAttribute("aria-activedescendant");
  }

  function mark() {
    [...list.children].forEach((row, index) => {
      row.classList.toggle("active", index === active);
      row.setAttribute("aria-selected", String(index === active));
    });
    list.children[active]?.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", `${listId}-${active}`);
  }

  function accept(index) {
    const { from, items } = found;
    const rest = box.value.slice(box.selectionStart);
    box.value = box.value.slice(0, from) + items[index].insert + rest.replace(/^ /, "");
    const at = from + items[index].insert.length;
    box.setSelectionRange(at, at);
    hide();
    box.focus();
    changed();
  }

  function key(event) {
    if (!found) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      active = (active + step + found.items.length) % found.items.length;
      mark();
    } else if (event.key === "Escape") hide();
    else if (event.key === "Tab" && !event.shiftKey) accept(active);
    else if (
      event.key === "Enter" &&
      !event.shiftKey &&
      found.items[active].whole !== box.value.slice(found.from, box.selectionStart)
    )
      accept(active);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  box.addEventListener("blur", () => setTimeout(hide, 120));
  return { list, update, hide, key };
}
