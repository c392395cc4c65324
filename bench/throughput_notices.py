"""The notices of the delivery's benchmark: the same words and blocks for the bot and for the bare client."""

from typing import Any

from bot.i18n import Translator
from bot.views import notices

THREADS = 8
KEY = "notice.collision"


def channel_of(number: int, channels: int) -> str:
    """Return where a notice goes; each channel gets one in turn."""
    return f"C{number % channels:05}"


def params_of(number: int) -> dict[str, str]:
    """Return what a notice tells."""
    return {"member": f"Member {number}", "customer": "Aurora Machines"}


def plain_notice(number: int) -> tuple[str, list[dict[str, Any]]]:
    """Return a notice as the bot would make it."""
    return notices.notice(Translator("en-US", "UTC"), KEY, params_of(number))
