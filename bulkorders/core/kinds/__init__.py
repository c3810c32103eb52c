"""What the cells of a column may hold: Text, Integer, Decimal, Date, Choice, Flag.

A kind does four things: `parse` turns a raw cell into a typed value or says why not; `constraints` are what a typed value must
fulfil; `describe` says both to people; `encode` gives the value as it stands in the payload. Nothing else knows kinds apart.
"""

from .choice import Choice, Flag
from .date import Date
from .kind import BLANK, Constraint, Kind, Reading, bad
from .number import Decimal, Integer, Plausible
from .text import Text

__all__ = ["BLANK", "Choice", "Constraint", "Date", "Decimal", "Flag", "Integer", "Kind", "Plausible", "Reading", "Text", "bad"]
