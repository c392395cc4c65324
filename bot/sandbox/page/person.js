// Who one is: the person in the corner, and the list of everybody one can be.

import { avatar } from "./avatar.js";
import { isoTime } from "./dates.js";
import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { menu } from "./popover.js";
import { businessNow, emit, store } from "./store.js";

const button = h("button", {
  type: "button",
  class: "person",
  "aria-haspopup": "menu",
  "aria-expanded": "false",
  data: { testid: "person-switcher" },
});
button.addEventListener("click", open);

export function personNode() {
  const { me } = store;
  button.title = t("switchPerson");
  button.dataset.member = me.id;
  fill(
    button,
    avatar(me),
    h("span", { class: "person-text" }, h("strong", null, me.real_name), h("small", null, roleOf(me))),
    icon("down"),
  );
  return button;
}

export const roleOf = (one) => (one.role ? t(`role_${one.role}`) : (one.title ?? ""));

function open() {
  const people = [...store.members.values()].filter((one) => !one.is_bot && !one.deleted);
  const items = people.map((one) => ({
    label: [
      avatar(one, "small"),
      h("span", { class: "person-row" }, h("strong", null, one.real_name), h("small", null, aboutOf(one))),
      one.id === store.as ? icon("check") : null,
    ].filter(Boolean),
    data: { testid: "person-option", member: one.id },
    run: () => emit("be", { id: one.id }),
  }));
  const window2 = {
    label: t("newWindow"),
    data: { testid: "person-window" },
    run: () => globalThis.open(`/?as=${store.as}`, "_blank", "noopener"),
  };
  menu(button, [{ heading: t("switchPerson") }, ...items, null, window2], {
    label: t("switchPerson"),
    testid: "person-menu",
  });
}

function aboutOf(one) {
  const language = one.locale?.startsWith("zh") ? "中文" : "English";
  return [roleOf(one), one.title && one.title !== roleOf(one) ? one.title : null, language, placeOf(one)]
    .filter(Boolean)
    .join(" · ");
}

// the wall time where this person sits, as it explains why somebody gets no nudge now
function placeOf(one) {
  if (!one.zone) return null;
  const city = one.zone.split("/").pop().replaceAll("_", " ");
  if (one.zone === store.me.zone) return `${city} ${isoTime(businessNow())}`;
  try {
    return `${city} ${new Intl.DateTimeFormat("en-GB", { timeZone: one.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(businessNow())}`;
  } catch {
    return city;
  }
}
