// Ctrl+K: jump to a conversation, or start a global shortcut, by typing a part of its name.

import { avatar } from "./avatar.js";
import { fill, h, icon, uid } from "./dom.js";
import { t } from "./i18n.js";
import { runShortcut } from "./message.js";
import { act, readState } from "./api.js";
import { goTo } from "./navigate.js";
import { trapTab } from "./popover.js";
import { channelName, emit, member, store, takeState } from "./store.js";

let dialog = null;

export function openSwitcher() {
  if (dialog || document.querySelector("dialog[open]")) return;
  const before = document.activeElement;
  const listId = uid("jump");
  let rows = [];
  let active = 0;
  const input = h("input", {
    type: "text",
    class: "text",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": listId,
    "aria-label": t("jumpTitle"),
    placeholder: t("jump"),
    autocomplete: "off",
    data: { testid: "switcher-input" },
  });
  const list = h("div", { id: listId, role: "listbox", class: "switch-list" });
  dialog = h("dialog", { class: "switcher", "aria-label": t("jumpTitle"), data: { testid: "switcher" } }, input, list);

  function leave(refocus) {
    dialog.close();
    dialog.remove();
    dialog = null;
    if (refocus) before?.focus?.();
  }

  function draw() {
    const wanted = input.value.trim().toLowerCase().replace(/^[#@]/, "");
    rows = entries()
      .filter((row) => row.name.toLowerCase().includes(wanted))
      .slice(0, 30);
    active = 0;
    fill(
      list,
      rows.length
        ? rows.map((row, index) =>
            h(
              "div",
              { class: "option", role: "option", id: `${listId}-${index}`, data: row.data, onclick: () => take(index) },
              row.sign,
              h("span", { class: "option-text" }, row.name),
              row.note && h("small", null, row.note),
            ),
          )
        : h("div", { class: "list-note" }, t("nothing")),
    );
    mark();
  }

  function mark() {
    [...list.querySelectorAll(".option")].forEach((row, index) => {
      row.classList.toggle("active", index === active);
      row.setAttribute("aria-selected", String(index === active));
    });
    list.querySelector(".active")?.scrollIntoView({ block: "nearest" });
    if (rows.length) input.setAttribute("aria-activedescendant", `${listId}-${active}`);
  }

  function take(index) {
    const row = rows[index];
    if (!row) return;
    leave(false);
    row.run();
  }

  input.addEventListener("input", draw);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("pointerdown", (event) => event.target === dialog && leave(true));
  dialog.addEventListener("keydown", (event) => {
    trapTab(event, dialog);
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && rows.length) {
      active = (active + step + rows.length) % rows.length;
      mark();
    } else if (event.key === "Enter") take(active);
    else if (event.key === "Escape") leave(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.body.append(dialog);
  dialog.showModal();
  draw();
  input.focus();
}

function entries() {
  const talks = store.channels.map((one) => ({
    name: channelName(one),
    note: one.unread ? t("unread", { n: one.unread }) : "",
    sign:
      one.kind === "channel"
        ? icon("hash")
        : avatar(
            one.kind === "app" ? { is_bot: true } : (member(one.with) ?? { id: one.id, real_name: one.name }),
            "small",
          ),
    data: { testid: "switcher-option", channel: one.id },
    run: () => {
      goTo(one.id);
      document.querySelector("[data-testid=composer-input]")?.focus();
    },
  }));
  const shortcuts = store.shortcuts
    .filter((one) => one.type === "global")
    .map((one) => ({
      name: one.name,
      note: t("shortcuts"),
      sign: icon("bolt"),
      data: { testid: "switcher-option", callbackId: one.callback_id },
      run: () => runShortcut({ callback_id: one.callback_id }),
    }));
  return [...talks, ...people(), ...shortcuts];
}

// everybody with whom there is no conversation yet
function people() {
  const known = new Set(store.channels.filter((one) => one.kind === "dm").map((one) => one.with));
  const rest = [...store.members.values()].filter(
    (one) => !one.is_bot && !one.deleted && one.id !== store.as && !known.has(one.id),
  );
  return rest.map((one) => ({
    name: one.real_name,
    note: t("newDm"),
    sign: avatar(one, "small"),
    data: { testid: "switcher-option", member: one.id },
    run: async () => {
      const answer = await act({ do: "open_dm", with: one.id });
      if (!answer.channel) return;
      const state = await readState();
      if (state.me?.id !== store.as) return;
      takeState(state);
      emit("channels");
      goTo(answer.channel);
    },
  }));
}
