"""Owns how answers and errors reach the member, by the surface they acted on."""

import json
import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, BoltResponse

from bot import logs
from bot.errors import (
    CustomerProtected,
    ExitCriteriaUnmet,
    GatewayError,
    InvalidInput,
    LossReasonRequired,
    NextStepRequired,
    Rejected,
    Text,
    UserError,
)
from bot.handlers import in_place
from bot.handlers.calls import Answer, Call, Form, Reply, Surface
from bot.i18n import Translator
from bot.services.desk import AlreadyDone
from bot.views import answers
from bot.views.elements import View
from bot.views.mrkdwn import clip, harmless, plain

log = logging.getLogger(__name__)

_ERROR_AT_FIELD = 2000
# Fields at which errors that name none stand, where the form has them.
_FIELDS: tuple[tuple[type[UserError], str], ...] = (
    (CustomerProtected, "customer"),
    (NextStepRequired, "next_step"),
    (LossReasonRequired, "reason"),
)


def acked(call: Call, reply: Reply, ack: Ack) -> BoltResponse:
    """Answer a command, action or shortcut: a command's Answer goes with the ack, all else follows it."""
    if isinstance(reply, Answer) and call.surface is Surface.COMMAND:
        return ack(text=reply.text, blocks=list(reply.blocks) or None, response_type="ephemeral")
    if reply is not None:
        call.later.insert(0, lambda: delivered(call, reply))
    return ack()


def submitted(call: Call, reply: Reply, ack: Ack) -> BoltResponse:
    """Answer a submitted modal: a Form takes its place, an Answer is shown in it, None closes it."""
    if isinstance(reply, Answer):
        reply = Form(answers.said(call.t, reply.text, reply.blocks))
    if reply is None:
        return ack()
    return ack(**_instead(call, reply.view))


def delivered(call: Call, reply: Reply) -> None:
    """Answer after the ack, through the gateway."""
    if isinstance(reply, Form):
        _show(call, reply)
    elif isinstance(reply, Answer) and call.response_url is not None:
        call.gateway.respond(call.response_url, reply.text, list(reply.blocks), replace_original=reply.replace)
    elif isinstance(reply, Answer):
        # Neither modals nor the Home have a place for a message: it is shown in a modal of its own.
        _show(call, Form(answers.said(call.t, reply.text, reply.blocks), said=reply.text))


def _show(call: Call, form: Form) -> None:
    view = _marked(call, form.view)
    if not call.is_in_modal:
        call.gateway.open_view(call.trigger_id, view)
        return
    opened = call.view
    is_shown = call.kit.modals.show(
        call.gateway, opened["id"], view, request=call.order, seen_hash=str(opened.get("hash") or "")
    )
    if not is_shown and form.said:
        # What stands there is later than this press, or was closed: what the press did is told on top of it.
        call.gateway.push_view(call.trigger_id, answers.said(call.t, form.said))


def open_on_message(call: Call, view: View) -> None:
    """Open a form about the message of a shortcut, and have it carry the message's address once Slack has told it.

    A trigger does not live long enough to ask first. Slack tells no address where the app is not in the conversation: the form
    does without, and it does too where it was sent or changed meanwhile.
    """
    view_id, view_hash = call.gateway.open_view(call.trigger_id, view)
    try:
        permalink = call.gateway.permalink(str(call.channel_id), str(call.message_ts))
        call.gateway.refresh_view(view_id, _carrying(view, {"permalink": permalink}), view_hash)
    except GatewayError as error:
        log.info("a form carries no address of its message after %s: %s", name_of(call), error)


def _instead(call: Call, view: View) -> dict[str, Any]:
    """Return the answer to a submission that puts a view in the form's place."""
    call.kit.modals.answered(str(call.view.get("id")), call.order)
    return {"response_action": "update", "view": _marked(call, view)}


def _marked(call: Call, view: View) -> View:
    """Have a modal remember the Home or the card that led to it."""
    return _carrying(view, call.origin) if call.origin else view


def _carrying(view: View, more: dict[str, Any]) -> View:
    metadata = {**json.loads(view.get("private_metadata") or "{}"), **more}
    # Chinese stays as it is: escaped it would be six times as long, and there is little room.
    return {**view, "private_metadata": json.dumps(metadata, separators=(",", ":"), ensure_ascii=False)}


def renewed(call: Call) -> None:
    """Put the present card in the place of the one at which it began; what Slack does not take any more stays as it was."""
    kept = call.card or {}
    try:
        answer = in_place.card(call, int(kept["id"]))
        call.gateway.respond(str(kept["url"]), answer.text, list(answer.blocks), replace_original=True)
    except (UserError, GatewayError) as error:
        # Five times and half an hour is all that Slack allows; and one who gave it away may not see it any more.
        log.info("a card was not renewed after %s: %s", name_of(call), error)


