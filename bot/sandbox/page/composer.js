// The box in which one writes: messages and slash commands.

import { act } from "./api.js";
import { completion } from "./completion.js";
import { fill, h, icon } from "./dom.js";
import { refusal, t } from "./i18n.js";
import { runShortcut } from "./message.js";
import { escape } from "./mrkdwn.js";
import { menu, notice } from "./popover.js";
import { store } from "./store.js";

const drafts = new Map(); // conversation or thread → what was half typed there

/** Slack's form of a typed text: &, < and > escaped, @names and #channels as ids. */
export function encode(text) {
  let coded = escape(text);
  const names = [...store.members.values()]
    .filter((one) => one.real_name)
    .sort((one, other) => other.real_name.length - one.real_name.length);
  for (const one of names) coded = coded.replaceAll(`@${escape(one.real_name)}`, `<@${one.id}>`);
  for (const one of store.channels.filter((each) => each.kind === "channel")) {
    coded = coded.replace(
      new RegExp(`(^|\\s)#${one.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\p{L}\\p{N}_-])`, "gu"),
      `$1<#${one.id}|${one.name}>`,
    );
  }
  return coded.replace(/(^|\s)@(here|channel|everyone)\b/g, "$1<!$2>");
}

/**
 * @param {object} spec {channel, thread: ts|null, placeholder}
 * @returns {{node: Element, focus: () => void, put: (text: string) => void}}
 */
export function composer({ channel, thread = null, placeholder }) {
  const spot = `${store.as}/${channel}/${thread ?? ""}`;
  const stem = thread ? "thread-composer" : "composer";
  const box = h("textarea", {
    rows: "1",
    class: "composer-input",
    placeholder,
    "aria-label": placeholder,
    data: { testid: `${stem}-input` },
  });
  const usage = h("div", { class: "usage-line", "aria-live": "polite", hidden: true });
  const send = h(
    "button",
    {
      type: "button",
      class: "send",
      "aria-label": t("send"),
      title: t("send"),
      data: { testid: `${stem}-send` },
      onclick: () => go(),
    },
    icon("send"),
  );
  const bolt = h(
    "button",
    {
      type: "button",
      class: "icon-btn",
      "aria-label": t("shortcuts"),
      title: t("shortcuts"),
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      data: { testid: `${stem}-shortcuts` },
      onclick: openShortcuts,
    },
    icon("bolt"),
  );
  const complete = completion(box, changed);
  box.value = drafts.get(spot) ?? "";

  function changed() {
    drafts.set(spot, box.value);
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
    send.disabled = !box.value.trim();
    const command = commandIn(box.value);
    usage.hidden = !command || !box.value.includes(" ");
    if (command)
      fill(
        usage,
        h("strong", null, command.command),
        " ",
        h("span", { class: "usage" }, command.usage_hint),
        h("span", { class: "quiet" }, ` — ${command.description}`),
      );
  }

  async function go() {
    const text = box.value.trim();
    if (!text || box.getAttribute("aria-busy") === "true") return;
    const body = outgoing(text);
    if (!body) return;
    box.setAttribute("aria-busy", "true");
    send.classList.add("busy");
    box.value = "";
    complete.hide();
    changed();
    const answer = await act(body);
    box.removeAttribute("aria-busy");
    send.classList.remove("busy");
    if (answer.ok) return;
    notice(refusal(answer), "error");
    if (answer.error !== "timeout" && !box.value) {
      box.value = text; // a refused text is not lost; a timed-out one may have worked
      changed();
    }
  }

  function outgoing(text) {
    if (!/^\/[a-z]/i.test(text))
      return { do: "say", channel, text: encode(text), ...(thread && { thread_ts: thread }) };
    const [name] = text.split(/\s/, 1);
    const problem = !store.commands.some((one) => one.command === name.toLowerCase())
      ? "noCommand"
      : thread
        ? "noThreadCommand"
        : null;
    if (problem) {
      notice(t(problem, { command: name }), "error");
      return null;
    }
    return { do: "command", channel, command: name.toLowerCase(), text: encode(text.slice(name.length).trim()) };
  }

  function openShortcuts() {
    const items = store.shortcuts
      .filter((one) => one.type === "global")
      .map((one) => ({
        label: one.name,
        hint: store.app.name,
        data: { testid: "global-shortcut", callbackId: one.callback_id },
        run: () => runShortcut({ callback_id: one.callback_id }),
      }));
    menu(bolt, items.length ? [{ heading: t("shortcuts") }, ...items] : [{ heading: t("noShortcuts") }], {
      label: t("shortcuts"),
      end: false,
      testid: "shortcut-menu",
    });
  }

  box.addEventListener("input", () => {
    changed();
    complete.update();
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || complete.key(event)) return;
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    go();
  });
  const node = h(
    "div",
    { class: "composer", data: { testid: stem } },
    complete.list,
    usage,
    h("div", { class: "composer-box" }, bolt, box, send),
    !thread && h("div", { class: "composer-hint" }, t("enterToSend")),
  );
  queueMicrotask(changed);
  return {
    node,
    focus: () => box.focus(),
    put: (text) => {
      box.value = text;
      changed();
      box.focus();
      box.setSelectionRange(text.length, text.length);
    },
  };
}

function commandIn(text) {
  const name = text.match(/^(\/[\w-]+)(\s|$)/)?.[1];
  return name ? store.commands.find((one) => one.command === name) : null;
}
