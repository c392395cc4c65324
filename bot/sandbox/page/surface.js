// A surface is a list of blocks with the values of its inputs: a message, a modal or the Home.

import { act } from "./api.js";
import { drawBlock } from "./blocks.js";
import { keepFocus, reconcile } from "./dom.js";
import { refusal } from "./i18n.js";
import { notice } from "./popover.js";

export class Surface {
  /**
   * @param {object} container {"kind": "message", channel, ts} or {"kind": "view", view_id}
   * @param {import("./form.js").Form} form
   * @param {(blockId: string) => void} [touched] told when the person changes an input
   */
  constructor(container, form, touched = () => {}) {
    this.container = container;
    this.form = form;
    this.touched = touched;
    this.headingLevel = "2";
  }

  /** Draws blocks into a node; what is the same stays, with its focus and its half-typed text. */
  draw(node, blocks) {
    this.form.prune(blocks);
    keepFocus(node, () => reconcile(node, blocks.map(keyed), (item, old) => this.#block(item, old)));
  }

  #block({ block, control }, old) {
    if (old?.retouch && old.control === control) {
      old.retouch(block);
      return old;
    }
    const node = drawBlock(block, this);
    node.control = control;
    return node;
  }

  changed(block, element, value) {
    this.form.set(block.block_id ?? "", element.action_id, value);
    this.touched(block.block_id);
  }

  /** Whether a change in this block goes to the app at once. */
  dispatches(block) {
    return block.type !== "input" || block.dispatch_action === true;
  }

  whereOptions() {
    const { kind, ...rest } = this.container;
    return kind === "view" ? { view_id: rest.view_id } : rest;
  }

  async act(action) {
    const answer = await act({ do: "action", action, container: this.container, state: this.form.values });
    if (!answer.ok) this.refused(answer);
    return answer;
  }

  /** How a refusal is shown; a modal shows it inside itself. */
  refused(answer) {
    notice(refusal(answer), "error");
  }
}

// Blocks without an id of their own are told apart by kind and place. An input whose control stays the same keeps its
// node while label, hint and initial value change around it.
function keyed(block, index) {
  const key = block.block_id || `${block.type}#${index}`;
  if (block.type !== "input") return { key, block, print: JSON.stringify(block), control: null };
  const {
    initial_value,
    initial_option,
    initial_options,
    initial_date,
    initial_time,
    initial_date_time,
    initial_user,
    initial_users,
    ...control
  } = block.element ?? {};
  return { key, block, print: JSON.stringify(block), control: JSON.stringify([block.dispatch_action, control]) };
}
