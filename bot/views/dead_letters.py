"""Owns how undelivered messages are shown to an admin: what, to whom, why, and two buttons each."""

import re
from collections.abc import Sequence

from bot.i18n import Translator
from bot.services.dead_letters import DeadLetter
from bot.views import elements
from bot.views.elements import Block, Message
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line, plain

_CUSTOMER = 80
_CODE = re.compile(r"[a-z_0-9]{3,60}")


def message(t: Translator, letters: Sequence[DeadLetter], count: int, *, done: str | None = None) -> Message:
    """Return the message for an admin.

    Args:
        t: The admin's.
        letters: Those that are shown.
        count: How many there are.
        done: What was just done about one, as mrkdwn.
    """
    words = t("dead_letter.title", count=count) if count else t("dead_letter.none")
    said = [elements.section(done)] if done else []
    return elements.message(plain(done or words), [*said, *(part(t, letters, count) if count else [])])


def part(t: Translator, letters: Sequence[DeadLetter], count: int) -> list[Block]:
    """Return the blocks that stand in the message and on the Home; none where nothing is undelivered."""
    if not letters:
        return []
    blocks = [elements.section(f"*{t('dead_letter.title', count=count)}*")]
    for one in letters:
        blocks += [
            elements.section(_line(t, one), block_id=f"dead_letter.{one.id}"),
            elements.actions(
                elements.button(t("dead_letter.resend"), Action.DEAD_LETTER_RESEND, one.id),
                elements.button(t("dead_letter.discard"), Action.DEAD_LETTER_DISCARD, one.id),
                block_id=f"dead_letter.{one.id}.do",
            ),
        ]
    if count > len(letters):
        blocks.append(elements.context(t("dead_letter.more", count=count - len(letters))))
    return blocks


def _line(t: Translator, one: DeadLetter) -> str:
    key = f"dead_letter.kind.{one.kind}"
    what = t(key) if t.has(key) else t("dead_letter.other_kind")
    if one.customer:
        what = t("dead_letter.about", what=what, customer=escape_line(one.customer, _CUSTOMER))
    whom = f"<#{one.channel}>" if one.channel else f"<@{one.member}>" if one.member else "–"
    return t("dead_letter.line", what=what, whom=whom, due=one.due_at, why=_why(t, one))


def _why(t: Translator, one: DeadLetter) -> str:
    key = f"dead_letter.why.{one.error}"
    if t.has(key):
        return t(key)
    if _CODE.fullmatch(one.error):
        return t("dead_letter.slack_said", code=one.error)
    return t("dead_letter.defect", number=one.id)
