"""What all tests share: a journal in a folder of its own, and hypothesis without a clock."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bulkorders.journal.journal import Journal, open_journal

settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")  # the same examples in every run; `--hypothesis-profile search` looks for new ones


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A fresh journal in a real file."""
    opened = open_journal(str(tmp_path / "journal.db"))
    yield opened
    opened.close()


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """A suite started in the background ignores Ctrl-C, and so would every process that it starts, those that are to be interrupted too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
