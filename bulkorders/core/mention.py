"""Where a text names fields, lists and elements: whole words only, the longest name first."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .names import HAN, Fields, Names, fold_key, fold_phrase
from .template import Template

Partial = tuple[int | None, ...]
"""An index, from 0, for each list of a path; None where none is given."""
NOBODY: Fields = frozenset()


@dataclass(frozen=True)
class Mention:
    """A stretch of a text that names a field: `fields` has one, or several of which nobody knows which, or none.

    `path`: the level that the text speaks of there, and the `indices` of its lists; a list or an element names no field, only these.
    """

    start: int
    end: int
    fields: Fields = NOBODY
    path: str | None = None
    indices: Partial = ()

    @property
    def field(self) -> str | None:
        """The one field that is named."""
        return next(iter(self.fields)) if len(self.fields) == 1 else None


def find_mentions(text: str, template: Template) -> list[Mention]:
    """All that a text names, in its order. Of two that overlap the longer one counts, though it name nothing certain."""
    found = [*_phrases(text, template.names), *_paths(text, template), *_ordinals(text, template)]
    kept: list[Mention] = []
    for each in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        if all(each.end <= other.start or other.end <= each.start for other in kept):
            kept.append(each)
    ends = {each.end for each in kept}
    return sorted((each for each in kept if _stands_alone(text, each, template, ends)), key=lambda one: one.start)


def parts_of(path: str) -> tuple[str, ...]:
    """The lists of a level's path, from the outermost in."""
    return tuple(part.removesuffix("[]") for part in path.split("[].")) if path else ()


# -- phrases ------------------------------------------------------------------------------------------------------------------
_LEADS = tuple("的和与或及且为是对将把填写改查核少缺效误复定供入择交在至由以因")
"""Signs before a Chinese name that are no part of it: 无效邮编, 请检查邮编. Others make another name: 平台订单号, 箱子数量."""
_GOODS = ("商品", "产品", "明细")
_OWNERS = ("收货", "收件", "买家", "客户", "订单", "货件", "包裹", *_GOODS)
_COUNTED = ("订单", "货件", "包裹", "箱子", "箱", "单")
"""Before a quantity they say what is counted: 包裹的数量 is how many packages there are."""
_POINTERS = ("该", "此", "本", "这个", "此个", "上述")
"""Before an identifier they point to the order's own; 该地区 is where the goods go, whatever field says so."""
_OTHERS = ("信息", "资料", "地址", "数据", "列表", "单位", "授权", "库存", "状态", "账号", "账户", "规则", "关系", "限制", "联系")
"""Behind a name they make another thing of it: 店铺授权, 收件人信息, 请电话联系."""
_NOTE = re.compile(r"备注:\s*(?!不[正能合]|必|应|格|长|超|过)")
"""What follows is a note, unless it says what is wrong with one."""


def _phrases(text: str, names: Names) -> Iterator[Mention]:
    for found in names.pattern.finditer(text):
        yield Mention(found.start(), found.end(), names.phrases[fold_phrase(found[0])])


def _stands_alone(text: str, mention: Mention, template: Template, ends: set[int]) -> bool:
    """Whether a name is no part of a longer one that nobody declared."""
    if not mention.fields or not _is_han(text[mention.start]):
        return not (mention.fields and text.startswith(_OTHERS, mention.end))
    if text.startswith(_OTHERS, mention.end) or _NOTE.match(text, mention.start):
        return False
    before = text[: mention.start]
    if not _is_han(before[-1:]) or mention.start in ends:
        return True
    kinds = [template[name].kind for name in mention.fields]
    if any(kind.is_amount and not kind.is_measure for kind in kinds) and before.removesuffix("的").endswith(_COUNTED):
        return False
    if before.endswith(_OWNERS):
        before = next(before.removesuffix(owner) for owner in _OWNERS if before.endswith(owner))
        return not before.endswith(_POINTERS)
    return before.endswith(_LEADS) or (before.endswith(_POINTERS) and all(kind.is_identifier for kind in kinds))


def _is_han(sign: str) -> bool:
    return re.fullmatch(f"[{HAN}]", sign) is not None


# -- keys and paths -----------------------------------------------------------------------------------------------------------
_SEGMENT = r"[A-Za-z_][A-Za-z0-9_]*(?:\[[0-9]{0,4}\])?"
_PATH = re.compile(rf"(?<![A-Za-z0-9_\-]){_SEGMENT}(?:(?:\.|>>|->)(?:{_SEGMENT}|[0-9]{{1,4}}(?![0-9])))*(?![A-Za-z0-9_]|-[A-Za-z0-9])")
_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[([0-9]*)\]|\.([0-9]+))?")
_LAST_WORD, _NEXT_WORD = re.compile(r"([A-Za-z]+)[\s'\"`]*$"), re.compile(r"[\s'\"`]*([A-Za-z]+)")
_THE_FIELD = re.compile(r"['\"`]? (?:field|parameter|value|is (?:required|missing|invalid|empty|not))\b")
_BEFORE = frozenset(["", *"field fields parameter parameters param property key invalid missing required and or".split()])
_BEHIND = frozenset(["", *"is are was must should cannot can may has have not and or field value parameter".split()])
"""English words beside a word that is meant as a key."""


