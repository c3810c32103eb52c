"""The sandbox's own paths, beside its imitations: faults asked for by name, and the truth about what was accepted.

`GET /_faults` lists what can be asked for and what is in force, `POST /_faults` asks, `DELETE /_faults` ends all of it;
`GET /_ledger` tells the truth. Redirects lead to `/_elsewhere`, where it is written down who follows them.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any, Protocol, runtime_checkable

from bulkorders.errors import UsageError

from .catalogue import ELSEWHERE
from .faults import FaultKind, Faults, Plan
from .imitation import Imitation, Reply, Request
from .words import Words


@runtime_checkable
class Controlled(Imitation, Protocol):
    """An imitation whose faults can be asked for by name, and that tells the truth."""

    faults: Faults
    service_time: float
    """Seconds that a create takes."""

    def truth(self, now: float) -> dict[str, Any]:
        """Its accepted creates in order, under `orders`, and its counters; effects that were due by now are among them."""
        ...


class Control:
    """What the own paths do, for the imitations that can be controlled. `followed`: the requests that followed a redirect."""

    def __init__(self, imitations: Mapping[str, Imitation]) -> None:
        self.imitations = {name: each for name, each in imitations.items() if isinstance(each, Controlled)}
        self.followed: list[Request] = []

    def handle(self, request: Request) -> Reply:
        """Answers one request; 404 for a path that is none of the sandbox's own."""
        if request.path == ELSEWHERE:
            self.followed.append(request)
            return _json({})
        match request.method, request.path:
            case "GET", "/_faults":
                return _json({"catalogue": self._catalogue(), "in_force": self.in_force(request.now)})
            case "POST", "/_faults":
                return self._post(request)
            case "DELETE", "/_faults":
                self.clear()
                return _json({"in_force": []})
            case "GET", "/_ledger":
                return _json(self.truth(request.now))
        return _json({"error": "There is no such path."}, 404)

    def add(self, asked: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
        """Puts a fault into force, at one provider or at all that know it, and gives the plans. Raises UsageError.

        `fault`: its name. `times`: how many of the next calls meet it; `share`: each call with that probability, by
        `seed`; `seconds`: for how long. Without any of the three the next call. `path`: the calls that it hits (empty:
        any), else the creates or what the fault is meant for. `delay`: the seconds that its description names.
        """
        asked = {name: value for name, value in asked.items() if value is not None}
        _check(asked)
        plans = {name: _plan(self.imitations[name].faults, asked, now) for name in self._concerned(asked)}
        for name, plan in plans.items():
            self.imitations[name].faults.add(plan)
        return [_told(name, plan) for name, plan in plans.items()]

    def clear(self) -> None:
        """Ends every plan."""
        for imitation in self.imitations.values():
            imitation.faults.clear()

    def in_force(self, now: float) -> list[dict[str, Any]]:
        """The plans in force at each provider."""
        return [_told(name, plan) for name, each in self.imitations.items() for plan in each.faults.plans(now)]

    def truth(self, now: float) -> dict[str, Any]:
        """What each provider has accepted and counted, and who followed a redirect."""
        providers = {name: each.truth(now) for name, each in self.imitations.items()}
        return {"providers": providers, "followed": [_retold(request) for request in self.followed]}

    def _post(self, request: Request) -> Reply:
        try:
            return _json({"added": self.add(_read(request.body), request.now)})
        except UsageError as error:
            return _json({"error": error.en}, 400)

    def _catalogue(self) -> dict[str, Any]:
        return {
            name: {fault: kind.words._asdict() for fault, kind in each.faults.catalogue.items()} for name, each in self.imitations.items()
        }

    def _concerned(self, asked: Mapping[str, Any]) -> list[str]:
        """The providers that a fault is asked of. Raises UsageError."""
        fault, provider = asked["fault"], asked.get("provider")
        if provider is not None and provider not in self.imitations:
            raise _unknown(Words("可以出故障的平台", "provider with faults"), provider, self.imitations)
        able = {name: each for name, each in self.imitations.items() if provider in (None, name)}
        concerned = [name for name, each in able.items() if fault in each.faults.catalogue]
        if not concerned:
            raise _unknown(Words("故障", "fault"), fault, dict.fromkeys(name for each in able.values() for name in each.faults.catalogue))
        return concerned


def _plan(faults: Faults, asked: Mapping[str, Any], now: float) -> Plan:
    """The plan that is asked for, of faults that know it."""
    kind: FaultKind = faults.catalogue[asked["fault"]]
    usual = faults.creates if kind.path is None else kind.path
    has_end = not asked.keys().isdisjoint(("times", "share", "seconds"))
    return Plan(
        asked["fault"],
        lambda dice: kind.make(dice, asked.get("delay")),
        asked.get("path", usual),
        share=asked.get("share", 1.0),
        times=asked.get("times", None if has_end else 1),
        until=now + asked["seconds"] if "seconds" in asked else None,
        seed=asked.get("seed", 0),
    )


def _told(provider: str, plan: Plan) -> dict[str, Any]:
    """A plan as JSON has it; one that was not asked for by name has none."""
    names = ("path", "share", "times", "until", "seed", "met")
    return {"provider": provider, "fault": plan.name or None, **{name: getattr(plan, name) for name in names}}


def _retold(request: Request) -> dict[str, Any]:
    return {"time": request.now, "method": request.method, "query": dict(request.query), "headers": dict(request.headers)}


def _number(least: float, most: float = inf, *, whole: bool = False) -> Callable[[Any], bool]:
    """Whether a value is a number of that size; true and false are none."""
    return lambda value: type(value) in ((int,) if whole else (int, float)) and least <= value <= most


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


MOST_SECONDS = 1_000_000
"""Some systems let no thread wait much longer."""
SECONDS = Words("0 到 1000000 的数", "a number from 0 to 1000000")
FORMS: dict[str, tuple[Callable[[Any], bool], Words]] = {
    "fault": (_is_text, Words("一个名字", "a name")),
    "provider": (_is_text, Words("一个名字", "a name")),
    "path": (_is_text, Words("一条路径", "a path")),
    "times": (_number(1, whole=True), Words("1 以上的整数", "a whole number from 1")),
    "share": (_number(0, 1), Words("0 到 1 的数", "a number from 0 to 1")),
    "seconds": (_number(0, MOST_SECONDS), SECONDS),
    "delay": (_number(0, MOST_SECONDS), SECONDS),
    "seed": (_number(-inf, whole=True), Words("整数", "a whole number")),
}
"""What can be said of a fault that is asked for."""


def _check(asked: Mapping[str, Any]) -> None:
    """Raises UsageError for what cannot be asked."""
    if "fault" not in asked:
        raise UsageError("没有说要哪个故障（fault）。", "fault is missing: say which one.")
    for name, value in asked.items():
        if name not in FORMS:
            raise _unknown(Words("项", "key"), name, FORMS)
        fits, form = FORMS[name]
        if not fits(value):
            raise UsageError(f"{name} 应为：{form.zh}。", f"{name} must be {form.en}.")


def _unknown(what: Words, name: str, known: Iterable[str]) -> UsageError:
    names = list(known)
    return UsageError(f"没有{what.zh} {name}：只有 {'、'.join(names)}。", f"There is no {what.en} {name}: there are {', '.join(names)}.")


def _read(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises UsageError."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise UsageError("请求内容不是 JSON 对象。", "The body must be a JSON object.")
    return asked


def _json(value: Any, status: int = 200) -> Reply:
    """A lone surrogate, which JSON may name but UTF-8 has no bytes for, goes out as its escape."""
    body = json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace")
    return Reply(status, body, {"content-type": "application/json; charset=utf-8"})
