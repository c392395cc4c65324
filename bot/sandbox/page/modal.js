// The modal: top of the person's stack of views, in one native dialog.

import { act } from "./api.js";
import { check } from "./check.js";
import { fill, h, icon } from "./dom.js";
import { Form } from "./form.js";
import { refusal, t } from "./i18n.js";
import { textObject } from "./mrkdwn.js";
import { focusables, trapTab } from "./popover.js";
import { on, store } from "./store.js";
import { Surface } from "./surface.js";

const dialog = document.getElementById("modal");
const kept = new Map(); // view id → what the page keeps of it: form, surface, parts
let shown = null;
let opener = null;

/** Brings the dialog in line with the stack in the store. */
function sync() {
  const ids = new Set(store.views.map((view) => view.id));
  for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
  const top = store.views.at(-1);
  if (!top) return hide();
  if (!dialog.open) {
    opener = document.activeElement;
    dialog.showModal();
  }
  const one = keep(top);
  const fresh = shown !== one;
  shown = one;
  one.show(top, store.views.length > 1);
  if (fresh) {
    fill(dialog, one.root);
    one.focusFirst();
  } else requestAnimationFrame(keepInside);
  return undefined;
}

// an update may take the focused control away; the keyboard must not fall out of the dialog with it
function keepInside() {
  if (!shown || !dialog.open || document.querySelectorAll("dialog[open]").length > 1) return;
  const active = document.activeElement;
  if (!dialog.contains(active) || active.disabled || !active.getClientRects().length) shown.focusFirst();
}

function hide() {
  shown = null;
  if (!dialog.open) return;
  dialog.close();
  dialog.replaceChildren();
  if (opener?.isConnected && opener !== document.body) opener.focus();
}

function keep(view) {
  if (!kept.has(view.id)) kept.set(view.id, new ModalView(view));
  return kept.get(view.id);
}

class ModalView {
  constructor(view) {
    this.id = view.id;
    this.form = new Form(view.state?.values);
    this.surface = new Surface({ kind: "view", view_id: view.id }, this.form, (blockId) =>
      this.#complain(blockId, null),
    );
    this.surface.headingLevel = "3"; // the title is the second
    this.surface.refused = (answer) => this.#banner(refusal(answer));
    this.errorPrint = null;
    this.title = h("h2", { id: `title-${view.id}`, data: { testid: "modal-title" } });
    this.back = h(
      "button",
      {
        type: "button",
        class: "icon-btn",
        "aria-label": t("back"),
        data: { testid: "modal-back" },
        onclick: () => close(false),
      },
      icon("back"),
    );
    this.banner = h("div", { class: "banner", role: "alert", hidden: true, data: { testid: "modal-banner" } });
    this.body = h("div", { class: "modal-blocks" });
    this.cancel = h("button", {
      type: "button",
      class: "btn",
      data: { testid: "modal-close" },
      onclick: () => close(false),
    });
    this.submit = h("button", { type: "submit", class: "btn primary", data: { testid: "modal-submit" } });
    const x = h(
      "button",
      {
        type: "button",
        class: "icon-btn",
        "aria-label": t("close"),
        data: { testid: "modal-x" },
        onclick: () => close(true),
      },
      icon("close"),
    );
    this.root = h(
      "form",
      { novalidate: true, data: { viewId: view.id }, onsubmit: (event) => this.#send(event) },
      h("header", null, this.back, this.title, x),
      h("div", { class: "modal-scroll" }, this.banner, this.body),
      (this.footer = h("footer", null, this.cancel, this.submit)),
    );
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !this.submit.hidden) this.root.requestSubmit();
    });
  }

  show(view, deep) {
    this.view = view;
    dialog.setAttribute("aria-labelledby", this.title.id);
    dialog.dataset.callbackId = view.callback_id ?? "";
    dialog.dataset.viewId = view.id;
    this.title.replaceChildren(...textObject(view.title));
    this.back.hidden = !deep;
    this.cancel.replaceChildren(...(view.close ? textObject(view.close) : [t("close")]));
    this.submit.hidden = !view.submit;
    if (view.submit) this.submit.replaceChildren(h("span", { class: "btn-text" }, textObject(view.submit)));
    this.surface.draw(this.body, view.blocks ?? []);
    const print = JSON.stringify([view.hash, view.errors ?? {}]);
    if (print === this.errorPrint) return;
    this.errorPrint = print;
    if (Object.keys(view.errors ?? {}).length) this.#errors(view.errors);
  }

  focusFirst() {
    const wanted = (this.view.blocks ?? []).find((block) => block.element?.focus_on_load);
    dialog.focus();
    const block = wanted && this.#blockNode(wanted.block_id);
    if (block?.focusControl) block.focusControl();
    else
      (
        focusables(this.body).find((node) => node.matches("input, textarea")) ??
        (this.submit.hidden ? this.cancel : this.submit)
      ).focus();
  }

  #blockNode(blockId) {
    return [...this.body.children].find((node) => node.dataset.blockId === blockId);
  }

  #complain(blockId, text) {
    const node = this.#blockNode(blockId);
    if (!node?.complain) return false;
    node.complain(text);
    return true;
  }

  #errors(errors) {
    for (const node of this.body.children) node.complain?.(null);
    const homeless = Object.entries(errors).filter(([blockId, text]) => !this.#complain(blockId, text));
    this.#banner(homeless.map(([, text]) => text).join(" "));
    const first = [...this.body.children].find((node) => node.classList.contains("wrong"));
    first?.focusControl?.();
    first?.scrollIntoView({ block: "nearest" });
  }

  #banner(text) {
    this.banner.hidden = !text;
    fill(this.banner, text && [icon("warn"), h("span", null, text)]);
    if (text) this.banner.scrollIntoView({ block: "nearest" });
  }

  async #send(event) {
    event.preventDefault();
    if (this.busy || !this.view.submit) return;
    this.#banner("");
    const errors = check(this.view.blocks ?? [], this.form);
    if (Object.keys(errors).length) {
      this.#errors(errors);
      return;
    }
    this.#busy(true);
    const answer = await act({ do: "submit", view_id: this.id, state: this.form.values });
    this.#busy(false);
    if (answer.ok) return;
    if (answer.errors && Object.keys(answer.errors).length) this.#errors(answer.errors);
    else this.#banner(refusal(answer));
  }

  #busy(is) {
    this.busy = is;
    this.submit.disabled = is;
    this.submit.setAttribute("aria-busy", String(is));
    this.root.classList.toggle("sending", is);
    if (is || shown !== this) return;
    if (document.activeElement === document.body && !this.submit.hidden) this.submit.focus();
    requestAnimationFrame(keepInside);
  }
}

/** Closes the top view, or the whole stack; what the person sees does not wait for the app. */
function close(clear) {
  const top = store.views.at(-1);
  if (!top) return;
  store.views = clear || top.clear_on_close ? [] : store.views.slice(0, -1);
  sync();
  act({ do: "close", view_id: top.id, clear });
}

dialog.addEventListener("cancel", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (!dialog.open || (event.target !== document.body && event.target.closest("dialog") !== dialog)) return;
  trapTab(event, dialog);
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
  event.preventDefault();
  close(false);
});

on("views", sync);
on("state", () => {
  kept.clear();
  shown = null;
  sync();
});
