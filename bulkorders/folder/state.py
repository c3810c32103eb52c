"""How a folder stands, for who watches over the import: what waits, what is worked on, and when it was last looked at."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulkorders.journal.drops import Stage, known_folders, last_look, open_drops
from bulkorders.pipeline.app import App
from bulkorders.settings import FolderSettings

from .look import Seen, look
from .place import is_there, place_of


@dataclass(frozen=True)
class State:
    """`is_there`: it can be used. `waiting`: files in the inbox, `locked` those of them that are open, `oldest` the time of the oldest.

    `claimed`, `entered`, `followed`: files by how far they have come. `looked_at`: when a watcher of this machine last looked.
    """

    folder: str
    is_there: bool
    looked_at: dt.datetime | None
    waiting: int = 0
    locked: int = 0
    oldest: dt.datetime | None = None
    claimed: int = 0
    entered: int = 0
    followed: int = 0

    def as_json(self, zone: dt.tzinfo) -> Mapping[str, Any]:
        """Times are ISO 8601 with offset."""
        times = {
            name: at and at.astimezone(zone).isoformat(timespec="seconds")
            for name, at in (("looked_at", self.looked_at), ("oldest", self.oldest))
        }
        return {**vars(self), **times}


def states(app: App) -> list[State]:
    """The folders of the settings, and those that were named when they were watched. Raises JournalError, OSError."""
    configured = {place_of(settings).key: settings for settings in app.settings.folders}
    named = {key: FolderSettings(path=Path(key)) for key in known_folders(app.journal) if key not in configured}
    return [_state_of(app, settings) for settings in (*configured.values(), *named.values())]


def _state_of(app: App, settings: FolderSettings) -> State:
    place = place_of(settings)
    there = is_there(place, app.journal)
    try:
        seen = look(place.inbox) if there and place.inbox.is_dir() else Seen({}, frozenset())
    except OSError:  # it is there, and may not be read
        there, seen = False, Seen({}, frozenset())
    stages = Counter(drop.stage for drop in open_drops(app.journal, place.key))
    oldest = min((found.time for found in seen.files.values()), default=None)
    return State(
        place.key, there, last_look(app.journal, place.key), len(seen.files), len(seen.locked),
        dt.datetime.fromtimestamp(oldest / 1e9, dt.UTC) if oldest is not None else None,
        stages[Stage.CLAIMED], stages[Stage.ENTERED], stages[Stage.FOLLOWED],
    )  # fmt: skip