@dataclass(frozen=True)
class _Step:
    name: str
    index: int | None


def _paths(text: str, template: Template) -> Iterator[Mention]:
    for found in _PATH.finditer(text):
        steps = [_Step(step[1], int(index) if (index := step[2] or step[3]) else None) for step in _STEP.finditer(found[0])]
        mention = _read_path(text, found.start(), found.end(), steps, template)
        if mention is not None:
            yield mention


def _read_path(text: str, start: int, end: int, steps: Sequence[_Step], template: Template) -> Mention | None:
    """A path as its last name. Lists before it say at which level; what stands before these (`order.`, `Address.`) says nothing."""
    names = template.names
    lists = [step for step in steps[:-1] if step.name in names.lists]
    last = steps[-1]
    if lists and steps[len(steps) - 1 - len(lists) : -1] != lists:
        return None
    if last.name in names.lists:
        return _list_mention(start, end, [*lists, last], names)
    fields = names.keys.get(fold_key(last.name)) or names.keys.get(fold_key(last.name.removesuffix("s")), NOBODY)
    if len(steps) == 1 and last.name in names.words and not _reads_as_key(text, start, end):
        return None
    within = frozenset(name for name in fields if _ends_with(parts_of(template[name].level), [step.name for step in lists]))
    if not within or len(within) > 1:
        return Mention(start, end, within) if within else None
    path = template[next(iter(within))].level
    return Mention(start, end, within, path if lists else None, _indices(path, lists))


def _list_mention(start: int, end: int, steps: Sequence[_Step], names: Names) -> Mention | None:
    paths = [path for path in names.lists[steps[-1].name] if _ends_with(parts_of(path), [step.name for step in steps])]
    return Mention(start, end, NOBODY, paths[0], _indices(paths[0], steps)) if len(paths) == 1 else None


def _ends_with(parts: Sequence[str], names: Sequence[str]) -> bool:
    return not names or tuple(parts[-len(names) :]) == tuple(names)


def _indices(path: str, steps: Sequence[_Step]) -> Partial:
    given = {step.name: step.index for step in steps}
    return tuple(given.get(part) for part in parts_of(path)) if steps else ()


def _reads_as_key(text: str, start: int, end: int) -> bool:
    """Whether an English word stands where a key does: alone, quoted, before `is required`; not as in `a maximum Length of 15`."""
    before, behind = _LAST_WORD.search(text[:start]), _NEXT_WORD.match(text[end:])
    led, followed = (found[1].casefold() if found else "" for found in (before, behind))
    is_quoted = text[start - 1 : start] in ("'", '"', "`") and text[end : end + 1] == text[start - 1]
    is_the_field = led == "the" and _THE_FIELD.match(text[end:]) is not None
    return is_quoted or is_the_field or (led in _BEFORE and followed in _BEHIND)


# -- elements -----------------------------------------------------------------------------------------------------------------
_NUMBER = r"([0-9]{1,4})"


def _ordinals(text: str, template: Template) -> Iterator[Mention]:
    """`第2行`, `第 2 个商品`, `line 2`: the second row of goods. `第2箱`: the second element of a level whose key is 箱号."""
    rows, goods = sorted(template.row_levels), "|".join(_GOODS)
    if len(rows) == 1:
        yield from _numbered(text, rf"第\s*{_NUMBER}\s*(?:[行条项]|个(?=\s*M?SKU)|个?(?:{goods}))(?:{goods})?", rows[0])
        yield from _numbered(text, rf"(?<![A-Za-z])(?i:line|row|item)\s?#?{_NUMBER}(?![A-Za-z0-9_.\-])", rows[0])
    for level in template.root.walk():
        for key in level.keys if level.path else ():
            if key.label.endswith("号"):
                word = re.escape(key.label.removesuffix("号"))
                yield from _numbered(text, rf"第\s*{_NUMBER}\s*个?\s*{word}子?(?!号)", level.path)


def _numbered(text: str, pattern: str, path: str) -> Iterator[Mention]:
    """People count from 1, and of a level within others only the innermost element is counted."""
    for found in re.finditer(pattern, text):
        if (number := int(found[1])) > 0:
            outer = (None,) * (len(parts_of(path)) - 1)
            yield Mention(found.start(), found.end(), NOBODY, path, (*outer, number - 1))
