"""Whether another user will be able to run the program and to use its files: a service that cannot start says so only in its own log."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import Plan

READ, WRITE, ENTER = 4, 2, 1


@dataclass(frozen=True)
class Person:
    """Who runs it: the system's numbers of a user and of all his groups."""

    uid: int
    gids: frozenset[int]

    def may(self, path: Path, need: int) -> bool:
        """Whether the mode of what is there allows something; access lists are not looked at. Raises OSError."""
        found = path.stat()
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid in self.gids else 0
        return self.uid == 0 or (stat.S_IMODE(found.st_mode) >> shift) & need == need


def person(name: str) -> Person | None:
    """A user by his name; None where the system knows none of it. Raises OSError on systems without such users."""
    try:
        import pwd
    except ImportError as error:
        raise OSError("no users by number") from error
    try:
        known = pwd.getpwnam(name)
    except KeyError:
        return None
    return Person(known.pw_uid, frozenset(os.getgrouplist(known.pw_name, known.pw_gid)))


def forbidden(who: Person, plan: Plan, *, with_program: bool = True) -> list[Path]:
    """What is in the way of somebody: the first forbidden part of each path that a service needs."""
    journal = [(plan.journal.parent, READ | WRITE | ENTER), (plan.journal, READ | WRITE)]
    needs = [
        *journal,
        (plan.config, READ),
        *((path, READ | WRITE | ENTER) for path in plan.folders),
        *((path, READ) for path in plan.reads),
    ]
    if with_program:
        python = Path(plan.python)
        needs += [(python, READ | ENTER), (python.resolve(), READ | ENTER)]
    return list(dict.fromkeys(found for path, need in needs for found in _in_the_way(who, path, need)))


def _in_the_way(who: Person, path: Path, need: int) -> Iterator[Path]:
    steps: Sequence[tuple[Path, int]] = [*((parent, ENTER) for parent in reversed(path.parents)), (path, need)]
    for step, wanted in steps:
        try:
            if not who.may(step, wanted):
                yield step
                return
        except OSError:  # not there yet, or not ours to look at
            return
