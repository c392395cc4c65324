"""Owns the forms and lists of merges: which two customers, what it would mean, what was done, and the way back."""

import json
from collections.abc import Sequence
from enum import StrEnum

from bot.i18n import Translator
from bot.services.merge_values import DuplicatePair, MergeLine, MergePlan, MergeSide, ToldApart
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
    APART = "merge.apart"
    APART_LIST = "merge.apart_list"
    APART_UNDO = "merge.apart_undo"


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


def duplicates(t: Translator, pairs: Sequence[DuplicatePair], told: Sequence[ToldApart] = ()) -> Message:
    """Return pairs of customers that may be one, each with a button to look at both and one that tells them apart.

    Args:
        t: The reader's.
        pairs: They may be one.
        told: They were told apart.
    """
    if not pairs:
        words = t("merge.no_duplicates")
        return elements.message(words, [elements.section(words), *_decided(t, told)])
    blocks: list[Block] = [elements.section(f"*{t('merge.duplicates')}*")]
    for one in pairs:
        value = f"{one.first_id}:{one.second_id}"
        row = [
            elements.button(t("merge.button"), MergeId.OPEN, value),
            elements.button(t("merge.apart"), MergeId.APART, value),
        ]
        blocks += [elements.section(_pair(t, one)), elements.actions(*row, block_id=f"merge.pair.{value}")]
    return elements.message(t("merge.duplicates"), [*blocks, *_decided(t, told)])


def _pair(t: Translator, one: DuplicatePair | ToldApart) -> str:
    return t("merge.pair", first=escape_line(one.first, _NAME), second=escape_line(one.second, _NAME))


def _decided(t: Translator, told: Sequence[ToldApart]) -> list[Block]:
    """Return the way to what was told apart, under the list; nothing while there is nothing."""
    if not told:
        return []
    return [elements.actions(elements.button(t("merge.apart_list"), MergeId.APART_LIST, "all"), block_id="merge.apart")]


def apart(t: Translator, told: Sequence[ToldApart]) -> Message:
    """Return what was told apart, each with the way back."""
    if not told:
        return elements.message(t("merge.none_apart"), [elements.section(t("merge.none_apart"))])
    blocks: list[Block] = [elements.section(f"*{t('merge.apart_list')}*")]
    for one in told:
        by = escape_line(one.by.name, 80) if one.by else "Closeloop"
        back = elements.button(t("merge.apart_undo"), MergeId.APART_UNDO, one.id)
        words = f"{_pair(t, one)}\n{t('merge.apart_by', by=by, at=one.at)}"
        blocks.append(elements.section(words, accessory=back))
    return elements.message(t("merge.apart_list"), blocks)


def _names(line: MergeLine) -> dict[str, str]:
    return {"kept": escape_line(line.kept, _NAME), "merged": escape_line(line.merged, _NAME)}
