// A select as an ARIA combobox: typing narrows, arrows and Enter choose, Esc closes. One or many choices.

import { fill, h, icon, uid } from "./dom.js";
import { t } from "./i18n.js";
import { textObject, words } from "./mrkdwn.js";
import { floatRoot, placeUnder } from "./popover.js";

const wordsOf = (option) => words(option.text);

/**
 * @param {object} spec
 * @param {(query: string) => Array|Promise<Array>} spec.source groups [{label?, options}] for what was typed
 * @param {Array} spec.chosen options chosen at first
 * @param {boolean} spec.multi
 * @param {boolean} spec.clearable one choice can be taken back
 * @param {string} spec.placeholder
 * @param {string|null} spec.label for screen readers, where no <label> points here
 * @param {string} spec.id of the text field
 * @param {number} spec.wait milliseconds to wait for the next letter
 * @param {number|null} spec.max most choices
 * @param {(chosen: Array) => void} spec.onchange
 */
export function picker(spec) {
  const state = { chosen: [...spec.chosen], options: [], active: -1, open: false, asked: 0, timer: null };
  const listId = uid("list");
  const input = h("input", {
    type: "text",
    id: spec.id,
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-expanded": "false",
    "aria-controls": listId,
    "aria-autocomplete": "list",
    "aria-label": spec.label,
    placeholder: spec.placeholder,
    data: { testid: "select-input" },
  });
  const chips = h("span", { class: "chips" });
  const clear = h(
    "button",
    { type: "button", class: "icon-btn clear", tabindex: "-1", "aria-label": t("clear"), onclick: () => choose([]) },
    icon("close"),
  );
  const field = h(
    "div",
    { class: spec.multi ? "picker multi" : "picker", data: { testid: "select" } },
    spec.multi && chips,
    input,
    spec.clearable && !spec.multi && clear,
    h("span", { class: "caret" }, icon("down")),
  );
  const list = h("div", {
    class: "float listbox",
    id: listId,
    role: "listbox",
    "aria-multiselectable": spec.multi ? "true" : null,
    popover: "manual",
    data: { testid: "options" },
  });

  const isChosen = (option) => state.chosen.some((one) => one.value === option.value);

  function showChosen() {
    clear.hidden = state.chosen.length === 0;
    input.dataset.value = state.chosen.map((one) => one.value).join(",");
    if (!spec.multi) {
      input.value = state.chosen.length ? wordsOf(state.chosen[0]) : "";
      return;
    }
    input.placeholder = state.chosen.length ? "" : spec.placeholder;
    fill(
      chips,
      state.chosen.map((option) =>
        h(
          "span",
          { class: "chip" },
          textObject(option.text),
          h(
            "button",
            {
              type: "button",
              "aria-label": t("remove", { name: wordsOf(option) }),
              onclick: () => choose(state.chosen.filter((one) => one !== option)),
            },
            icon("close"),
          ),
        ),
      ),
    );
  }

  function choose(chosen) {
    state.chosen = chosen;
    showChosen();
    spec.onchange(chosen);
  }

  function take(option) {
    if (!spec.multi) {
      close();
      choose([option]);
      return;
    }
    input.value = "";
    const without = state.chosen.filter((one) => one.value !== option.value);
    const full = spec.max && without.length >= spec.max;
    choose(without.length < state.chosen.length ? without : full ? state.chosen : [...without, option]);
    load("");
  }

  function open(query) {
    if (!state.open) {
      state.open = true;
      floatRoot(field).append(list);
      list.showPopover();
      input.setAttribute("aria-expanded", "true");
      document.addEventListener("pointerdown", outside, true);
    }
    load(query);
  }

  function close() {
    if (!state.open) return;
    state.open = false;
    state.asked += 1; // an answer still under way comes too late
    clearTimeout(state.timer);
    list.remove();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    document.removeEventListener("pointerdown", outside, true);
  }

  const outside = (event) => {
    if (list.contains(event.target) || field.contains(event.target)) return;
    close();
    showChosen();
  };

  async function load(query) {
    const turn = (state.asked += 1);
    const answer = spec.source(query);
    if (answer instanceof Promise) message(t("searching"), "searching");
    const groups = await answer;
    if (turn !== state.asked || !state.open) return;
    if (typeof groups === "string") message(groups);
    else show(groups);
  }

  function message(text, kind = "none") {
    state.options = [];
    activate(-1);
    fill(list, h("div", { class: `list-note ${kind}`, data: { testid: "options-note" } }, text));
    placeUnder(list, field, { width: true });
  }

  function show(groups) {
    state.options = groups.flatMap((group) => group.options);
    if (!state.options.length) return message(t("nothing"));
    let index = 0;
    fill(
      list,
      groups
        .filter((group) => group.options.length)
        .map((group) => [
          group.label && h("div", { class: "list-heading" }, textObject(group.label)),
          group.options.map((option) => row(option, index++)),
        ]),
    );
    placeUnder(list, field, { width: true });
    const chosen = spec.multi ? -1 : state.options.findIndex(isChosen);
    activate(chosen >= 0 ? chosen : 0);
    return undefined;
  }

  function row(option, index) {
    return h(
      "div",
      {
        class: "option",
        id: `${listId}-${index}`,
        role: "option",
        "aria-selected": isChosen(option) ? "true" : "false",
        data: { testid: "option", value: option.value },
        onpointerdown: (event) => event.preventDefault(), // the field keeps the focus
        onpointermove: () => activate(index, false),
        onclick: () => take(option),
      },
      option.avatar,
      h(
        "span",
        { class: "option-text" },
        textObject(option.text),
        option.description && h("small", null, textObject(option.description)),
      ),
      isChosen(option) && icon("check"),
    );
  }

  function activate(index, scroll = true) {
    state.active = index;
    const rows = list.querySelectorAll(".option");
    rows.forEach((one, at) => one.classList.toggle("active", at === index));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${listId}-${index}`);
    if (scroll) rows[index]?.scrollIntoView({ block: "nearest" });
  }

  function key(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!state.open) open("");
      else if (state.options.length) activate((state.active + step + state.options.length) % state.options.length);
    } else if (event.key === "Enter" && state.open) {
      event.preventDefault();
      event.stopPropagation();
      if (state.options[state.active]) take(state.options[state.active]);
    } else if (event.key === "Enter" && (spec.multi || spec.inline)) {
      event.preventDefault();
    } else if (event.key === "Escape" && state.open) {
      event.preventDefault();
      event.stopPropagation();
      close();
      showChosen();
    } else if (event.key === "Backspace" && spec.multi && !input.value && state.chosen.length) {
      choose(state.chosen.slice(0, -1));
    } else if (event.key === "Tab" && state.open) {
      close();
      showChosen();
    }
  }

  input.addEventListener("keydown", key);
  input.addEventListener("input", () => {
    clearTimeout(state.timer);
    if (!spec.multi && !input.value && state.chosen.length && spec.clearable) {
      state.chosen = [];
      clear.hidden = true;
      spec.onchange([]);
    }
    if (!state.open) open(input.value);
    else state.timer = setTimeout(() => load(input.value), spec.wait ?? 0);
  });
  field.addEventListener("click", (event) => {
    if (event.target.closest("button")) return;
    input.focus();
    input.select();
    if (!state.open) open("");
  });
  input.addEventListener("blur", () =>
    setTimeout(() => {
      if (document.activeElement === input) return;
      close();
      if (field.isConnected) showChosen();
    }, 120),
  );
  showChosen();
  return field;
}
