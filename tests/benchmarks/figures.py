"""The README's page of numbers: `python tests/benchmarks/figures.py [--write]` measures them anew, and with `--write` puts them there."""

import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / name) for name in ("", "cli", "reliability", "benchmarks")]

from busy import measure  # noqa: E402  # the tests' own modules are found from here on
from desk import Desk  # noqa: E402
from foreign import CREATE, Foreign, line, serve  # noqa: E402
from ledger import audit, truth  # noqa: E402
from stage import PROVIDERS, stage  # noqa: E402

from bulkorders.pipeline.describe import markdown  # noqa: E402

SERVICES = (0.05, 0.2, 0.5)
KILLS, KILLED_ORDERS = 10, 400
FAULTY_ORDERS, PART_ORDERS = 10_000, 1_000
FAULTS = {
    **{f"cut_{place}_accepted": 0.04 for place in ("before", "headers", "after_headers", "body")},
    **{f"cut_{place}": 0.01 for place in ("before", "body")}, "late_commit": 0.02, "http_5xx": 0.02,
    "http_5xx_accepted": 0.02, "html": 0.01,
}  # fmt: skip
README = TESTS.parent / "README.md"
Rows = list[tuple[str, ...]]


def pace() -> Rows:
    """Orders a minute where one call is allowed at a time."""
    rows: Rows = []
    for service in SERVICES:
        found = measure(int(20 / service) if service > 0.05 else 500, service)
        best = 60 / service
        rows += [
            (
                f"平台处理一单 {service * 1000:.0f} 毫秒，一次一单：每分钟",
                f"{found.per_minute:.0f} 单（{found.per_minute / best:.1%} 的极限 {best:.0f}），被嫌太快 {found.refusals} 次",
            ),
        ]
        if service == SERVICES[0]:
            rows += [
                ("同上：平台忙的时间，占一个来回所允许的", f"{found.busy / found.allowed:.1%}"),
                ("同上：流水账和网络的 CPU，每单", f"{found.cpu:.1f} 毫秒（这台机器上 httpx 的一个空调用要 {found.bare:.1f} 毫秒）"),
            ]
    return rows


def kills() -> Rows:
    """Seconds from a `kill -9` and a new start to the next call."""
    chance, waited, foreign = random.Random(7), [], Foreign(delay=0.02)
    with tempfile.TemporaryDirectory() as folder, serve(foreign) as url:
        desk = Desk(Path(folder), foreign, url)
        desk.configure(settle_seconds=0.2)
        process = desk.start("submit", "--json", desk.write("k.xlsx", [line(f"K-{number}") for number in range(KILLED_ORDERS)]))
        for _ in range(KILLS):
            while not foreign.calls[CREATE]:
                time.sleep(0.005)
            time.sleep(chance.uniform(0.1, 0.6))
            process.kill()
            process.communicate()
            foreign.calls[CREATE], start = 0, time.monotonic()
            process = started(desk, "resume", "--json")  # with all its imports, which tests are spared
            while not foreign.calls[CREATE]:
                time.sleep(0.002)
            waited.append(time.monotonic() - start)
        desk.finish(process, 0)
        twice, lost = len(foreign.sent()) - len(set(foreign.sent())), KILLED_ORDERS - len(set(foreign.sent()))
    found = f"中位 {statistics.median(waited):.1f} 秒，最多 {max(waited):.1f} 秒（{KILLS} 次，重复 {twice}，丢失 {lost}）"
    return [("`kill -9` 以后重新启动，到下一单发出", found)]


def started(desk: Desk, *arguments: str) -> "subprocess.Popen[bytes]":
    """The program as anybody starts it."""
    pipe = subprocess.PIPE
    return subprocess.Popen([*desk.command, *arguments], cwd=desk.folder, env=desk.environment, stdout=pipe, stderr=pipe)


def faults() -> Rows:
    """Doubled and lost orders where about a fifth of the calls goes wrong: both remotes side by side, as nobody looks at a clock here."""
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        return list(pool.map(faults_at, [provider.name for provider in PROVIDERS]))


def faults_at(name: str) -> tuple[str, ...]:
    """The row of one remote, in parts of a thousand orders, each with seeds of its own."""
    provider = next(each for each in PROVIDERS if each.name == name)
    there: list[str] = []
    creates = 0
    for part in range(FAULTY_ORDERS // PART_ORDERS):
        with tempfile.TemporaryDirectory() as folder, stage(provider, Path(folder), settle_seconds=120) as at:
            for number, (fault, share) in enumerate(FAULTS.items()):
                at.fault(fault, share=share, seed=part * len(FAULTS) + number)
            at.submit_new(PART_ORDERS)
            at.end_faults()
            at.finish()
            audit(at, PART_ORDERS)
            there += [f"{part} {entry['order']}" for entry in truth(at) if entry["state"] == "live"]
            creates += len(at.witness.creates)
    twice, lost = len(there) - len(set(there)), FAULTY_ORDERS - len(set(there))
    found = f"重复 {twice}，丢失 {lost}，说错 0（多发 {creates - FAULTY_ORDERS} 次创建，都是同样的字节）"
    return f"{provider.title}：{FAULTY_ORDERS:,} 单，约 {sum(FAULTS.values()):.0%} 的调用断线、超时、5xx、乱码、迟到", found


def main() -> None:
    """Prints the page."""
    table = markdown([("量什么", "量到"), *pace(), *kills(), *faults()])
    print(table)
    if "--write" in sys.argv:
        text = README.read_text(encoding="utf-8")
        block = re.compile(r"(<!-- numbers -->\n)(.*?)(<!-- end -->)", re.DOTALL)
        README.write_text(block.sub(lambda found: f"{found[1]}{table}\n{found[3]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
