// A date field: typed as 2026-03-05, or chosen from a month with the arrow keys. Today is the business day.

import {
  clockFace,
  epochOf,
  isoDay,
  isoTime,
  longDay,
  monthName,
  plusDays,
  plusMonths,
  weekdayNames,
  weekdayOf,
} from "./dates.js";
import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { floatRoot, placeUnder } from "./popover.js";
import { businessNow } from "./store.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/** Reads 2026-3-5, 2026/03/05 or 2026.3.5; null when it is no day. */
export function readDay(text) {
  const match = text.trim().match(/^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/);
  if (!match) return null;
  const iso = `${match[1]}-${match[2].padStart(2, "0")}-${match[3].padStart(2, "0")}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== iso ? null : iso;
}

/**
 * @param {object} spec {value: iso|null, id, label, placeholder, onchange(iso|null)}
 */
export function dateField(spec) {
  let value = spec.value;
  let told = value;
  const tell = (iso) => told !== iso && spec.onchange((told = iso));
  const today = () => isoDay(businessNow());
  let shown = value ?? today(); // the day under the cursor in the open month
  const input = h("input", {
    type: "text",
    id: spec.id,
    class: "text",
    autocomplete: "off",
    inputmode: "numeric",
    maxlength: "11",
    "aria-label": spec.label,
    placeholder: spec.placeholder ?? "2026-03-05",
    data: { testid: "date-input" },
  });
  const weekday = h("span", { class: "date-hint" });
  const button = h(
    "button",
    {
      type: "button",
      class: "icon-btn",
      "aria-label": t("date"),
      "aria-haspopup": "dialog",
      onclick: () => (box.isConnected ? close(true) : open()),
    },
    icon("calendar"),
  );
  const box = h("div", {
    class: "float calendar",
    role: "dialog",
    "aria-label": t("date"),
    popover: "manual",
    data: { testid: "calendar" },
  });
  const field = h("div", { class: "date-field" }, input, weekday, button);

  function set(iso) {
    value = iso;
    input.value = iso ?? "";
    weekday.textContent = iso ? weekdayOf(iso) : "";
    input.removeAttribute("aria-invalid");
    tell(iso);
  }

  function open() {
    shown = value ?? today();
    floatRoot(field).append(box);
    box.showPopover();
    draw(true);
    document.addEventListener("pointerdown", outside, true);
  }

  function close(refocus) {
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    if (refocus) input.focus();
  }

  const outside = (event) => box.contains(event.target) || field.contains(event.target) || close(false);

  function take(iso) {
    close(true);
    set(iso);
  }

  function draw(focus) {
    const first = `${shown.slice(0, 8)}01`;
    const lead = (new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7;
    const start = plusDays(first, -lead);
    const turn = (months) => {
      shown = plusMonths(shown, months);
      draw(false);
    };
    const day = (index) => {
      const iso = plusDays(start, index);
      const marks = [
        "cal-day",
        iso.slice(0, 7) !== shown.slice(0, 7) && "other",
        iso === today() && "today",
        iso === value && "chosen",
      ].filter(Boolean);
      return h(
        "button",
        {
          type: "button",
          class: marks.join(" "),
          tabindex: iso === shown ? "0" : "-1",
          "aria-label": longDay(iso),
          "aria-pressed": iso === value ? "true" : "false",
          data: { day: iso },
          onclick: () => take(iso),
        },
        String(Number(iso.slice(8))),
      );
    };
    fill(
      box,
      h(
        "div",
        { class: "calendar-head" },
        h(
          "button",
          { type: "button", class: "icon-btn", "aria-label": t("previousMonth"), onclick: () => turn(-1) },
          icon("back"),
        ),
        h("strong", { "aria-live": "polite" }, monthName(shown)),
        h(
          "button",
          { type: "button", class: "icon-btn", "aria-label": t("nextMonth"), onclick: () => turn(1) },
          icon("next"),
        ),
      ),
      h(
        "div",
        { class: "calendar-grid" },
        weekdayNames().map((name) => h("span", { class: "weekday", "aria-hidden": "true" }, name)),
        Array.from({ length: 42 }, (_, index) => day(index)),
      ),
      h("button", { type: "button", class: "link-btn", onclick: () => take(today()) }, t("today")),
    );
    placeUnder(box, field);
    if (focus) box.querySelector(`[data-day="${shown}"]`)?.focus();
  }

  box.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    } else if (step || event.key === "PageUp" || event.key === "PageDown") {
      event.preventDefault();
      shown = step ? plusDays(shown, step) : plusMonths(shown, event.key === "PageUp" ? -1 : 1);
      draw(true);
    }
  });

  // while typing, only a whole date counts; on leaving, the rest is marked
  input.addEventListener("input", () => {
    const iso = readDay(input.value);
    if (iso || !input.value) {
      value = iso;
      weekday.textContent = iso ? weekdayOf(iso) : "";
      input.removeAttribute("aria-invalid");
      tell(iso);
    }
  });
  input.addEventListener("change", () => {
    const iso = readDay(input.value);
    if (iso || !input.value.trim()) return set(iso);
    input.setAttribute("aria-invalid", "true");
    weekday.textContent = t("notDate");
    value = null;
    return tell(null);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && !(event.key === "Enter" && event.altKey)) return;
    event.preventDefault();
    open();
  });
  set(value);
  return field;
}

/** A time of day field: hh:mm. */
export function timeField(spec) {
  const input = h("input", {
    type: "time",
    id: spec.id,
    class: "text time",
    value: spec.value ?? "",
    "aria-label": spec.label ?? t("time"),
    data: { testid: "time-input" },
  });
  input.addEventListener("change", () => spec.onchange(input.value || null));
  return input;
}

/** Date and time in the person's zone; the value is seconds since the epoch. */
export function momentField(spec) {
  let day = spec.value ? isoDay(spec.value * 1000) : null;
  let time = spec.value ? isoTime(spec.value * 1000) : null;
  const tell = () => spec.onchange(day && time ? epochOf(day, time) : null);
  return h(
    "div",
    { class: "moment-field", title: clockFace(businessNow()).day },
    dateField({ id: spec.id, value: day, label: spec.label, onchange: (iso) => ((day = iso), tell()) }),
    timeField({ value: time, onchange: (clock) => ((time = clock), tell()) }),
  );
}
