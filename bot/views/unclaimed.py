"""Owns the manager's daily word about the pool: how much lies there that nobody has claimed, and the longest waiting of it."""

from bot.i18n import Translator
from bot.services.pool_list import PoolPage
from bot.views import elements, pool_forms
from bot.views.elements import Block, Message
from bot.views.mrkdwn import plain


def message(t: Translator, page: PoolPage) -> Message:
    """Return the message.

    Args:
        t: The manager's.
        page: The pool as they see it, the longest waiting first; not empty.
    """
    title = t("pool.unclaimed", count=page.total, since=t.local(page.rows[0].pooled_at).date())
    see_all = elements.button(t("pool.see_all"), pool_forms.PoolId.OPEN, "all")
    blocks: list[Block] = [elements.section(f"🌊 {title}", accessory=see_all, block_id="pool.unclaimed")]
    blocks += [pool_forms.row(t, one) for one in page.rows]
    return elements.message(plain(title), blocks)
