"""Which cells a remote's refusal speaks of: the fields that its text names, of which element, with which value.

A wrong blame is worse than none: what is ambiguous gives none.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from .mention import Mention, Partial, find_mentions, parts_of
from .quoted import Named, with_values
from .sent import Indices, Sent
from .template import Template

LONGEST = 2000
"""Characters; a longer refusal is a page of something else, and only its beginning is read."""
_END = re.compile(r"[。;!?\r\n]|\.(?=\s|$)")
_KEYED = re.compile(r"""\]\[['"]?([A-Za-z_][A-Za-z0-9_]*)['"]?\]""")
_POINTER = re.compile(r"(?<![A-Za-z0-9_/])/([A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z0-9_]+)+)")
"""`item_list[0][msku]` and `/item_list/0/msku`, which both are `item_list[0].msku`."""


@dataclass(frozen=True)
class Blame:
    """A field that a refusal names.

    `indices`: which element, one index from 0 for each list of the field's path, None for those that the text does not say;
    None as a whole where it says nothing. `value`: a value of the field that the text quotes.
    """

    field: str
    indices: Partial | None = None
    value: str | None = None


def find_blames(text: str, template: Template, sent: Sequence[Sent] = ()) -> tuple[Blame, ...]:
    """The fields that a refusal's text names, in its order; none where it is ambiguous or names none.

    `text` is what the remote said, in Chinese or English. `sent` is what was sent to it, see `sent_values`: by it the values are known
    that the text quotes, so that an MSKU is blamed without the word MSKU, and 「MSKU A-1 的申报价值」 is of the elements with that MSKU.
    """
    found: list[Blame] = []
    for sentence in _sentences(text[:LONGEST]):
        mentions = find_mentions(sentence, template)
        named = with_values(sentence, template, mentions, sent)
        found.extend(_Sentence(sentence, template, named, sent).blames())
    exact = {each.field for each in found if each.indices or each.value}
    return tuple(each for each in dict.fromkeys(found) if each.indices or each.value or each.field not in exact)


def _sentences(text: str) -> list[str]:
    """The sentences of a text, in half width, with all paths in one form."""
    dotted = _POINTER.sub(lambda found: found[1].replace("/", "."), _KEYED.sub(r"].\1", unicodedata.normalize("NFKC", text)))
    return _END.split(dotted)


def blamed_rows(blame: Blame, template: Template, rows: Sequence[Indices], sent: Sequence[Sent] = ()) -> tuple[int, ...]:
    """The rows of an order whose cells a blame means, as positions in `rows`, which has the element of each row (see `row_elements`).

    A field that stands in one element alone needs no index. An element that several rows make is marked at its first row.
    """
    depth = len(parts_of(template[blame.field].level))
    wanted = blame.indices or (None,) * depth
    fitting = list(dict.fromkeys(row[:depth] for row in rows))
    for at, index in enumerate(wanted):
        if index is None and any(inner is not None for inner in wanted[at:]) and len({each[: at + 1] for each in fitting}) > 1:
            return ()  # the second SKU, but of which carton?
        fitting = [each for each in fitting if index in (None, each[at])]
    if blame.value is not None and sent:
        holding = {each.indices for each in sent if each.field == blame.field and each.text == blame.value}
        fitting = [each for each in fitting if each in holding]
    elif len(fitting) > 1:
        return ()
    return tuple(next(at for at, row in enumerate(rows) if row[:depth] == each) for each in fitting)


# -- one sentence -------------------------------------------------------------------------------------------------------------
_OF = re.compile(r"""['"」』\]】)]*\s*的?\s*""")
_WITHIN = re.compile(r"\s*[:.,]?\s*[的中里内]?\s*")
_AT_FAULT = re.compile(
    r"存在|重复|无效|不正确|不合法|不符|格式|长度|不能|必须|exist|duplicate|invalid|already|format|length|too long", re.IGNORECASE
)

_Spot = Mapping[tuple[str, ...], int]
"""An element, or as much of it as is known: the index of each list by the list's place, `("ContainerInfos", "SkuInfos")`."""


@dataclass(frozen=True)
class _Sentence:
    """A sentence with all that it names."""

    text: str
    template: Template
    named: Sequence[Named]
    sent: Sequence[Sent]

    def blames(self) -> Iterator[Blame]:
        """Of several names one may only say where another one is wrong: 「MSKU A-1 的申报价值」 is about the declared value."""
        narrowed = [each for each in self._narrowed() if each.mention.fields]
        locating = [each for each in narrowed if each.values and each.mention.field in self._locators]
        subjects = [each for each in narrowed if each not in locating and not each.is_bare]
        subjects += [each for each in locating if subjects and not self._locates(each, subjects)]
        subjects = subjects or [each for each in narrowed if each not in locating and self._is_at_fault(each)]
        if not subjects:
            deepest = max((len(self._parts(each)) for each in locating), default=0)
            subjects = [each for each in locating if len(self._parts(each)) == deepest and self._is_at_fault(each)]
        spots = list(self._spots([each for each in locating if each not in subjects]))
        for each in subjects:
            yield from self._blames_of(each, spots)

    @cached_property
    def _locators(self) -> frozenset[str]:
        """The fields by which people tell elements apart: keys, and of a level without one the first code that is required."""
        found: set[str] = set()
        for level in self.template.root.walk():
            codes = (each for each in level.fields if each.required and each.kind.is_identifier)
            found.update(each.name for each in level.keys or tuple(codes)[:1])
        return frozenset(found)

    def _locates(self, named: Named, subjects: Sequence[Named]) -> bool:
        """Whether any of these lies in the element that a value names, or nobody knows where one lies; else the value is a subject too."""
        parts = self._parts(named)
        return any(self._parts(each)[: len(parts)] == parts or each.mention.field is None for each in subjects)

    def _is_at_fault(self, named: Named) -> bool:
        """Whether a value that stands alone is what is wrong: the order's own number is named in any refusal of it."""
        if self._parts(named):
            return True
        return not (named.is_bare and named.mention.field in self._locators) and _AT_FAULT.search(self.text) is not None

    def _parts(self, named: Named) -> tuple[str, ...]:
        return parts_of(self.template[named.mention.field].level) if named.mention.field else ()

    # -- which field ----------------------------------------------------------------------------------------------------------
    def _narrowed(self) -> list[Named]:
        """Without names that only belong to the next one (收件人邮编); these, lists and elements tell what an ambiguous one means."""
        kept: list[Named] = []
        for each in self.named:
            if kept and each.mention.fields and (path := self._owner(kept[-1], each)) is not None:
                each = replace(each, mention=self._within(path, each.mention))
                is_count = self._counts(kept[-1], each)
                if self._is_passing(kept[-1], each):
                    kept.pop()
                if is_count:
                    continue
            kept.append(each)
        return kept

    def _counts(self, before: Named, named: Named) -> bool:
        """Whether it is said how many there are: SKU数量, `SkuInfos数量`, which may be no quantity of theirs."""
        kind = self.template[named.mention.field].kind if named.mention.field else None
        is_count = kind is not None and kind.is_amount and not kind.is_measure and not self.text[named.mention.start].isascii()
        return is_count and not before.values and not any(index is not None for index in before.mention.indices)

    def _is_passing(self, before: Named, named: Named) -> bool:
        """Whether a name that another one belongs to says nothing else: no value, or one that does not tell elements apart."""
        if not before.mention.fields or not before.values:
            return bool(before.mention.fields)
        return before.mention.field not in self._locators and "的" in self.text[before.end : named.mention.start]

    def _owner(self, before: Named, named: Named) -> str | None:
        """The level of what a name belongs to, if it follows at once: `SkuInfos中Weight`, SKU重量, 箱号 2 的重量."""
        gap = self.text[before.end : named.mention.start]
        if not before.mention.fields:
            return before.mention.path if _WITHIN.fullmatch(gap) else None
        belongs = _OF.fullmatch(gap) is not None if before.values else gap in ("", "的")
        return self.template[before.mention.field].level if belongs and before.mention.field else "" if belongs else None

    def _within(self, path: str, mention: Mention) -> Mention:
        """What a name means at a level, where it means several fields."""
        here = frozenset(name for name in mention.fields if self.template[name].level == path)
        return replace(mention, fields=here) if len(mention.fields) > 1 and len(here) == 1 else mention

    # -- which element --------------------------------------------------------------------------------------------------------
    def _spots(self, locating: Sequence[Named]) -> Iterator[_Spot]:
        """The elements in which all the values stand that say where; the order's own say nothing."""
        spots: list[_Spot] = [{}]
        for each in locating:
            parts, standing = self._parts(each), (one for one in self.sent if one.field == each.mention.field and one.text in each.values)
            own = [_spot(parts, one.indices) for one in standing]
            spots = [joined for one in own for other in spots if (joined := _join(one, other)) is not None] if own else spots
        yield from spots or [{}]

    def _blames_of(self, named: Named, spots: Sequence[_Spot]) -> Iterator[Blame]:
        field = named.mention.field
        if field is None:
            return
        parts = self._parts(named)
        said = {**self._context(named.mention), **_spot(parts_of(named.mention.path or ""), named.mention.indices)}
        for spot in spots:
            known = {**spot, **said}
            indices = tuple(known.get(parts[: depth + 1]) for depth in range(len(parts)))
            for value in named.values or (None,):
                yield Blame(field, indices if any(index is not None for index in indices) else None, value)

    def _context(self, mention: Mention) -> _Spot:
        """The element that the sentence speaks of there: of each level the last that was named before, or the only one."""
        found: dict[tuple[str, ...], int] = {}
        contexts = [each.mention for each in self.named if not each.mention.fields and each.mention.path]
        for path in dict.fromkeys(each.path for each in contexts):
            own = [each for each in contexts if each.path == path]
            before = [each for each in own if each.end <= mention.start]
            if before or len(own) == 1:
                found |= _spot(parts_of(path or ""), (before or own)[-1].indices)
        return found


def _spot(parts: Sequence[str], indices: Partial) -> dict[tuple[str, ...], int]:
    return {tuple(parts[: depth + 1]): index for depth, index in enumerate(indices) if index is not None}


def _join(one: _Spot, other: _Spot) -> _Spot | None:
    """Two elements as one, if neither contradicts the other."""
    return {**one, **other} if all(other.get(part, index) == index for part, index in one.items()) else None
