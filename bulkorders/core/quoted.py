"""Which values of an order a sentence quotes: behind their field's name, or a code anywhere in it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .mention import Mention
from .sent import Sent
from .template import Template

_IS = r"""[\s:=是为]*['"「『\[【(]*"""
_WHOLE_BEFORE, _WHOLE_BEHIND = r"(?<![A-Za-z0-9_\-./])", r"(?![A-Za-z0-9_\-/]|\.[A-Za-z0-9])"
_TOKEN = re.compile(_IS + r"((?=[A-Za-z_\-./]*[0-9])[A-Za-z0-9][A-Za-z0-9_\-./]+[A-Za-z0-9])")
_SHORTEST, _FEWEST_DIGITS = 3, 5
"""Characters of a code that is known without its field's name; a number needs more, since any count may look like it."""


@dataclass(frozen=True)
class Named:
    """A mention with the values of its field that the sentence quotes, and where the last one that follows it at once ends.

    `is_bare`: the value alone stands there, without its field's name.
    """

    mention: Mention
    values: tuple[str, ...]
    end: int
    is_bare: bool = False


def with_values(sentence: str, template: Template, mentions: Sequence[Mention], sent: Sequence[Sent]) -> list[Named]:
    """All mentions with the values that they are said of, and the codes that stand there by themselves, in the sentence's order."""
    named = [*(_named(sentence, template, each, sent) for each in mentions), *_bare(sentence, template, mentions, sent)]
    named = [each for each in named if each.values or not _is_of_another(sentence, each.mention, sent)]
    return sorted(named, key=lambda each: each.mention.start)


def _named(sentence: str, template: Template, mention: Mention, sent: Sequence[Sent]) -> Named:
    found = dict(_values(sentence, template, mention, mention.field, sent)) if mention.field else {}
    return Named(mention, tuple(found), max([mention.end, *found.values()]))


def _is_of_another(sentence: str, mention: Mention, sent: Sequence[Sent]) -> bool:
    """Whether a colon and a code that is not of this order follow: 「客服电话：400-123-4567」."""
    return bool(sent) and mention.field is not None and sentence.startswith(":", mention.end) and bool(_TOKEN.match(sentence, mention.end))


def _values(sentence: str, template: Template, mention: Mention, field: str, sent: Sequence[Sent]) -> Iterator[tuple[str, int]]:
    """Values with the end of what belongs to the name. Where it is not known what was sent, a code that follows the name."""
    is_code = template[field].kind.is_identifier
    if not sent and is_code and (token := _TOKEN.match(sentence, mention.end)):
        yield token[1], token.end()
    for text in _texts(sent, field):
        whole = re.escape(_plain(text)) + _WHOLE_BEHIND
        if following := re.compile(_IS + whole).match(sentence, mention.end):
            yield text, following.end()
        elif is_code and _stands(sentence, text, whole):
            yield text, mention.end


def _stands(sentence: str, text: str, whole: str) -> bool:
    """Whether a code stands anywhere in the sentence, or a short one at its very end: `CustomContainerNo重复：1`."""
    if _plain(text) not in sentence:
        return False
    pattern = _WHOLE_BEFORE + whole if len(text) >= _SHORTEST else rf":\s*{whole}\s*$"
    return re.search(pattern, sentence) is not None


def _bare(sentence: str, template: Template, mentions: Sequence[Mention], sent: Sequence[Sent]) -> Iterator[Named]:
    """Codes of the order without their field's name, if they are of one field only."""
    fields: dict[str, set[str]] = {}
    for each in sent:
        fields.setdefault(each.text, set()).add(each.field)
    named = {each.field for each in mentions}
    for text, owners in fields.items():
        field = next(iter(owners))
        if len(owners) > 1 or field in named or not template[field].kind.is_identifier or len(text) < _least(text):
            continue
        found = re.search(_WHOLE_BEFORE + re.escape(_plain(text)) + _WHOLE_BEHIND, sentence) if _plain(text) in sentence else None
        if found and all(found.end() <= each.start or each.end <= found.start() for each in mentions):
            yield Named(Mention(found.start(), found.end(), frozenset({field})), (text,), found.end(), is_bare=True)


def _least(text: str) -> int:
    return _FEWEST_DIGITS if text.isdigit() else _SHORTEST


def _texts(sent: Sequence[Sent], field: str) -> list[str]:
    return list(dict.fromkeys(each.text for each in sent if each.field == field and each.text.strip()))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
