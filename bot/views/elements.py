"""Owns the blocks and inputs that all views are built of, held to Slack's sizes; dicts come out."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from slack_sdk.models import blocks as bk
from slack_sdk.models.blocks import basic_components as basic
from slack_sdk.models.blocks import block_elements as element

from bot.views.mrkdwn import clip, clip_mrkdwn

Block = dict[str, Any]
View = dict[str, Any]
Message = tuple[str, list[Block]]
"""A message: the text for notifications and screen readers, and its blocks."""

SECTION, FIELD, HEADER, CONTEXT, BUTTON, OPTION, OPTION_VALUE = 3000, 2000, 150, 2000, 75, 75, 150
TITLE, LABEL, HINT, PLACEHOLDER, TEXT_INPUT = 24, 2000, 2000, 150, 3000
MESSAGE_BLOCKS, MODAL_BLOCKS, OPTIONS, OVERFLOW, ROW = 50, 100, 100, 5, 5
FALLBACK = 3000


def mrkdwn(text: str, most: int = SECTION) -> basic.MarkdownTextObject:
    """Return a text object of finished mrkdwn; never empty, which Slack would refuse."""
    return basic.MarkdownTextObject(text=clip_mrkdwn(text, most) or " ", verbatim=True)


def plain_text(text: str, most: int) -> basic.PlainTextObject:
    """Return a plain text object; never empty, which Slack would refuse."""
    return basic.PlainTextObject(text=clip(text, most) or " ", emoji=True)


def section(text: str, *, accessory: Any = None, block_id: str | None = None) -> Block:
    """Return a paragraph of mrkdwn, with a button or select beside it."""
    return bk.SectionBlock(text=mrkdwn(text), accessory=accessory, block_id=block_id).to_dict()


def fields(pairs: Iterable[tuple[str, str]], *, block_id: str | None = None) -> Block:
    """Return up to ten labelled values in two columns; labels and values are finished mrkdwn."""
    shown = [mrkdwn(f"*{label}*\n{value}", FIELD) for label, value in list(pairs)[:10]]
    return bk.SectionBlock(fields=shown, block_id=block_id).to_dict()


def context(*texts: str, block_id: str | None = None) -> Block:
    """Return small print; up to ten pieces of mrkdwn."""
    return bk.ContextBlock(elements=[mrkdwn(text, CONTEXT) for text in texts[:10]], block_id=block_id).to_dict()


def header(text: str) -> Block:
    """Return a large plain title."""
    return bk.HeaderBlock(text=plain_text(text, HEADER)).to_dict()


def divider() -> Block:
    """Return a line across."""
    return bk.DividerBlock().to_dict()


def image(url: str, alt: str) -> Block:
    """Return a picture."""
    return bk.ImageBlock(image_url=url, alt_text=clip(alt, 2000)).to_dict()


def actions(*elements: Any, block_id: str | None = None) -> Block:
    """Return a row of buttons and menus."""
    return bk.ActionsBlock(elements=list(elements)[:25], block_id=block_id).to_dict()


def button(
    text: str,
    action_id: str,
    value: str | int = "",
    *,
    style: str | None = None,
    url: str | None = None,
    confirm: Any = None,
) -> element.ButtonElement:
    """Return a button.

    Args:
        text: Its label, plain.
        action_id: What its press is called.
        value: What comes back; an opportunity's number, or ``number:rest``.
        style: ``primary`` or ``danger``.
        url: A page it opens.
        confirm: From ``confirm``, to ask before it acts.
    """
    return element.ButtonElement(
        text=plain_text(text, BUTTON),
        action_id=action_id,
        value=str(value)[:2000] or None,
        style=style,
        url=url,
        confirm=confirm,
    )


def confirm(title: str, text: str, yes: str, no: str) -> basic.ConfirmObject:
    """Return a question asked before a button acts."""
    return basic.ConfirmObject(
        title=plain_text(title, 100), text=plain_text(text, 300), confirm=plain_text(yes, 30), deny=plain_text(no, 30)
    )


def option(text: str, value: str, description: str | None = None) -> basic.Option:
    """Return one choice of a list; plain texts."""
    return basic.Option(
        text=plain_text(text, OPTION),
        value=value[:OPTION_VALUE],
        description=clip(description, OPTION) if description else None,
    )


def option_answer(options: Sequence[basic.Option]) -> list[dict[str, Any]]:
    """Return the answer to a type-ahead: the best hundred."""
    return [one.to_dict() for one in options[:OPTIONS]]


def overflow(action_id: str, options: Sequence[basic.Option]) -> element.OverflowMenuElement:
    """Return the menu behind three dots, of one to five entries."""
    return element.OverflowMenuElement(action_id=action_id, options=list(options)[:OVERFLOW])


def menu(action_id: str, placeholder: str, options: Sequence[basic.Option]) -> element.StaticSelectElement:
    """Return a select that acts when something is chosen, for messages."""
    return element.StaticSelectElement(
        action_id=action_id, placeholder=plain_text(placeholder, PLACEHOLDER), options=list(options)[:OPTIONS]
    )


def _input(
    block_id: str, label: str, inner: Any, *, optional: bool = False, hint: str | None = None, dispatch: bool = False
) -> Block:
    return bk.InputBlock(
        label=plain_text(label, LABEL),
        element=inner,
        block_id=block_id,
        optional=optional,
        hint=plain_text(hint, HINT) if hint else None,
        dispatch_action=True if dispatch else None,
    ).to_dict()


def text_input(
    block_id: str,
    label: str,
    *,
    value: str | None = None,
    multiline: bool = False,
    optional: bool = False,
    hint: str | None = None,
    placeholder: str | None = None,
    most: int = TEXT_INPUT,
) -> Block:
    """Return an input for text; block and action share the field's name."""
    inner = element.PlainTextInputElement(
        action_id=block_id,
        initial_value=value[:most] if value else None,
        multiline=multiline,
        placeholder=plain_text(placeholder, PLACEHOLDER) if placeholder else None,
        max_length=most,
    )
    return _input(block_id, label, inner, optional=optional, hint=hint)


