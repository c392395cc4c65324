// The guided tour: a card with one step of the loop at a time, and buttons that do the switching and typing.

import { fill, h, icon } from "./dom.js";
import { pick, t } from "./i18n.js";
import { prefill } from "./conversation.js";
import { mrkdwn } from "./mrkdwn.js";
import { channel, emit, member, on, store } from "./store.js";
import { goHome, goTo } from "./navigate.js";
import { drawer, tourPlace } from "./sidebar.js";

const KEY = "closeloop.tour";
const saved = read();
let step = saved.step ?? 0;
let hidden = saved.hidden ?? false;

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

function save() {
  try {
    localStorage.setItem(KEY, JSON.stringify({ step, hidden }));
  } catch {
    // a window without storage starts the tour anew
  }
}

function move(to) {
  step = Math.max(0, Math.min(store.tour.length - 1, to));
  save();
  draw();
  tourPlace.querySelector("[data-testid=tour]")?.focus();
}

/** Shows or hides the card. */
export function toggleTour(show = hidden) {
  hidden = !show;
  save();
  draw();
  if (hidden) return document.querySelector("[data-testid=tour-open]")?.focus();
  if (matchMedia("(max-width: 760px)").matches) drawer(true);
  return tourPlace.querySelector("[data-testid=tour]")?.focus();
}

export function tourButton() {
  return h(
    "button",
    {
      type: "button",
      class: "top-btn",
      "aria-label": t("guide"),
      title: t("guide"),
      data: { testid: "tour-open" },
      onclick: () => toggleTour(hidden || matchMedia("(max-width: 760px)").matches),
    },
    icon("map"),
    h("span", { class: "long" }, t("guide")),
  );
}

function draw() {
  if (hidden || !store.tour.length) return fill(tourPlace);
  step = Math.min(step, store.tour.length - 1);
  const one = store.tour[step];
  const last = step === store.tour.length - 1;
  const who = one.as && member(one.as);
  const isWho = who && who.id === store.as;
  const doing = [
    who &&
      h(
        "button",
        {
          type: "button",
          class: "btn small",
          disabled: isWho,
          data: { testid: "tour-be", member: who.id },
          onclick: () => emit("be", { id: who.id, then: () => spot(one) }),
        },
        isWho ? t("youAre", { name: who.real_name }) : t("beThis", { name: who.real_name }),
      ),
    one.type &&
      h(
        "button",
        { type: "button", class: "btn small primary", data: { testid: "tour-type" }, onclick: () => typeIt(one) },
        t("typeIt"),
      ),
  ];
  return fill(
    tourPlace,
    h(
      "section",
      { class: "tour", tabindex: "-1", "aria-label": t("guide"), data: { testid: "tour", step: String(step) } },
      h(
        "div",
        { class: "tour-head" },
        h("small", null, t("guideStep", { n: step + 1, all: store.tour.length })),
        h(
          "button",
          {
            type: "button",
            class: "icon-btn",
            "aria-label": t("hideGuide"),
            data: { testid: "tour-hide" },
            onclick: () => toggleTour(false),
          },
          icon("close"),
        ),
      ),
      h(
        "div",
        { class: "tour-bar", "aria-hidden": "true" },
        h("i", { style: { width: `${((step + 1) / store.tour.length) * 100}%` } }),
      ),
      h("h2", { data: { testid: "tour-title" } }, pick(one.title)),
      h(
        "div",
        { class: "tour-body" },
        mrkdwn(loosen(pick(one.body))),
        one.type && h("code", { class: "tour-type" }, pick(one.type)),
      ),
      doing.some(Boolean) && h("div", { class: "row" }, doing),
      h(
        "div",
        { class: "tour-foot" },
        h(
          "button",
          {
            type: "button",
            class: "link-btn",
            disabled: step === 0,
            data: { testid: "tour-back" },
            onclick: () => move(step - 1),
          },
          t("previous"),
        ),
        h(
          "button",
          {
            type: "button",
            class: "btn small",
            data: { testid: "tour-next" },
            onclick: () => (last ? toggleTour(false) : move(step + 1)),
          },
          last ? t("done") : t("next"),
        ),
      ),
    ),
  );
}

// Chinese has no spaces at which Slack's marks could begin; here an unseen one is put in
const loosen = (text) => text.replace(/([*`][^*`\n]+[*`])/g, "\u200b$1\u200b");

// a step may name where it plays: {"channel": id} or {"home": true}
function spot(one) {
  if (one.home) goHome();
  else if (one.channel && channel(one.channel)) goTo(one.channel);
}

function typeIt(one) {
  const type = () => {
    if (one.channel && channel(one.channel) && store.channel !== one.channel) goTo(one.channel);
    else if (store.tab === "home")
      goTo(store.channels.find((each) => each.kind === "channel")?.id ?? store.channel, { tab: "messages" });
    drawer(false);
    prefill(pick(one.type));
  };
  if (one.as && one.as !== store.as && member(one.as)) emit("be", { id: one.as, then: type });
  else type();
}

on("state", draw);
