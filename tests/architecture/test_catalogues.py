"""Both languages say the same things, everything that the code says exists, and nothing is kept that nobody says."""

import ast
import re
import string
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from bot import errors
from bot.i18n import catalogue

ROOT = Path(__file__).parents[2] / "bot"
KEY = re.compile(r"[a-z_]+(\.[A-Za-z0-9_]+)+")
SPEAKERS = {"Text", "t", "translate", "translator"} | {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.UserError)
}
EN, ZH = catalogue("en"), catalogue("zh")


def _placeholders(template: str | Mapping[str, str]) -> set[str]:
    texts = [template] if isinstance(template, str) else list(template.values())
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@cache
def _trees() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
        for path in sorted(ROOT.rglob("*.py"))
        if "sandbox" not in path.parts
    }


def _spoken() -> Iterator[tuple[str, str]]:
    """Yield file and key of every key that is handed to a translator, a text or an error."""
    for file, tree in _trees().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name in SPEAKERS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield file, first.value


@cache
def _literals() -> tuple[frozenset[str], re.Pattern[str]]:
    """Return every literal of the code, and what every key that is put together in an f-string may look like."""
    found: set[str] = set()
    computed = {r"(?!)"}
    for tree in _trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                parts = [re.escape(str(one.value)) if isinstance(one, ast.Constant) else r"\w+" for one in node.values]
                if re.match(r"[a-z_]+\\\.", parts[0]):
                    computed.add("".join(parts))
    return frozenset(found), re.compile("|".join(sorted(computed)))


def test_both_languages_have_the_same_keys() -> None:
    assert sorted(EN.keys() - ZH.keys()) == []
    assert sorted(ZH.keys() - EN.keys()) == []


@pytest.mark.parametrize("key", sorted(EN.keys() & ZH.keys()))
def test_both_languages_use_the_same_values(key: str) -> None:
    assert _placeholders(EN[key]) == _placeholders(ZH[key])


def test_every_key_that_the_code_says_exists() -> None:
    missing = [f"{file}: {key}" for file, key in _spoken() if KEY.fullmatch(key) and key not in EN]
    assert missing == []


def test_every_key_is_said_somewhere() -> None:
    found, computed = _literals()
    unused = [key for key in sorted(EN) if key not in found and not computed.fullmatch(key)]
    assert unused == []


def test_no_text_is_empty() -> None:
    for texts in (EN, ZH):
        for key, template in texts.items():
            for text in [template] if isinstance(template, str) else template.values():
                assert text.strip(), key


def test_chinese_texts_are_chinese() -> None:
    """A text that is the same in both languages was forgotten, unless it has nothing to translate."""
    forgotten = [key for key in EN if EN[key] == ZH[key] and re.search(r"[A-Za-z]{4,}", _translatable(str(EN[key])))]
    assert forgotten == []


def _translatable(text: str) -> str:
    return re.sub(r"{\w+}|\S+@\S+|Closeloop", "", text)


@pytest.mark.parametrize("key", sorted(key for key, text in ZH.items() if "*" in str(text)))
def test_bold_words_stand_apart_from_chinese_ones_or_slack_shows_the_asterisks(key: str) -> None:
    found = ZH[key]
    for text in [found] if isinstance(found, str) else list(found.values()):
        pieces = re.sub(r"`[^`]*`", "", text).split("*")
        for outside in pieces[::2]:
            assert not re.match(r"[\u4e00-\u9fff{]", outside) or outside is pieces[0], text
            assert not re.search(r"[\u4e00-\u9fff}]$", outside) or outside is pieces[-1], text
