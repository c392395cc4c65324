"""Owns the reading of form values into pydantic models, with every fault as a text at its field."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from bot.domain import identity
from bot.errors import InvalidInput, Text

Form = TypeVar("Form", bound=BaseModel)

_AHEAD = timedelta(days=366)  # a year, also where a leap day lies in it
_KEYS = {
    "missing": "error.required",
    "string_too_short": "error.required",
    "none_required": "error.required",
    "string_type": "error.required",
}


def read_form(form: type[Form], values: dict[str, Any]) -> Form:
    """Read values into a form; blank texts count as not given, and texts lose the space around them.

    Raises:
        InvalidInput: What to do, by field.
    """
    try:
        return form.model_validate({name: tidy for name, value in values.items() if (tidy := _tidy(value)) is not None})
    except ValidationError as error:
        raise InvalidInput(
            {str(fault["loc"][0]) if fault["loc"] else "": _text(fault) for fault in error.errors()}
        ) from error


def clean(text: str) -> str:
    """Return a text without what no database keeps and no person types: null bytes and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()


def clean_or_none(text: str | None) -> str | None:
    """Return a text as ``clean`` does; None where nothing is left."""
    return clean(text or "") or None


def _website_or_code(text: str) -> str:
    if identity.website_or_code(text) is None:
        raise ValueError("error.credit_code" if identity.is_like_code(text) else "error.website_or_code")
    return text


WebsiteOrCode = Annotated[str, Field(max_length=200), AfterValidator(_website_or_code)]
"""A company's own website, or its unified social credit code, as typed."""


def worded(field: str, text: str | None, most: int) -> str:
    """Return a text that must not be empty, as ``clean`` does.

    Raises:
        InvalidInput: Nothing is left, or too much; at the field.
    """
    words = clean_or_none(text)
    if words is None:
        raise InvalidInput({field: Text("error.required")})
    if len(words) > most:
        raise InvalidInput({field: Text("error.too_long", most=most)})
    return words


def _tidy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: tidy for name, one in value.items() if (tidy := _tidy(one)) is not None}
    return clean_or_none(value) if isinstance(value, str) else value


def _text(fault: Any) -> Text:
    kind = fault["type"]
    if kind == "value_error":
        # Our own validators raise ValueError with a catalogue key, or with a text that has values.
        (said,) = fault["ctx"]["error"].args
        return said if isinstance(said, Text) else Text(str(said))
    if kind == "string_too_long":
        return Text("error.too_long", most=fault["ctx"]["max_length"])
    return Text(_KEYS.get(kind, "error.invalid"))


def is_too_far_ahead(moment: datetime, now: datetime) -> bool:
    """Say whether a next step is more than a year away: then its year must be a slip, such as 2062."""
    return moment > now + _AHEAD


def check_future(field: str, moment: datetime | None, now: datetime) -> None:
    """Refuse a moment of a next step that has passed, or is too far ahead.

    Raises:
        InvalidInput: At the field.
    """
    if moment is not None and moment <= now:
        raise InvalidInput({field: Text("error.past")})
    if moment is not None and is_too_far_ahead(moment, now):
        raise InvalidInput({field: Text("error.too_far_ahead")})


def check_future_day(field: str, day: date | None, today: date) -> None:
    """Refuse a day that has passed.

    Raises:
        InvalidInput: At the field.
    """
    if day is not None and day < today:
        raise InvalidInput({field: Text("error.past")})
