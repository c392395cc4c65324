// Moments in the person's zone and language.

import { locale, t } from "./i18n.js";
import { businessNow, store } from "./store.js";

const formats = new Map();

function format(options, language = locale()) {
  const zone = store.me?.zone ?? "UTC";
  const key = JSON.stringify([language, zone, options]);
  if (!formats.has(key)) {
    let made;
    try {
      made = new Intl.DateTimeFormat(language, { timeZone: zone, ...options });
    } catch {
      made = new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
    }
    formats.set(key, made);
  }
  return formats.get(key);
}

const show = (ms, options) => format(options).format(new Date(ms));

/** yyyy-mm-dd of a moment in the person's zone. */
export const isoDay = (ms) =>
  format({ year: "numeric", month: "2-digit", day: "2-digit" }, "en-CA").format(new Date(ms));
/** hh:mm of a moment in the person's zone. */
export const isoTime = (ms) =>
  format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, "en-GB").format(new Date(ms));

export const clockTime = (ms) => show(ms, { hour: "numeric", minute: "2-digit" });
export const fullMoment = (ms) =>
  show(ms, { weekday: "long", year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit" });
export const clockFace = (ms) => ({
  day: show(ms, { weekday: "short", day: "numeric", month: "short", year: "numeric" }),
  time: show(ms, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
});
export const longDay = (iso) => longUtc(iso, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
export const weekdayOf = (iso) => longUtc(iso, { weekday: "short" });
export const monthName = (iso) => longUtc(iso, { month: "long", year: "numeric" });
export const weekdayNames = () => [..."1234567"].map((day) => longUtc(`2024-01-0${day}`, { weekday: "narrow" })); // 2024-01-01 was a Monday

function longUtc(iso, options) {
  return new Intl.DateTimeFormat(locale(), { timeZone: "UTC", ...options }).format(new Date(`${iso}T00:00:00Z`));
}

/** Adds days to yyyy-mm-dd. */
export function plusDays(iso, days) {
  const date = new Date(`${iso}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** Adds months to yyyy-mm-dd; the last day of a shorter month stands for a missing one. */
export function plusMonths(iso, months) {
  const [year, month, day] = iso.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, last))).toISOString().slice(0, 10);
}

function relative(ms) {
  const today = isoDay(businessNow());
  const day = isoDay(ms);
  if (day === today) return t("today");
  if (day === plusDays(today, -1)) return t("yesterday");
  return day === plusDays(today, 1) ? t("tomorrow") : null;
}

/** The heading between two days of a conversation. */
export const dayHeading = (ms) =>
  relative(ms) ?? show(ms, { weekday: "long", month: "long", day: "numeric", year: "numeric" });

/** Seconds since the epoch of a wall time in the person's zone; a time that a clock change skips moves on by the gap. */
export function epochOf(day, time) {
  const wanted = Date.parse(`${day}T${time}:00Z`);
  let guess = wanted;
  for (let round = 0; round < 2; round += 1) {
    guess += wanted - Date.parse(`${isoDay(guess)}T${isoTime(guess)}:00Z`);
  }
  return Math.round(guess / 1000);
}

const MEDIUM = { year: "numeric", month: "long", day: "numeric" };
const SHORT = { year: "numeric", month: "short", day: "numeric" };
const LONG = { weekday: "long", ...MEDIUM };
const TOKENS = {
  date_num: (ms) => isoDay(ms),
  date_slash: (ms) => isoDay(ms).replaceAll("-", "/"),
  date: (ms) => show(ms, MEDIUM),
  date_short: (ms) => show(ms, SHORT),
  date_long: (ms) => show(ms, LONG),
  date_pretty: (ms) => relative(ms)?.toLowerCase() ?? show(ms, MEDIUM),
  date_short_pretty: (ms) => relative(ms)?.toLowerCase() ?? show(ms, SHORT),
  date_long_pretty: (ms) => relative(ms)?.toLowerCase() ?? show(ms, LONG),
  date_long_full: (ms) => show(ms, LONG),
  day_divider_pretty: (ms) => relative(ms) ?? show(ms, LONG),
  time: clockTime,
  time_secs: (ms) => show(ms, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: (ms) => ago(ms),
};

function ago(ms) {
  const minutes = Math.round((ms - businessNow()) / 60000);
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  if (Math.abs(minutes) < 60) return words.format(minutes, "minute");
  if (Math.abs(minutes) < 60 * 24) return words.format(Math.round(minutes / 60), "hour");
  return words.format(Math.round(minutes / 1440), "day");
}

/** Fills Slack's date template, such as `{date_short_pretty} {time}`. */
export function fromTemplate(template, seconds) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => TOKENS[name]?.(seconds * 1000) ?? whole);
}
