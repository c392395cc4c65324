"""Owns how undelivered messages are shown to an admin: what, to whom, why, two buttons each, and one for all."""

import re
from collections.abc import Sequence

from bot.i18n import Translator
from bot.services.dead_letters import DeadLetter
from bot.views import elements
from bot.views.elements import Block, Message
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line, plain

_CUSTOMER = 80
# They tell of a day or a week, and nothing once that is over.
_OF_A_DAY = frozenset({"digest", "weekly"})
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
    if count > 1:
        again = elements.button(t("dead_letter.resend_all"), Action.DEAD_LETTER_RESEND_ALL)
        blocks.append(elements.actions(again, block_id="dead_letter.all"))
    return blocks


def resent(t: Translator, kind: str) -> str:
    """Return what is said of a message that is tried again, which does not go out where it no longer holds."""
    return t("dead_letter.resent_dated" if kind in _OF_A_DAY else "dead_letter.resent")


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
