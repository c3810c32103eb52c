"""Texts that other programs have spoilt: what a spreadsheet shows of an error or of a column too narrow, and identifiers made numbers.

They come with pasted values and with text files, where nothing but the text tells them.
"""

import re

from . import codes
from .cell import half_width, trim
from .field import Field
from .kinds import Reading, bad

_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|ERROR!|GETTING_DATA)|#{3,}|Err:[0-9]{3}")
_MADE_A_NUMBER = re.compile(r"'?([0-9]{5,})\.0+")
"""An order number, a postcode or a telephone number that a program took for a quantity; a version or a size has fewer digits."""
_LONGEST = 40


def spoilt(field: Field, text: str) -> Reading | None:
    """What is wrong with a spoilt text; None for any other."""
    if len(text) > _LONGEST:
        return None
    bare = trim(text)
    if _ERROR.fullmatch(bare):
        return bad(codes.ERROR_CELL)
    made = _MADE_A_NUMBER.fullmatch(trim(half_width(bare))) if field.kind.is_identifier else None
    return bad(codes.MADE_A_NUMBER, proposal=made[1]) if made else None
