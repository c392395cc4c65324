// The business clock: what day it is for the team, and how to move on.

import { act } from "./api.js";
import { clockFace, fullMoment } from "./dates.js";
import { fill, h, icon } from "./dom.js";
import { refusal, t } from "./i18n.js";
import { notice } from "./popover.js";
import { businessNow, on, store, takeClock } from "./store.js";

const MOVES = [
  ["hour", { hours: 1 }, "clock-hour"],
  ["workday", { working_days: 1 }, "clock-workday"],
  ["week", { days: 7 }, "clock-week"],
];
const day = h("span", { class: "clock-day" });
const time = h("strong", { class: "clock-time" });
const face = h(
  "time",
  { class: "clock-face", data: { testid: "clock-face" } },
  icon("clock"),
  h("span", { class: "spinner", "aria-hidden": "true" }),
  time,
  day,
);
const buttons = h("div", { class: "clock-moves", role: "group" });
const node = h("div", { class: "clock", role: "group", data: { testid: "clock" } }, face, buttons);
let moving = false;

export function clockNode() {
  node.setAttribute("aria-label", t("clock"));
  fill(
    buttons,
    MOVES.map(([name, move, testid]) =>
      h(
        "button",
        {
          type: "button",
          class: "clock-btn",
          title: t(name),
          "aria-label": t(name),
          data: { testid },
          onclick: () => go(move),
        },
        h("span", { class: "long" }, t(name)),
        h("span", { class: "short", "aria-hidden": "true" }, t(`${name}Short`)),
      ),
    ),
  );
  show();
  return node;
}

async function go(move) {
  if (moving || store.clock.busy) return;
  moving = true;
  show();
  const answer = await act({ do: "clock", ...move });
  moving = false;
  if (answer.clock) takeClock(answer.clock);
  if (!answer.ok) notice(refusal(answer), "error");
  show();
}

function show() {
  const now = businessNow();
  const { day: dayText, time: timeText } = clockFace(now);
  const busy = moving || store.clock.busy;
  if (day.textContent !== dayText) day.textContent = dayText;
  if (time.textContent !== timeText) time.textContent = timeText;
  face.title = `${fullMoment(now)} · ${store.me?.zone ?? ""}`;
  face.setAttribute("datetime", new Date(now).toISOString());
  node.setAttribute("aria-busy", String(busy));
  for (const button of buttons.children) {
    button.setAttribute("aria-disabled", String(busy));
  }
  buttons.hidden = store.clock.movable === false;
}

on("clock", show);
setInterval(() => store.me && show(), 1000);
