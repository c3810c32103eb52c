"""How well the pace is learnt, on a clock of its own: `python tests/benchmarks/pace.py`, half a minute.

`*` marks what misses the target: at most 2 % refused, at least 90 % of what the remote and the cap allow. Beside it stands the best that
a fixed interval known beforehand brings, or for a cap that the remote bears, what keeping it as calls arrive leaves.
"""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "remote"))

from pacing import LINKS, Case, Steady, Unpaced, cases, shared

SEEDS = 5


def best(case: Case) -> float:
    """The greatest share that is to be had without refusing more than 2 %."""
    if case.kept is not None:
        return case.kept / case.wanted
    found = [case.mean(2, partial(Steady, interval=percent / 100 / case.rate)) for percent in range(100, 140)]
    return max(one.per_second / case.wanted for one in found if one.refused <= 0.02)


def line(case: Case) -> str:
    """One case."""
    found = case.mean(SEEDS)
    share = found.per_second / case.wanted
    known = f"*{best(case):8.1%}" if found.refused > 0.02 or share < 0.9 else ""
    cap = f"{case.cap:g} r" if case.cap else "none"
    return f"{case.link:8}{case.limit:10}{case.rate:5g}{cap:>7}{case.retry_after:13g}{found.refused:9.1%}{share:12.1%} {known}"


def line_shared(link: str, share: float) -> str:
    """A single token that another client holds for a share of the time: what the intervals cost."""
    paced, unpaced = ([shared(link, share, seed, *make) for seed in range(4 * SEEDS)] for make in ((), (Unpaced,)))
    refused = sum(one.refused for one in paced) / len(paced)
    kept = [one.per_second / other.per_second for one, other in zip(paced, unpaced, strict=True)]
    return f"{link:8}{share:7.0%}{refused:9.1%}{sum(kept) / len(kept):12.1%}{min(kept):12.1%}"


if __name__ == "__main__":
    print("link    limit      rate    cap  Retry-After  refused  throughput  at best")
    for case in cases():
        print(line(case), flush=True)
    print("\nlink    in use  refused  throughput   worst of seeds: a single token, in use by another client")
    for link in LINKS:
        for share in (0.02, 0.05, 0.1):
            print(line_shared(link, share), flush=True)
