// The app's Home tab.

import { act } from "./api.js";
import { h } from "./dom.js";
import { Form } from "./form.js";
import { t } from "./i18n.js";
import { on, store } from "./store.js";
import { Surface } from "./surface.js";

let drawn = null; // {id, surface, node}

/** The node of the Home; opening it tells the app. */
export function homeNode() {
  const node = h("div", { class: "home", data: { testid: "home" }, tabindex: "-1" });
  drawn = { id: null, surface: null, blocks: h("div", { class: "home-blocks" }) };
  node.append(drawn.blocks);
  draw();
  act({ do: "open_home" });
  return node;
}

function draw() {
  if (!drawn || store.tab !== "home") return;
  const view = store.home;
  if (!view) {
    drawn.blocks.replaceChildren(h("p", { class: "quiet" }, t("homeEmpty")));
    drawn.surface = null;
    return;
  }
  if (!drawn.surface || drawn.id !== view.id) {
    drawn.id = view.id;
    drawn.surface = new Surface({ kind: "view", view_id: view.id }, new Form(view.state?.values));
    drawn.blocks.replaceChildren();
  }
  drawn.surface.draw(drawn.blocks, view.blocks ?? []);
}

on("home", draw);
