"""A field: one column of a template, declared once.

Its `path` says where rows fan out: `store_name` stands once an order, `item_list[].msku` once an item, `ContainerInfos[].SkuInfos[].Sku`
once a SKU of a carton. So the path gives the place in the payload and the level.
"""

from dataclasses import dataclass

from .kinds import Kind
from .words import NOTHING, Words


@dataclass(frozen=True)
class Field:
    """A column. `name` is ours, `label` the merchant's heading, `path` the API's place.

    `key`: rows with equal keys are one element of the field's level. `unit`: what the values are in, named in the label.
    `aliases`: other headings that mean it (the API's own names always do). `said`: what else the remote calls it when it refuses it;
    what is said of two fields means neither. `example`: the cell of the template's example row.
    `note`: what to know when filling it in. `personal`: it says something of a person, so it is forgotten in time.
    """

    name: str
    label: str
    kind: Kind
    path: str
    required: bool = True
    key: bool = False
    unit: str | None = None
    aliases: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    example: str = ""
    note: Words = NOTHING
    personal: bool = False

    @property
    def level(self) -> str:
        """The part of the path that fans out: `""`, `item_list[]`, `ContainerInfos[].SkuInfos[]`."""
        return self.path.rpartition("[].")[0] + "[]" if "[]." in self.path else ""

    @property
    def api_name(self) -> str:
        """The last part of the path, which is the API's own name."""
        return self.path.rpartition("[].")[2]

    @property
    def api_labels(self) -> tuple[str, ...]:
        """The API's own ways to name it, from the shortest to the whole path."""
        parts = self.path.split("[].")
        return tuple(".".join(parts[start:]) for start in range(len(parts) - 1, -1, -1))
