"""Ctrl-C, SIGTERM, the end of a session: they end a run alike, and none of them before what became of its orders was told."""

import signal
import time
from collections.abc import Iterator

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
PATIENCE_SECONDS = 10.0
"""A run that was asked to end is over by then; one that hangs all the same hears the next who asks."""
_state: dict[str, float | None] = {"noted_from": None, "happened_at": None}


def listen() -> None:
    """Every signal that asks the program to end is an interrupt, but for those that its starter has turned off, as `nohup` does."""
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def note() -> None:
    """From now on an interrupt breaks off nothing: it is noted, and the run ends in its own time; further ones add nothing to it."""
    _state["noted_from"] = time.monotonic()


def since() -> float | None:
    """Seconds since the interrupt that was noted; None where there was none."""
    at = _state["happened_at"]
    return None if at is None else time.monotonic() - at


def forget() -> None:
    """What was noted has been done as it was asked for: a server that was told to end has ended well."""
    _state["happened_at"] = None


def end() -> None:
    """All is done and said: one that comes now would only change the exit code."""
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def _numbers() -> Iterator[signal.Signals]:
    """Those that this system has."""
    return (getattr(signal, name) for name in _NAMES if hasattr(signal, name))


def _interrupt(_signal: int, _frame: object) -> None:
    asked = since()
    if _state["noted_from"] is None or (asked is not None and asked > PATIENCE_SECONDS):
        raise KeyboardInterrupt
    if asked is None:
        _state["happened_at"] = time.monotonic()
