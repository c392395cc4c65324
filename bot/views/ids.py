"""Owns the names under which Slack sends things back: callbacks, actions and blocks."""

from enum import StrEnum


class Callback(StrEnum):
    """callback_id of modals and shortcuts."""

    LEAD_CAPTURE = "lead.capture"
    LEAD_NEW = "lead.new"
    LEAD_FROM_MESSAGE = "lead.from_message"
    FOLLOW_UP_LOG = "follow_up.log"
    FOLLOW_UP_FROM_MESSAGE = "follow_up.from_message"
    STAGE_ADVANCE = "stage.advance"
    OPPORTUNITY_WIN = "opportunity.win"
    OPPORTUNITY_LOSE = "opportunity.lose"
    OPPORTUNITY_EDIT = "opportunity.edit"
    OPPORTUNITY_REOPEN = "opportunity.reopen"
    HANDOVER_OFFER = "handover.offer"
    HANDOVER_DECLINE = "handover.decline"
    HISTORY = "opportunity.history"
    SNOOZE = "follow_up.snooze"
    TEAM_SETUP = "team.setup"
    HOME = "home"
    RESULT = "result"


class Action(StrEnum):
    """action_id of buttons, selects and type-aheads.

    A button's value is the opportunity's number, or ``number:rest`` where more is needed.
    """

    CUSTOMER_PICK = "customer.pick"
    OPPORTUNITY_PICK = "opportunity.pick"
    LEAD_OPEN = "lead.open"
    FOLLOW_UP_OPEN = "follow_up.open"
    NEXT_STEP_DONE = "next_step.done"
    SNOOZE_PICK = "snooze.pick"
    STAGE_OPEN = "stage.open"
    STAGE_PICK = "stage.pick"
    WIN_OPEN = "win.open"
    LOSE_OPEN = "lose.open"
    HANDOVER_OPEN = "handover.open"
    HANDOVER_ACCEPT = "handover.accept"
    HANDOVER_DECLINE = "handover.decline"
    HISTORY_OPEN = "history.open"
    HISTORY_MORE = "history.more"
    EDIT_OPEN = "edit.open"
    REOPEN_OPEN = "reopen.open"
    UNDO = "action.undo"
    CLAIM = "pool.claim"
    CARD_OPEN = "card.open"
    CARD_MENU = "card.menu"
    SETUP_OPEN = "setup.open"
    SETUP_TEAM = "setup.team"
    PIPELINE_TEAM = "pipeline.team"
    PIPELINE_SINCE = "pipeline.since"
    HOME_REFRESH = "home.refresh"
    LINK = "link"
