"""Wrong passwords as the running program remembers them."""

import pytest

from bulkorders.pipeline.tries import ADDRESS_SECONDS, FROM_ADDRESS, REMEMBERED, Tries, wait_seconds


def test_one_waits_a_minute_then_twice_as_long_at_most_fifteen() -> None:
    """From the tenth wrong try on."""
    assert [wait_seconds(failures) / 60 for failures in range(9, 17)] == [0, 1, 2, 4, 8, 15, 15, 15]
    assert wait_seconds(10**9) == 15 * 60


@pytest.mark.parametrize(
    ("address", "other", "is_one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unknown", "unknown", True),
        ("unknown", "192.0.2.1", False),
    ],
)
def test_addresses_of_one_owner_are_one(address: str, other: str, is_one: bool) -> None:
    """Whoever has an IPv6 network would else have as many tries as addresses."""
    tries = Tries()
    for _ in range(FROM_ADDRESS):
        tries.address_failed(address, 0.0)
    assert (tries.address_waits(other, 1.0) > 0) is is_one


def test_an_address_waits_until_its_tries_are_old() -> None:
    """One try is free for each that is ten minutes old; what proved right was none."""
    tries = Tries()
    for number in range(FROM_ADDRESS - 1):
        tries.address_failed("a", float(number))
    tries.address_failed("a", 99.0)
    tries.address_succeeded("a", 99.0)
    assert tries.address_waits("a", 100.0) == 0
    tries.address_failed("a", 100.0)
    assert tries.address_waits("a", 100.0) == ADDRESS_SECONDS - 100
    assert tries.address_waits("a", ADDRESS_SECONDS) == 0
    tries.address_succeeded("nobody", 1.0)


def test_of_many_names_and_addresses_the_oldest_are_forgotten() -> None:
    """Whoever makes names up takes no more than so much memory."""
    tries = Tries()
    for number in range(2 * REMEMBERED):
        tries.name_failed(f"n{number}", 0.0)
        tries.address_failed(f"a{number}", 0.0)
    assert len(tries._names) == len(tries._addresses) == REMEMBERED