def guarded(call: Call, work: Callable[[], None]) -> None:
    """Do what comes after the ack; the member learns of errors as they would have before it."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - this is the boundary: what it does not show, nobody sees
        _tell_late(call, error)


def _tell_late(call: Call, error: Exception) -> None:
    words = sentence(call, error)
    if words is None or call.surface in {Surface.EVENT, Surface.OPTIONS}:
        return
    try:
        delivered(call, Answer(words))
    except GatewayError:
        log.warning("Slack did not take the answer to %s", name_of(call), exc_info=True)


def refused(call: Call, error: Exception) -> BoltResponse:
    """Answer a request whose handler raised: at the field, as one sentence, or so that Slack delivers it again."""
    if call.surface is Surface.EVENT:
        return _event_refused(call, error)
    further = _further_question(call, error)
    if further is not None:
        return _refused_with(call, further)
    words = sentence(call, error)
    if call.surface is Surface.OPTIONS:
        return BoltResponse(status=200, body={"options": []})
    if call.surface is Surface.VIEW:
        return BoltResponse(status=200, body=_form_refused(call, error, words or ""))
    if call.surface is Surface.COMMAND:
        return BoltResponse(status=200, body={"response_type": "ephemeral", "text": words or ""})
    if words:
        call.kit.start(lambda: guarded(call, lambda: delivered(call, Answer(words))))
    return BoltResponse(status=200)


def _refused_with(call: Call, further: Form) -> BoltResponse:
    if call.surface is Surface.VIEW:
        return BoltResponse(status=200, body=_instead(call, further.view))
    call.kit.start(lambda: guarded(call, lambda: _shown_instead(call, further)))
    return BoltResponse(status=200)


def _shown_instead(call: Call, further: Form) -> None:
    """Show what a refused press gives instead; what was pressed on is out of date, the Home too."""
    delivered(call, further)
    for work in call.kit.changes if call.is_from_home else ():
        work(call)


def _further_question(call: Call, error: Exception) -> Form | None:
    name = call.view.get("callback_id") if call.surface is Surface.VIEW else call.action.get("action_id")
    ask = call.kit.refusals.get(str(name))
    if ask is None or call.surface not in {Surface.VIEW, Surface.ACTION} or not isinstance(error, UserError):
        return None
    try:
        return ask(call, error)
    except Exception:
        # The refusal itself is still worth telling.
        log.exception("no further question could be asked in %s", name_of(call))
        return None


def _event_refused(call: Call, error: Exception) -> BoltResponse:
    if isinstance(error, AlreadyDone):
        return BoltResponse(status=200)
    if isinstance(error, UserError):
        log.info("%s: %s", name_of(call), error.key)
        return BoltResponse(status=200)
    log.error("%s failed; Slack will deliver it again", name_of(call), exc_info=error)
    return BoltResponse(status=500)


def _form_refused(call: Call, error: Exception, words: str) -> dict[str, Any]:
    inputs = [block["block_id"] for block in call.view.get("blocks", ()) if block.get("type") == "input"]
    if isinstance(error, AlreadyDone) or not inputs:
        return _instead(call, answers.said(_translator(call), words))
    found: dict[str, list[str]] = {}
    for name, text in _at_fields(error, words, _translator(call)):
        lines = found.setdefault(name if name in inputs else inputs[0], [])
        if text not in lines:
            lines.append(text)
    return {
        "response_action": "errors",
        "errors": {name: clip(" ".join(lines), _ERROR_AT_FIELD) for name, lines in found.items()},
    }


def _at_fields(error: Exception, words: str, t: Translator) -> list[tuple[str, str]]:
    if isinstance(error, InvalidInput) and error.fields:
        return [(name, plain(t.text(text))) for name, text in error.fields.items()]
    if isinstance(error, ExitCriteriaUnmet):
        missing = error.params.get("missing") or ()
        texts = [(answers.FIELD_OF.get(one, ""), plain(t(f"stage.missing.{one}"))) for one in missing]
        return texts or [("", plain(words))]
    return [(next((name for kind, name in _FIELDS if isinstance(error, kind)), ""), plain(words))]


def sentence(call: Call, error: Exception) -> str | None:
    """Return what the member is told, as mrkdwn; a defect gets a short id, and its trace goes to the log."""
    t = _translator(call)
    if isinstance(error, AlreadyDone):
        return t("error.already_done")
    if isinstance(error, ExitCriteriaUnmet):
        return answers.unmet(t, error.params.get("missing") or ())
    if isinstance(error, UserError):
        log.info("%s: %s", name_of(call), error.key)
        return t.text(harmless(Text(error.key, **error.params)))
    if isinstance(error, GatewayError):
        log.warning("%s: Slack: %s", name_of(call), error)
        late = isinstance(error, Rejected) and error.code in {
            "expired_trigger_id",
            "trigger_expired",
            "exchanged_trigger_id",
        }
        return t("answer.too_late" if late else "answer.slack_failed")
    number = logs.current_id()
    log.error("defect %s in %s", number, name_of(call), exc_info=error)
    return t("error.defect", id=number)


def _translator(call: Call) -> Translator:
    """Return a translator even where it is not clear who acts."""
    if call.is_known:
        return call.t
    return Translator(call.kit.settings.default_locale, call.kit.settings.default_zone)


def name_of(call: Call) -> str:
    """Return what the log calls the request; nothing of what people typed."""
    what = (
        call.body.get("command")
        or call.action.get("action_id")
        or call.view.get("callback_id")
        or call.body.get("callback_id")
        or call.event.get("type")
        or call.body.get("action_id")
    )
    return f"{call.surface} {what}"
