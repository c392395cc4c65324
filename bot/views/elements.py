"""Owns the blocks and inputs that all views are built of, held to Slack's sizes; dicts come out.

They are put together by hand: slack_sdk's models look at every attribute of every part, which took a quarter of a request.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from bot.views.mrkdwn import clip, clip_mrkdwn

Block = dict[str, Any]
Element = dict[str, Any]
Option = dict[str, Any]
View = dict[str, Any]
Message = tuple[str, list[Block]]
"""A message: the text for notifications and screen readers, and its blocks."""

SECTION, FIELD, HEADER, CONTEXT, BUTTON, OPTION, OPTION_VALUE = 3000, 2000, 150, 2000, 75, 75, 150
TITLE, LABEL, HINT, PLACEHOLDER, TEXT_INPUT = 24, 2000, 2000, 150, 3000
MESSAGE_BLOCKS, MODAL_BLOCKS, OPTIONS, OVERFLOW, ROW = 50, 100, 100, 5, 5
FALLBACK = 3000


def _part(kind: str, **values: Any) -> dict[str, Any]:
    """Return a part of a type with what it has; None and empty lists are left out, as Slack wants."""
    return {"type": kind, **{name: value for name, value in values.items() if value is not None and value != []}}


def mrkdwn(text: str, most: int = SECTION) -> Element:
    """Return a text object of finished mrkdwn; never empty, which Slack would refuse."""
    return {"type": "mrkdwn", "text": clip_mrkdwn(text, most) or " ", "verbatim": True}


def plain_text(text: str, most: int) -> Element:
    """Return a plain text object; never empty, which Slack would refuse."""
    return {"type": "plain_text", "text": clip(text, most) or " ", "emoji": True}


def section(text: str, *, accessory: Element | None = None, block_id: str | None = None) -> Block:
    """Return a paragraph of mrkdwn, with a button or select beside it."""
    return _part("section", text=mrkdwn(text), accessory=accessory, block_id=block_id)


def paragraphs(head: str, pieces: Sequence[str], joint: str) -> list[Block]:
    """Return a head and pieces of finished mrkdwn in as many paragraphs as it takes for none to be cut in half."""
    texts = [head + pieces[0]]
    for piece in pieces[1:]:
        longer = f"{texts[-1]}{joint}{piece}"
        if len(longer) <= SECTION:
            texts[-1] = longer
        else:
            texts.append(piece)
    return [section(text) for text in texts]


def fields(pairs: Iterable[tuple[str, str]], *, block_id: str | None = None) -> Block:
    """Return up to ten labelled values in two columns; labels and values are finished mrkdwn."""
    shown = [mrkdwn(f"*{label}*\n{value}", FIELD) for label, value in list(pairs)[:10]]
    return _part("section", fields=shown, block_id=block_id)


def context(*texts: str, block_id: str | None = None) -> Block:
    """Return small print; up to ten pieces of mrkdwn."""
    return _part("context", elements=[mrkdwn(text, CONTEXT) for text in texts[:10]], block_id=block_id)


def header(text: str) -> Block:
    """Return a large plain title."""
    return _part("header", text=plain_text(text, HEADER))


def divider() -> Block:
    """Return a line across."""
    return _part("divider")


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), wrapped: Collection[int] = ()) -> Block:
    """Return a table of plain cells.

    Args:
        rows: The head and the rows; at most a hundred, of at most twenty cells.
        right: Columns aligned to the right, from 0.
        wrapped: Columns whose cells may take several lines.
    """
    columns = [
        {**({"align": "right"} if column in right else {}), **({"is_wrapped": True} if column in wrapped else {})}
        for column in range(len(rows[0]))
    ]
    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]
    return _part("table", rows=cells, column_settings=columns)


def image(url: str, alt: str) -> Block:
    """Return a picture."""
    return _part("image", image_url=url, alt_text=clip(alt, 2000))


def actions(*elements: Element, block_id: str | None = None) -> Block:
    """Return a row of buttons and menus."""
    return _part("actions", elements=list(elements)[:25], block_id=block_id)


def button(
    text: str,
    action_id: str,
    value: str | int = "",
    *,
    style: str | None = None,
    url: str | None = None,
    confirm: Element | None = None,
) -> Element:
    """Return a button.

    Args:
        text: Its label, plain.
        action_id: What its press is called.
        value: What comes back; an opportunity's number, or ``number:rest``.
        style: ``primary`` or ``danger``.
        url: A page it opens.
        confirm: From ``confirm``, to ask before it acts.
    """
    return _part(
        "button",
        text=plain_text(text, BUTTON),
        action_id=action_id,
        value=str(value)[:2000] or None,
        style=style,
        url=url,
        confirm=confirm,
    )


def confirm(title: str, text: str, yes: str, no: str) -> Element:
    """Return a question asked before a button acts."""
    return {
        "title": plain_text(title, 100),
        "text": plain_text(text, 300),
        "confirm": plain_text(yes, 30),
        "deny": plain_text(no, 30),
    }


def option(text: str, value: str, description: str | None = None) -> Option:
    """Return one choice of a list; plain texts."""
    shown = {"description": plain_text(description, OPTION)} if description else {}
    return {"text": plain_text(text, OPTION), "value": value[:OPTION_VALUE], **shown}


def option_answer(options: Sequence[Option]) -> list[Option]:
    """Return the answer to a type-ahead: the best hundred."""
    return list(options[:OPTIONS])


def overflow(action_id: str, options: Sequence[Option]) -> Element:
    """Return the menu behind three dots, of one to five entries."""
    return _part("overflow", action_id=action_id, options=list(options)[:OVERFLOW])


def menu(action_id: str, placeholder: str, options: Sequence[Option], *, chosen: str | None = None) -> Element:
    """Return a select that acts when something is chosen, outside of inputs; ``chosen`` is the value that stands there."""
    shown = list(options)[:OPTIONS]
    return _part(
        "static_select",
        action_id=action_id,
        placeholder=plain_text(placeholder, PLACEHOLDER),
        options=shown,
        initial_option=_chosen(shown, chosen),
    )


def pick_menu(action_id: str, placeholder: str, *, least: int = 0) -> Element:
    """Return a type-ahead that acts when something is chosen; the app is asked from ``least`` typed characters on."""
    return _part(
        "external_select",
        action_id=action_id,
        placeholder=plain_text(placeholder, PLACEHOLDER),
        min_query_length=least,
    )


def _input(
    block_id: str,
    label: str,
    inner: Element,
    *,
    optional: bool = False,
    hint: str | None = None,
    dispatch: bool = False,
) -> Block:
    return _part(
        "input",
        label=plain_text(label, LABEL),
        element=inner,
        block_id=block_id,
        optional=optional,
        hint=plain_text(hint, HINT) if hint else None,
        dispatch_action=True if dispatch else None,
    )


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
    inner = _part(
        "plain_text_input",
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
    options: Sequence[Option],
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
    inner = _part(
        "static_select",
        action_id=action_id or block_id,
        options=shown,
        initial_option=_chosen(shown, chosen),
        placeholder=plain_text(placeholder, PLACEHOLDER) if placeholder else None,
    )
    return _input(block_id, label, inner, optional=optional, hint=hint, dispatch=dispatch)


def radio_input(block_id: str, label: str, options: Sequence[Option], *, chosen: str | None = None) -> Block:
    """Return a few choices of which one is taken."""
    shown = list(options)[:10]
    inner = _part("radio_buttons", action_id=block_id, options=shown, initial_option=_chosen(shown, chosen))
    return _input(block_id, label, inner)


def checkbox_input(block_id: str, label: str, choice: Option, *, checked: bool = False, optional: bool = True) -> Block:
    """Return one box to tick."""
    inner = _part("checkboxes", action_id=block_id, options=[choice], initial_options=[choice] if checked else None)
    return _input(block_id, label, inner, optional=optional)


def checkboxes_input(
    block_id: str, label: str, options: Sequence[Option], *, chosen: Sequence[Option] = (), hint: str | None = None
) -> Block:
    """Return several boxes to tick, of which one must be."""
    inner = _part("checkboxes", action_id=block_id, options=list(options)[:10], initial_options=list(chosen))
    return _input(block_id, label, inner, hint=hint)


def pick_input(
    block_id: str,
    label: str,
    action_id: str,
    *,
    chosen: Option | None = None,
    placeholder: str | None = None,
    hint: str | None = None,
    least: int = 0,
    optional: bool = False,
    dispatch: bool = False,
) -> Block:
    """Return a type-ahead whose choices the app is asked for, from ``least`` typed characters on.

    With ``dispatch`` the app is told at once what was chosen.
    """
    inner = _part(
        "external_select",
        action_id=action_id,
        initial_option=chosen,
        min_query_length=least,
        placeholder=plain_text(placeholder, PLACEHOLDER) if placeholder else None,
    )
    return _input(block_id, label, inner, hint=hint, optional=optional, dispatch=dispatch)


def date_input(
    block_id: str, label: str, *, value: date | None = None, optional: bool = False, hint: str | None = None
) -> Block:
    """Return a calendar to pick a day from."""
    inner = _part("datepicker", action_id=block_id, initial_date=value.isoformat() if value else None)
    return _input(block_id, label, inner, optional=optional, hint=hint)


def member_input(
    block_id: str, label: str, *, chosen: str | None = None, optional: bool = False, hint: str | None = None
) -> Block:
    """Return a picker of one Slack user."""
    inner = _part("users_select", action_id=block_id, initial_user=chosen)
    return _input(block_id, label, inner, optional=optional, hint=hint)


def members_input(
    block_id: str, label: str, *, chosen: Sequence[str], most: int, optional: bool = False, hint: str | None = None
) -> Block:
    """Return a picker of several Slack users."""
    inner = _part("multi_users_select", action_id=block_id, initial_users=list(chosen), max_selected_items=most)
    return _input(block_id, label, inner, optional=optional, hint=hint)


def channel_input(block_id: str, label: str, *, chosen: str | None = None, hint: str | None = None) -> Block:
    """Return a picker of one channel, public or private."""
    among = {"include": ["public", "private"], "exclude_bot_users": True}
    inner = _part("conversations_select", action_id=block_id, initial_conversation=chosen, filter=among)
    return _input(block_id, label, inner, hint=hint)


def _chosen(options: Sequence[Option], value: str | None) -> Option | None:
    return next((one for one in options if one["value"] == value), None) if value is not None else None


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
        "title": plain_text(title, TITLE),
        "close": plain_text(close, TITLE),
        "blocks": list(blocks)[:MODAL_BLOCKS],
    }
    if submit:
        view["submit"] = plain_text(submit, TITLE)
    if metadata:
        view["private_metadata"] = metadata
    return view


def message(text: str, blocks: Sequence[Block]) -> Message:
    """Return a message held to its sizes."""
    return clip_mrkdwn(text, FALLBACK), list(blocks)[:MESSAGE_BLOCKS]
