"""Owns the handover list that a manager gets when somebody left: what needs an owner, each with who could take it."""

from collections.abc import Sequence
from datetime import datetime

from bot.i18n import Translator
from bot.services.departures import Departure, Taker
from bot.services.values import OpportunityLine
from bot.views import elements, home
from bot.views.elements import Block, Message, Option
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line, one_line

_NAME, _SHOWN, _TEAMS = 80, 12, 5


def message(t: Translator, departure: Departure, now: datetime, *, said: str | None = None) -> Message:
    """Return the list as it stands.

    Args:
        t: The reader's.
        departure: What is left to hand over.
        now: The present moment, aware.
        said: What was just done, as finished mrkdwn.
    """
    name = escape_line(departure.member.name, _NAME)
    head = t("departure.moved" if departure.is_here else "departure.head", member=name, count=departure.count)
    if not departure.count:
        head = t("departure.done" if said else "departure.gone", member=name)
    blocks: list[Block] = [elements.section(said)] if said else []
    blocks.append(elements.section(head))
    blocks += [_headless(t, number, team) for number, team in departure.teams[:_TEAMS]]
    if departure.count:
        blocks.append(elements.actions(_by_rules(t, departure), block_id="departure.all"))
        for row in departure.rows[:_SHOWN]:
            blocks += _row(t, departure, row, now)
    if departure.count > _SHOWN:
        blocks.append(elements.context(t("departure.more", count=departure.count - _SHOWN)))
    return elements.message(said or head, blocks)


def _by_rules(t: Translator, departure: Departure) -> elements.Element:
    ask = elements.confirm(
        t("departure.confirm.title"),
        t("departure.confirm.text", count=departure.count),
        t("departure.confirm.yes"),
        t("answer.cancel"),
    )
    return elements.button(
        t("departure.button.rules"), Action.DEPARTURE_RULES, departure.member.id, style="primary", confirm=ask
    )


def _headless(t: Translator, number: int, team: str) -> Block:
    button = elements.button(t("setup.button.edit"), Action.SETUP_OPEN, number)
    return elements.section(t("departure.headless", team=escape_line(team, _NAME)), accessory=button)


def _row(t: Translator, departure: Departure, row: OpportunityLine, now: datetime) -> list[Block]:
    return [
        elements.section(home.row_text(t, row, now)),
        elements.actions(
            elements.pick_menu(Action.DEPARTURE_GIVE, t("departure.give")),
            elements.button(t("home.button.open"), Action.CARD_OPEN, row.id),
            block_id=f"departure.{row.id}.{departure.member.id}",
        ),
    ]


def options(t: Translator, takers: Sequence[Taker], opportunity_id: int, member_id: int) -> list[Option]:
    """Return who could take an opportunity; a choice tells the opportunity, the taker and who left."""
    return [
        elements.option(
            one_line(one.member.name),
            f"{opportunity_id}:{one.member.slack_user_id}:{member_id}",
            t("members.load", open=one.open_count, capacity=one.capacity),
        )
        for one in takers
    ]
