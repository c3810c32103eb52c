"""A sentence in both languages of the program."""

from collections.abc import Mapping
from typing import NamedTuple


class Words(NamedTuple):
    """The same sentence in Chinese, which is the default, and in English."""

    zh: str
    en: str

    def say(self, lang: str = "zh") -> str:
        """The sentence in `zh` or `en`; anything else is Chinese."""
        return self.en if lang == "en" else self.zh

    def fill(self, **values: object) -> "Words":
        """Both sentences with their `{names}` filled."""
        return Words(self.zh.format(**in_language(values, "zh")), self.en.format(**in_language(values, "en")))

    def first_sentence(self) -> "Words":
        """What comes before the first full stop, to be quoted within another sentence."""
        return Words(self.zh.partition("。")[0], self.en.partition(". ")[0].rstrip("."))


def in_language(values: Mapping[str, object], lang: str) -> dict[str, object]:
    """Values for a sentence: those that are words themselves are said in its language."""
    return {name: value.say(lang) if isinstance(value, Words) else value for name, value in values.items()}


NOTHING = Words("", "")
