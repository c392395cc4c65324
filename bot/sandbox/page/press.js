// Sends an action to the app.

import { confirmed } from "./popover.js";

/** Sends an action after its confirm dialog; the control shows that it is on its way. */
export async function press(node, element, block, ctx, more) {
  if (node.getAttribute("aria-busy") === "true" || !(await confirmed(element.confirm))) return false;
  node.setAttribute("aria-busy", "true");
  const action = { type: element.type, action_id: element.action_id, block_id: block.block_id, ...more };
  await ctx.act(action).finally(() => node.removeAttribute("aria-busy"));
  return true;
}
