"""Who may read a workbook next."""

import threading
import time

from bulkorders.pipeline import turns
from bulkorders.pipeline.turns import Turns


def test_no_more_at_once_than_there_are_places() -> None:
    """However many want to, and whichever way."""
    found, at_once, lock, most = Turns(2), 0, threading.Lock(), 0

    def work(number: int) -> None:
        nonlocal at_once, most
        with found.at_once() if number % 2 else found.in_turn():
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.01)
            with lock:
                at_once -= 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (most, at_once) == (2, 0)


def test_whoever_waits_at_a_page_goes_before_the_queue() -> None:
    """Though the queue was there first; and a place is free again after a failure."""
    found, order = Turns(1), list[str]()

    def work(name: str) -> None:
        with found.at_once() if name == "page" else found.in_turn():
            order.append(name)

    with found.in_turn():
        threads = [threading.Thread(target=work, args=(name,)) for name in ("queue", "page")]
        for thread in threads:
            thread.start()
            time.sleep(0.1)
    for thread in threads:
        thread.join(10)
    assert order == ["page", "queue"]


def test_the_queue_is_not_passed_over_for_ever() -> None:
    """People look at cells again and again: what was uploaded is checked all the same."""
    found, is_over = Turns(1), threading.Event()

    def look() -> None:
        while not is_over.is_set():
            with found.at_once():
                time.sleep(0.01)

    threads = [threading.Thread(target=look, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    with found.in_turn():
        took = time.monotonic() - began
    is_over.set()
    for thread in threads:
        thread.join(10)
    assert turns.LATER / 2 < took < turns.LATER + 5