def select_input(
    block_id: str,
    label: str,
    options: Sequence[basic.Option],
    *,
    chosen: str | None = None,
    optional: bool = False,
    hint: str | None = None,
    placeholder: str | None = None,
    action_id: str | None = None,
    dispatch: bool = False,
) -> Block:
    """Return a list to choose one of.

    Args:
        block_id: The field's name.
        label: Its label.
        options: At most a hundred.
        chosen: Value of the one chosen at first.
        optional: May stay empty.
        hint: Small print under it.
        placeholder: Shown while nothing is chosen.
        action_id: Another name of the action, where a choice acts at once.
        dispatch: A choice acts at once.
    """
    shown = list(options)[:OPTIONS]
    inner = element.StaticSelectElement(
        action_id=action_id or block_id,
        options=shown,
        initial_option=_chosen(shown, chosen),
        placeholder=plain_text(placeholder, PLACEHOLDER) if placeholder else None,
    )
    return _input(block_id, label, inner, optional=optional, hint=hint, dispatch=dispatch)


def radio_input(block_id: str, label: str, options: Sequence[basic.Option], *, chosen: str | None = None) -> Block:
    """Return a few choices of which one is taken."""
    shown = list(options)[:10]
    inner = element.RadioButtonsElement(action_id=block_id, options=shown, initial_option=_chosen(shown, chosen))
    return _input(block_id, label, inner)


def checkbox_input(
    block_id: str, label: str, choice: basic.Option, *, checked: bool = False, optional: bool = True
) -> Block:
    """Return one box to tick."""
    inner = element.CheckboxesElement(
        action_id=block_id, options=[choice], initial_options=[choice] if checked else None
    )
    return _input(block_id, label, inner, optional=optional)


def pick_input(
    block_id: str,
    label: str,
    action_id: str,
    *,
    chosen: basic.Option | None = None,
    placeholder: str | None = None,
    hint: str | None = None,
    least: int = 0,
    optional: bool = False,
) -> Block:
    """Return a type-ahead whose choices the app is asked for, from ``least`` typed characters on."""
    inner = element.ExternalDataSelectElement(
        action_id=action_id,
        initial_option=chosen,
        min_query_length=least,
        placeholder=plain_text(placeholder, PLACEHOLDER) if placeholder else None,
    )
    return _input(block_id, label, inner, hint=hint, optional=optional)


def date_input(
    block_id: str, label: str, *, value: date | None = None, optional: bool = False, hint: str | None = None
) -> Block:
    """Return a calendar to pick a day from."""
    inner = element.DatePickerElement(action_id=block_id, initial_date=value.isoformat() if value else None)
    return _input(block_id, label, inner, optional=optional, hint=hint)


def member_input(
    block_id: str, label: str, *, chosen: str | None = None, optional: bool = False, hint: str | None = None
) -> Block:
    """Return a picker of one Slack user."""
    inner = element.UserSelectElement(action_id=block_id, initial_user=chosen)
    return _input(block_id, label, inner, optional=optional, hint=hint)


def _chosen(options: Sequence[basic.Option], value: str | None) -> basic.Option | None:
    return next((one for one in options if one.value == value), None) if value is not None else None


def modal(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    *,
    close: str,
    submit: str | None = None,
    metadata: str | None = None,
) -> View:
    """Return a modal.

    Args:
        callback_id: What its submission is called.
        title: At most 24 characters are shown, as of the buttons.
        blocks: At most a hundred.
        close: Label of the button that closes it.
        submit: Label of the button that sends it; needed where there is an input.
        metadata: What comes back with the submission; at most 3,000 characters.
    """
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, TITLE).to_dict(),
        "close": plain_text(close, TITLE).to_dict(),
        "blocks": list(blocks)[:MODAL_BLOCKS],
    }
    if submit:
        view["submit"] = plain_text(submit, TITLE).to_dict()
    if metadata:
        view["private_metadata"] = metadata
    return view


def message(text: str, blocks: Sequence[Block]) -> Message:
    """Return a message held to its sizes."""
    return clip_mrkdwn(text, FALLBACK), list(blocks)[:MESSAGE_BLOCKS]
