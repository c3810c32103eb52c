"""Choices: one of a list of values, or yes and no."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bulkorders.core import codes
from bulkorders.core.cell import half_width, is_blank, shown, trim
from bulkorders.core.issue import Problem
from bulkorders.core.words import NOTHING, Words

from .kind import BLANK, Reading, UsualKind, bad


@dataclass(frozen=True)
class Choice(UsualKind):
    """One of `values`. `proposals` are words that people type for one of them: refused, with the value to type.

    `others` is a pattern of values that are not in the list and yet may be right: they pass with a warning.
    """

    values: Sequence[str]
    proposals: Mapping[str, str] = field(default_factory=dict)
    others: str | None = None
    listed: bool = True
    """Whether the list is short enough to be a drop-down and to be named in a message."""
    listed_words: Words = NOTHING

    number_format = "@"

    @property
    def choices(self) -> Sequence[str]:
        return self.values if self.listed else ()

    @cached_property
    def _by_fold(self) -> dict[str, str]:
        return {half_width(value).casefold(): value for value in self.values}

    def parse(self, raw: Any) -> Reading:
        if is_blank(raw):
            return BLANK
        text = trim(half_width(trim(shown(raw))))
        value = self._by_fold.get(text.casefold())
        if value is not None:
            return Reading(
                value,
                (Problem(codes.FOLDED, {"read": value}),) if half_width(trim(shown(raw))) != trim(shown(raw)) else (),
            )
        proposal = self.proposals.get(text) or self.proposals.get(text.casefold())
        if proposal is None and self.others is not None and re.fullmatch(self.others, text):
            return Reading(text, (Problem(codes.UNKNOWN_CHOICE),))
        return bad(codes.NOT_CHOICE, remedy=Words(f"应为 {proposal}？", f"{proposal}?") if proposal else _choose(self.describe()))

    def describe(self) -> Words:
        if not self.listed:
            return self.listed_words
        return Words("、".join(self.values), ", ".join(self.values))


_YES = frozenset({"是", "y", "yes", "true", "1", "√", "对"})
_NO = frozenset({"否", "n", "no", "false", "0", "×", "不是"})


@dataclass(frozen=True)
class Flag(UsualKind):
    """Yes or no: 是/否, Y/N, yes/no, TRUE/FALSE, 1/0. `yes` and `no` are what the payload has."""

    yes: Any
    no: Any

    number_format = "@"

    @property
    def choices(self) -> Sequence[str]:
        return ("是", "否")

    def parse(self, raw: Any) -> Reading:
        if is_blank(raw):
            return BLANK
        text = trim(half_width(shown(raw))).casefold()
        if text in _YES or text in _NO:
            return Reading(text in _YES)
        return bad(codes.NOT_CHOICE, remedy=_choose(self.describe()))

    def describe(self) -> Words:
        return Words("是 或 否", "是 (yes) or 否 (no)")

    def encode(self, value: Any) -> Any:
        return self.yes if value else self.no


def _choose(described: Words) -> Words:
    return Words(f"请改成：{described.zh}", f"choose {described.en}")
