"""Wrong passwords, as far as the running program remembers them: by address, and by names that nobody has."""

import ipaddress
import threading
from collections import OrderedDict, deque
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

ALLOWED, LONGEST = 10, 15
"""Wrong tries in a row until one has to wait: a minute, then twice as long after each further one, at most so many minutes."""
FROM_ADDRESS, ADDRESS_SECONDS = 50, 600.0
"""How many wrong tries may come from an address within so many seconds: a whole office may share one."""
REMEMBERED = 10_000
"""Names, and addresses: of more the oldest are forgotten."""
AT_ONCE = 2
"""Passwords that are compared side by side."""
_V6_NETWORK = 64
"""Bits of an IPv6 address that its owner does not choose."""

_Remembered = TypeVar("_Remembered")


def wait_seconds(failures: int) -> float:
    """How long after the last of so many wrong tries in a row the next may come."""
    return 60.0 * min(2 ** min(failures - ALLOWED, LONGEST), LONGEST) if failures >= ALLOWED else 0.0


@dataclass
class Tries:
    """Counted in the program alone, and forgotten with it. Seconds are those of a clock that never goes back."""

    turns: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))
    """Who tries, one after the other: tries at the same time must not take many times what one takes."""
    _names: OrderedDict[Hashable, tuple[int, float]] = field(default_factory=OrderedDict)
    _addresses: OrderedDict[Hashable, deque[float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def address_waits(self, address: str, now: float) -> float:
        """Seconds until somebody from an address may try again."""
        with self._lock:
            found = self._addresses.get(_network(address), deque())
            while found and now - found[0] >= ADDRESS_SECONDS:
                found.popleft()
            return found[0] + ADDRESS_SECONDS - now if len(found) >= FROM_ADDRESS else 0.0

    def address_failed(self, address: str, now: float) -> None:
        """One more wrong try."""
        with self._lock:
            self._addresses.setdefault(_network(address), deque(maxlen=FROM_ADDRESS)).append(now)
            _forget_oldest(self._addresses, _network(address))

    def address_succeeded(self, address: str, at: float) -> None:
        """The try of that moment was none in vain."""
        with self._lock, suppress(ValueError):  # so old that it is no longer remembered
            self._addresses.get(_network(address), deque()).remove(at)

    def name_waits(self, name: str, now: float) -> float:
        """Seconds until a name that nobody has may be tried again: as if somebody had it, so that it cannot be told apart."""
        with self._lock:
            failures, at = self._names.get(name, (0, now))
            return max(0.0, at + wait_seconds(failures) - now)

    def name_failed(self, name: str, now: float) -> None:
        """One more wrong try."""
        with self._lock:
            self._names[name] = (self._names.get(name, (0, now))[0] + 1, now)
            _forget_oldest(self._names, name)


def _forget_oldest(found: OrderedDict[Hashable, _Remembered], newest: Hashable) -> None:
    found.move_to_end(newest)
    while len(found) > REMEMBERED:
        found.popitem(last=False)


def _network(address: str) -> Hashable:
    """Whom an address belongs to."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return found
    return found.ipv4_mapped or ipaddress.ip_network((int(found), _V6_NETWORK), strict=False)
