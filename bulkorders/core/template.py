"""A template: the fields of one kind of order, and the tree of levels read off their paths."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from .field import Field
from .issue import Code, Problem
from .label import fold
from .names import Names, names_of

if TYPE_CHECKING:
    from .order import Element


class Finding(NamedTuple):
    """What a rule has found: a problem, at a field of the element it looked at, or of an element within."""

    field: str
    problem: Problem
    within: "Element | None" = None


@dataclass(frozen=True)
class Rule:
    """A check that spans columns: asked for each element of a level, once its blanks are filled in."""

    level: str
    find: Callable[["Element"], Iterable[Finding]]


@dataclass(frozen=True)
class Level:
    """A place where rows fan out: its fields, the keys that make one element of several rows, and the levels within."""

    path: str
    fields: tuple[Field, ...]
    children: tuple["Level", ...]

    @property
    def keys(self) -> tuple[Field, ...]:
        """Rows with equal keys are one element; without keys each row is one."""
        return tuple(field for field in self.fields if field.key)

    @property
    def api_name(self) -> str:
        """The name of the list in the payload: `SkuInfos` for `ContainerInfos[].SkuInfos[]`."""
        return self.path.removesuffix("[]").rpartition("[].")[2]

    def walk(self) -> Iterator["Level"]:
        """This level and all within."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Template:
    """One kind of order. `unit` is what people call one (订单, 货件), `display` the key field they know it by.

    `codes` are the template's own kinds of trouble, found by its `rules`.
    """

    name: str
    title: str
    unit: str
    display: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()
    codes: tuple[Code, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What the sheet 填写说明 says beside the table of fields, one sentence each."""

    def __getitem__(self, name: str) -> Field:
        """The field of a name. Raises KeyError."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def display_field(self) -> Field:
        """The key that people know an order by: 订单号, 包裹ID."""
        return self[self.display]

    @cached_property
    def root(self) -> Level:
        """The order itself, with the levels within."""
        return self._level("")

    def _level(self, path: str) -> Level:
        own = tuple(field for field in self.fields if field.level == path)
        within = dict.fromkeys(deeper for field in self.fields if (deeper := _child_of(path, field.level)))
        return Level(path, own, tuple(self._level(child) for child in within))

    @cached_property
    def row_levels(self) -> frozenset[str]:
        """The levels where each row is an element of its own: those without a key."""
        return frozenset(field.level for field in self.fields) - {field.level for field in self.fields if field.key}

    @cached_property
    def headings(self) -> Mapping[str, Field]:
        """Every folded heading that means a field: label, aliases, and the API's names where they are not ambiguous.

        Raises ValueError when a label or an alias means two fields: a mistake in the template.
        """
        found: dict[str, Field] = {}
        for each in self.fields:
            for text in (each.label, *each.aliases):
                if found.setdefault(fold(text), each) is not each:
                    raise ValueError(f"{self.name}: {text} means two fields")
        shared = Counter(name for each in self.fields for name in each.api_labels)
        for each in self.fields:
            for text in (each.name, *(name for name in each.api_labels if shared[name] == 1)):
                found.setdefault(fold(text), each)
        return found

    @cached_property
    def names(self) -> Names:
        """All that the remote may call the fields and their lists."""
        return names_of(self.fields, ((level.api_name, level.path) for level in self.root.walk() if level.path))

    def limited(self, limits: Mapping[str, Decimal]) -> "Template":
        """The template with other limits, by field name: what is beyond them is warned of. Raises ValueError for a field without one."""
        fields = (replace(each, kind=each.kind.limited(limits[each.name])) if each.name in limits else each for each in self.fields)
        return replace(self, fields=tuple(fields))

    @property
    def required_labels(self) -> tuple[str, ...]:
        """The labels that every workbook must have."""
        return tuple(field.label for field in self.fields if field.required)


def _child_of(path: str, level: str) -> str | None:
    """The level just below `path` on the way to `level`."""
    prefix = f"{path}." if path else ""
    if level == path or not level.startswith(prefix):
        return None
    return prefix + level[len(prefix) :].partition(".")[0]
