"""Texts in English and Simplified Chinese, chosen by the reader's locale."""

from bot.i18n.translator import LOCALES, Translator, catalogue

__all__ = ["LOCALES", "Translator", "catalogue"]
