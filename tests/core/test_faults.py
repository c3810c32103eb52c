"""Which calls meet a fault: by number, by share and seed, for a time, on a path."""

import pytest

from bulkorders.core.faults import Faults, Plan
from bulkorders.core.imitation import Fault, Reply, Request

CREATE = "/create"


def plan(name: str = "busy", path: str = CREATE, **changed: float) -> Plan:
    """A plan of a fault that says its own name."""
    return Plan(name, lambda dice: Fault(code=name, delay=dice.random()), path, **changed)  # type: ignore[arg-type]  # numbers of either kind


def met(faults: Faults, calls: int, path: str = CREATE, now: float = 0.0) -> list[str]:
    """The names of the faults that so many calls meet, blank for none."""
    found = [faults.take(now, path) for _ in range(calls)]
    return [str(fault.code) if fault else "" for fault in found]


def planned(*plans: Plan) -> Faults:
    """Faults with these plans."""
    faults = Faults({}, CREATE)
    for each in plans:
        faults.add(each)
    return faults


def test_the_next_calls_meet_a_fault_as_often_as_asked() -> None:
    """Then all is well, and the plan is no longer in force."""
    faults = planned(plan(times=2))

    assert met(faults, 3) == ["busy", "busy", ""]
    assert faults.plans(0.0) == []


@pytest.mark.parametrize(("path", "hit"), [(CREATE, True), ("", True), ("/other", False)])
def test_a_plan_hits_its_path_alone(path: str, hit: bool) -> None:
    """An empty path is any; a call that does not fit uses up nothing."""
    faults = planned(plan(path=path, times=1))

    assert bool(met(faults, 1)[0]) is hit
    assert bool(faults.plans(0.0)) is not hit


def test_a_plan_may_end_at_a_moment() -> None:
    """However many calls have met it until then."""
    faults = planned(plan(until=60.0))

    assert met(faults, 100, now=59.9) == ["busy"] * 100
    assert met(faults, 1, now=60.0) == [""]


def test_a_share_hits_about_so_many_calls() -> None:
    """A fifth of a thousand, give or take."""
    assert 150 < sum(map(bool, met(planned(plan(share=0.2)), 1000))) < 250


def test_no_call_meets_a_share_of_nothing_and_each_a_share_of_one() -> None:
    """The ends of the scale are exact."""
    assert met(planned(plan(share=0.0)), 200) == [""] * 200
    assert met(planned(plan(share=1.0)), 200) == ["busy"] * 200


def test_the_same_seed_hits_the_same_calls() -> None:
    """So that a failure can be seen again; another seed hits others."""
    first, again, other = (met(planned(plan(share=0.2, seed=seed)), 200) for seed in (7, 7, 8))

    assert first == again != other


def test_several_plans_hit_side_by_side() -> None:
    """Of two with the same seed and share neither starves; the earlier has the call that both want."""
    found = met(planned(plan("a", share=0.5, seed=1), plan("b", share=0.5, seed=1)), 1000)

    assert 400 < found.count("a") < 600
    assert 175 < found.count("b") < 325


def test_a_plan_does_not_shift_the_luck_of_another() -> None:
    """What a seed hits stays the same beside another plan, but for the calls that the earlier one has."""
    first, second = (met(planned(plan(name, share=0.3)), 200) for name in ("a", "b"))
    both = met(planned(plan("a", share=0.3), plan("b", share=0.3)), 200)

    assert both == [a or b for a, b in zip(first, second, strict=True)]


def test_cleared_plans_hit_nothing_more() -> None:
    """What calls have met stays counted."""
    faults = planned(plan(), plan("other"))
    met(faults, 2)
    faults.clear()

    assert met(faults, 2) == ["", ""]
    assert faults.told()["faults"] == {"busy": 2}


def test_late_effects_come_in_the_order_of_their_times() -> None:
    """Each once, as if its call came at that moment."""
    faults = Faults({}, CREATE)
    for now, late in ((10.0, 3.0), (11.0, 1.0)):
        request = Request("POST", CREATE, {}, {}, b"%d" % now, now)
        faults.carry_out(Fault(status=504, late=late), request, lambda _: Reply(200, b""), lambda _: Reply(400, b""))

    assert faults.due(11.9) == []
    assert [(request.body, request.now) for request in faults.due(13.0)] == [(b"11", 12.0), (b"10", 13.0)]
    assert faults.due(100.0) == []


def test_an_answer_lost_before_a_late_effect_may_be_a_cut() -> None:
    """The two go together: the connection is cut at once, and the order comes later."""
    faults = Faults({}, CREATE)
    served: list[Request] = []

    def serve(request: Request) -> Reply:
        served.append(request)
        return Reply(200, b"")

    reply = faults.carry_out(Fault(drop="before", late=1.0), Request("POST", CREATE, {}, {}, b"", 0.0), serve, lambda _: Reply(400, b""))

    assert (reply.drop, served, len(faults.due(1.0))) == ("before", [], 1)
