"""Owns the forms and lists of merges: which two customers, what it would mean, what was done, and the way back."""

import json
from collections.abc import Sequence
from enum import StrEnum

from bot.i18n import Translator
from bot.services.merge_values import DuplicatePair, MergeLine, MergePlan, MergeSide
from bot.services.merges import UNDO_DAYS
from bot.services.values import CustomerMatch
from bot.views import elements, fields
from bot.views.elements import Block, Element, Message, Option, View
from bot.views.ids import Callback
from bot.views.mrkdwn import escape_line, one_line

_NAME, _OWNERS = 120, 5
KNOWN = "id:"


class MergeId(StrEnum):
    """action_id and callback_id of what only merges have; a pair of customers is ``7:12`` in a value."""

    PICK = "merge.pick"
    FIRST = "merge.first"
    OTHER = "merge.other"
    CONFIRM = "merge.confirm"
    OPEN = "merge.open"
    UNDO = "merge.undo"


def pick(t: Translator, chosen: tuple[int, str] | None = None) -> View:
    """Return the form that asks which two customers are one; the first may be known already, as number and name."""
    first = elements.option(one_line(chosen[1]), f"{KNOWN}{chosen[0]}") if chosen else None
    hint = t("merge.hint")
    blocks = [
        elements.pick_input("first", t("merge.first"), MergeId.FIRST, chosen=first, placeholder=hint, least=1),
        elements.pick_input("other", t("merge.second"), MergeId.OTHER, placeholder=hint, least=1),
    ]
    return elements.modal(MergeId.PICK, t("merge.title"), blocks, submit=t("merge.next"), close=t("answer.cancel"))


def options(t: Translator, found: Sequence[CustomerMatch]) -> list[Option]:
    """Return what the type-ahead offers: known customers, with who has them."""
    return fields.customer_options(t, "", found)


def confirm(t: Translator, plan: MergePlan) -> View:
    """Return both customers side by side, what will happen, and the choice of the name that stays."""
    blocks: list[Block] = [elements.section(_side(t, one)) for one in plan.sides]
    blocks.append(elements.context(t("merge.what", days=UNDO_DAYS)))
    if plan.collides:
        blocks.append(elements.section(t("merge.collides")))
    names = [elements.option(one_line(one.name), str(one.id)) for one in plan.sides]
    blocks.append(elements.radio_input("kept", t("merge.keep"), names, chosen=str(plan.sides[0].id)))
    return elements.modal(
        MergeId.CONFIRM,
        t("merge.confirm_title"),
        blocks,
        submit=t("merge.button"),
        close=t("answer.cancel"),
        metadata=json.dumps({"pair": [one.id for one in plan.sides]}),
    )


def _side(t: Translator, one: MergeSide) -> str:
    owners = ", ".join(escape_line(owner.name, 80) for owner in one.owners[:_OWNERS])
    counts = t("merge.counts", open=one.open_count, closed=one.closed_count, contacts=one.contact_count)
    whose = t("merge.with", owners=owners) if owners else t("merge.nobody")
    return f"*{escape_line(one.name, _NAME)}*\n{whose} · {counts}"


def merged(t: Translator, line: MergeLine) -> View:
    """Return what was done, with the way back."""
    blocks = [elements.section(t("merge.done", **_names(line))), elements.context("\n".join(_details(t, line)))]
    blocks.append(elements.actions(_undo(t, line)))
    return elements.modal(Callback.RESULT, t("answer.saved_title"), blocks, close=t("answer.close"))


def _details(t: Translator, line: MergeLine) -> list[str]:
    found = [t("merge.moved", opportunities=line.opportunity_count, contacts=line.contact_count)]
    found += [t("merge.collided")] if line.collides else []
    return [*found, t("merge.until", until=t.local(line.until).date())]


def undone(t: Translator, line: MergeLine) -> Message:
    """Return what stands after the merge was taken back."""
    text = t("merge.undone", **_names(line))
    return elements.message(text, [elements.section(text)])


def recent(t: Translator, lines: Sequence[MergeLine]) -> Message:
    """Return the latest merges, each with its way back while there is one."""
    if not lines:
        return elements.message(t("merge.none"), [elements.section(t("merge.none"))])
    blocks: list[Block] = [elements.section(f"*{t('merge.list')}*")]
    blocks += [elements.section(_row(t, one), accessory=_undo(t, one) if one.is_open else None) for one in lines]
    return elements.message(t("merge.list"), blocks)


def _row(t: Translator, one: MergeLine) -> str:
    by = escape_line(one.by.name, 80) if one.by else "Closeloop"
    if one.undone_at is not None:
        return t("merge.row_undone", **_names(one), by=by, at=one.at, undone=t.local(one.undone_at).date())
    return t("merge.row", **_names(one), by=by, at=one.at)


def _undo(t: Translator, line: MergeLine) -> Element:
    sure = elements.confirm(t("merge.undo_sure"), t("merge.undo_what"), t("merge.undo"), t("answer.cancel"))
    return elements.button(t("merge.undo"), MergeId.UNDO, line.id, confirm=sure)


def duplicates(t: Translator, pairs: Sequence[DuplicatePair]) -> Message:
    """Return pairs of customers that may be one, each with a button to look at both."""
    if not pairs:
        return elements.message(t("merge.no_duplicates"), [elements.section(t("merge.no_duplicates"))])
    blocks: list[Block] = [elements.section(f"*{t('merge.duplicates')}*")]
    for one in pairs:
        text = t("merge.pair", first=escape_line(one.first, _NAME), second=escape_line(one.second, _NAME))
        button = elements.button(t("merge.button"), MergeId.OPEN, f"{one.first_id}:{one.second_id}")
        blocks.append(elements.section(text, accessory=button))
    return elements.message(t("merge.duplicates"), blocks)


def _names(line: MergeLine) -> dict[str, str]:
    return {"kept": escape_line(line.kept, _NAME), "merged": escape_line(line.merged, _NAME)}
