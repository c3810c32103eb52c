"""Ctrl-C, SIGTERM, the end of a session: they end a run alike, and none of them while its results are being written."""

import signal

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_state = {"waits": False, "happened": False}


def listen() -> None:
    """Every signal that asks the program to end is an interrupt."""
    for name in _NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)


def let_finish() -> None:
    """From now on an interrupt waits for the end of the program; a second one does not."""
    _state["waits"] = True


def end() -> None:
    """All is done and said: one that comes now would only change the exit code."""
    for name in _NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def has_happened() -> bool:
    """Whether an interrupt has waited for the end."""
    return _state["happened"]


def _interrupt(_signal: int, _frame: object) -> None:
    if _state["waits"] and not _state["happened"]:
        _state["happened"] = True
        return
    raise KeyboardInterrupt
