"""How fates look on our sheets: green is done, red needs the merchant, yellow is not over yet."""

from collections.abc import Mapping

from bulkorders.core.result import Fate
from bulkorders.workbook import style
from bulkorders.workbook.style import Look

DONE = frozenset({Fate.CREATED, Fate.SKIPPED})
WRONG = frozenset({Fate.INVALID, Fate.CHANGED, Fate.REJECTED})
OPEN = frozenset({Fate.ACCEPTED, Fate.IN_DOUBT, Fate.UNSENT})

_LOOKS: Mapping[str, Look] = {
    **dict.fromkeys(DONE, style.DONE),
    **dict.fromkeys(WRONG, style.WRONG),
    **dict.fromkeys(OPEN, style.OPEN),
}
COLOURS: Mapping[str, str] = {
    Fate.CREATED: "4CAF50",
    Fate.SKIPPED: "A5D6A7",
    Fate.ACCEPTED: "FFD54F",
    Fate.INVALID: "E53935",
    Fate.CHANGED: "FF8A65",
    Fate.REJECTED: "B71C1C",
    Fate.IN_DOUBT: "FFB300",
    Fate.UNSENT: "FFE082",
}
"""Of bars in a chart."""


def look_of(fate: str) -> Look:
    """The look of a cell that names a fate; of none in particular for a row without an order."""
    return _LOOKS.get(fate, style.MIDDLE)
