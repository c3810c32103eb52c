"""Names of sheets that are not taken yet."""

from collections.abc import Collection

LONGEST_NAME = 31
"""Characters; Excel takes no more."""


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or with a number behind it where another sheet has it: case does not tell sheets apart."""
    folded, free, number = {each.casefold() for each in taken}, name, 1
    while free.casefold() in folded:
        number += 1
        mark = f" ({number})"
        free = name[: LONGEST_NAME - len(mark)] + mark
    return free
