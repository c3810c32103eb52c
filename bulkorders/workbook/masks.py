"""Number formats that show a whole number otherwise than by its digits: `00000`, `000-0000`, `"FBA"000`.

Source: the format codes of Excel (ECMA-376 part 1, 18.8.31). Formats of decimals, thousands, percent and dates show an amount, not
an identifier, and have no mask.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(r'"([^"]*)"|\\(.)|[_*].|(\[[^\]]*\])|([0#?])|(.)', re.DOTALL)
_SIGNS = frozenset(" -()+:$￥¥")
"""Signs that stand for themselves without quotes."""
_CONDITION = re.compile(r"\[[<>=]")
_LONGEST = 255


@dataclass(frozen=True)
class Mask:
    """A format's signs and places in order; a place is `0`, `#` or `?`, a sign is any other text."""

    parts: tuple[tuple[bool, str], ...]
    """Whether it is a place, and its text."""

    def show(self, number: int) -> str:
        """The number as the cell shows it."""
        digits = str(number)
        places = sum(is_place for is_place, _ in self.parts)
        rest, digits = digits[: max(len(digits) - places, 0)], digits[max(len(digits) - places, 0) :].rjust(places)
        shown, at = [], 0
        for is_place, text in self.parts:
            if not is_place:
                shown.append(text)
                continue
            digit = digits[at] if digits[at] != " " else {"0": "0"}.get(text, "")
            shown.append(rest + digit if at == 0 else digit)
            at += 1
        return "".join(shown)


def read_mask(code: str) -> Mask | None:
    """The mask of a format code's section for positive numbers; None where it shows them as they are, or as amounts and dates."""
    if len(code) > _LONGEST or _CONDITION.search(code):
        return None
    parts: list[tuple[bool, str]] = []
    for quoted, escaped, bracket, place, other in _TOKEN.findall(code):
        if other == ";":
            break
        if place:
            parts.append((True, place))
        elif quoted or escaped:
            parts.append((False, quoted or escaped))
        elif other in _SIGNS and other:
            parts.append((False, other))
        elif other:
            return None
        elif bracket.startswith("[$") and not bracket.startswith("[$-"):
            parts.append((False, bracket[2:-1].partition("-")[0]))
    places = [text for is_place, text in parts if is_place]
    is_plain = len(parts) == len(places) and places.count("0") < 2
    return None if not places or is_plain else Mask(tuple(parts))
