// The left side: channels, direct messages, the app, and the guided tour below them.

import { avatar } from "./avatar.js";
import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { goTo } from "./navigate.js";
import { channelName, member, on, store } from "./store.js";

const side = document.getElementById("sidebar");
const scrim = document.getElementById("scrim");
const lists = h("div", { class: "side-lists" });
export const tourPlace = h("div", { class: "side-tour" });
side.append(lists, tourPlace);

const KINDS = [
  ["app", "apps"],
  ["channel", "channels"],
  ["dm", "dms"],
];

function draw() {
  side.setAttribute("aria-label", t("menu"));
  fill(
    lists,
    KINDS.map(([kind, title]) => {
      const rows = store.channels.filter((one) => one.kind === kind);
      return (
        rows.length > 0 &&
        h(
          "section",
          { "aria-label": t(title) },
          h("h2", null, t(title)),
          h(
            "ul",
            null,
            rows.map((one) => h("li", null, item(one))),
          ),
        )
      );
    }),
  );
}

function item(one) {
  const here = one.id === store.channel;
  const sign =
    one.kind === "channel"
      ? icon("hash")
      : avatar(
          one.kind === "app" ? { is_bot: true } : (member(one.with) ?? { id: one.id, real_name: one.name }),
          "tiny",
        );
  return h(
    "button",
    {
      type: "button",
      class: one.unread ? "side-item unread" : "side-item",
      "aria-current": here ? "page" : null,
      data: { testid: "channel-item", channel: one.id, kind: one.kind, name: one.name },
      onclick: () => choose(one.id),
    },
    sign,
    h(
      "span",
      { class: "side-name" },
      channelName(one),
      one.with === store.as && one.kind === "dm" && h("small", null, ` ${t("you")}`),
    ),
    one.unread > 0 &&
      h(
        "span",
        { class: "badge", "aria-label": t("unread", { n: one.unread }), data: { testid: "unread" } },
        one.unread > 99 ? "99+" : String(one.unread),
      ),
  );
}

function choose(id) {
  drawer(false);
  const one = store.channels.find((each) => each.id === id);
  goTo(id, { tab: one.kind === "app" && !one.unread ? "home" : "messages" });
}

/** Opens or closes the sidebar where it lies over the conversation (a phone). */
export function drawer(open) {
  document.body.classList.toggle("with-drawer", open);
  scrim.hidden = !open;
  if (open) (side.querySelector("[aria-current]") ?? side.querySelector("button"))?.focus();
}

scrim.addEventListener("click", () => drawer(false));
side.addEventListener("keydown", (event) => {
  if (event.key === "Escape") drawer(false);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const items = [...lists.querySelectorAll(".side-item")];
  const at = items.indexOf(document.activeElement);
  if (!step || at < 0) return;
  event.preventDefault();
  items[(at + step + items.length) % items.length].focus();
});
on("state", draw);
on("channels", draw);
on("where", draw);
on("drawer", () => drawer(!document.body.classList.contains("with-drawer")));
