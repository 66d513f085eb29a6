"""Controls on the picture and what holds a control: fractions in, arguments of compute out."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_lib.engine.control import Fixed, Pad, Play, Point, fraction, panel
from course_lib.engine.explorer import Explorer
from tests.test_explorer import move


def two_panels(figure):
    figure.add_axes((0, 0, 0.5, 1), label="plane", xlim=(-2, 2), ylim=(-1, 1))
    figure.add_axes((0.5, 0.25, 0.5, 0.5), label="grid", xlim=(0, 4), ylim=(3, 0))
    return lambda result: None


def explorer_of(compute=None, **controls):
    names = [n for n, c in controls.items() if not (isinstance(c, Point) and c.sets)]
    compute = compute or eval(f"lambda {', '.join(names)}: ({', '.join(names)},)")
    return Explorer("hands", compute, two_panels, str, "explore.hands()", **controls)


def values(answer):
    return {state["name"]: state["value"] for state in answer["controls"]}


@pytest.mark.parametrize("label", ["plane", "grid"])
def test_a_fraction_of_the_figure_and_a_place_on_a_panel_are_each_other_s_inverse(label):
    figure = Figure()
    two_panels(figure)
    axes, point = panel(figure, label), Point(label, (0.0, 0.0))
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(-1, 3, (20, 2)):
        np.testing.assert_allclose(point.under(fraction(axes, x, y), figure), (x, y), atol=1e-4)


def test_saying_where_a_point_lies_leaves_the_background_alone():
    explorer = explorer_of(p=Point("plane", (0.0, 0.0)))
    move(explorer)
    explorer._paint(explorer._figure.dpi)
    explorer._front()
    assert not explorer._figure.stale


def test_a_press_moves_the_point_there_in_steps_within_its_panel():
    explorer = explorer_of(p=Point("plane", (0.0, 0.0), step=0.5))
    for at, wanted in (
        ((0.25, 0.5), (0.0, 0.0)),
        ((0.5, 0.0), (2.0, 1.0)),
        ((0.3, 0.5), (0.5, 0.0)),
        ((0.9, 1.9), (2.0, -1.0)),
        ((0.0, 0.75), (-2.0, -0.5)),
    ):
        answer, _ = move(explorer, p={"0": {"at": at}})
        assert values(answer)["p"] == wanted


def test_pointer_and_keys_reach_the_same_values():
    explorer = explorer_of(p=Point("plane", (0.0, 0.0)))
    by_keys = {x for x, _ in (values(move(explorer, p={"0": {"to": [k / 10, 0]}})[0])["p"]
                              for k in range(-20, 21))}  # fmt: skip
    for across in np.linspace(0, 0.5, 57):
        answer, _ = move(explorer, p={"0": {"at": [across, 0.5]}})
        assert values(answer)["p"][0] in by_keys


def test_one_of_several_points_moves_and_compute_gets_an_array():
    seen = []
    explorer = explorer_of(lambda keys: seen.append(keys), keys=Point("plane", [(0, 0), (1, 1)]))
    move(explorer, keys={"1": {"to": [-1, 0.5]}, "0": {"at": [0.5, 0.5]}})
    np.testing.assert_array_equal(seen[-1], [[2, 0], [-1, 0.5]])
    assert isinstance(seen[-1], np.ndarray)


def test_a_point_along_one_axis_is_a_number():
    explorer = explorer_of(rate=Point("plane", 0.5, along="x"), up=Point("grid", 1, along="y"))
    answer, _ = move(explorer, rate={"0": {"at": [0.375, 0.9]}}, up={"0": {"at": [0, 0.5]}})
    assert values(answer) == {"rate": 1.0, "up": 1.5}
    assert answer["controls"][0]["at"] == [[0.375, 0.5]]
    assert "rate 1.0, up 1.5" in explorer.text()


def test_a_panel_can_move_other_controls():
    explorer = explorer_of(
        lambda stride, step: (stride, step),
        stride=(1, 4),
        step=Play(0, 20),
        window=Point(
            "grid", sets=("step",), to_value=lambda x, y, stride, **_: 4 * int(y) + int(x) * stride
        ),
    )
    move(explorer, stride=2)
    answer, _ = move(explorer, window={"0": {"at": [0.5 + 0.5 * 2.5 / 4, 0.25 + 0.5 * 1.5 / 3]}})
    assert answer["words"] == "(2, 8)"
    assert answer["controls"][2]["kind"] == "touch"
    assert "window" not in explorer.text()


def test_a_panel_can_leave_controls_or_move_several():
    where = {"sets": ("a", "b"), "to_value": lambda x, y, **_: None if x < 1 else (int(x), int(y))}
    explorer = explorer_of(a=(0, 4), b=(0, 4), touch=Point("grid", **where))
    for at, wanted in (((0.51, 0.5), (0, 0)), ((0.99, 0.7), (3, 2)), ((0.51, 0.5), (3, 2))):
        answer, _ = move(explorer, touch={"0": {"at": at}})
        assert tuple(values(answer)[name] for name in "ab") == wanted


def test_what_hovers_starts_and_ends_nowhere():
    explorer = explorer_of(over=Point("grid", hover=True))
    assert explorer._arguments == {"over": None}
    answer, _ = move(explorer, over={"0": {"at": [0.75, 0.5]}})
    assert values(answer)["over"] == (2.0, 1.5)
    answer, _ = move(explorer, over=None)
    assert answer["words"] == "(None,)"


def test_a_pad_hands_over_an_array_within_its_ends():
    seen = []
    explorer = explorer_of(
        lambda ink, numbers: seen.append((ink, numbers)),
        ink=Pad("grid", np.zeros((3, 4))),
        numbers=Pad("plane", [[1.0, 2.0]], -3, 3, step=0.5),
    )
    move(explorer, ink=np.full((3, 4), 9).tolist(), numbers=[[-0.1, 1.3]])
    ink, numbers = seen[-1]
    np.testing.assert_array_equal(ink, np.ones((3, 4)))
    np.testing.assert_array_equal(numbers, [[0.0, 1.5]])
    assert not np.signbit(numbers).any()  # no -0.0 in words
    assert explorer.controls[0]["box"] == [0.5, 0.25, 1.0, 0.75]


def test_everything_a_view_gets_is_json():
    explorer = explorer_of(
        p=Point("plane", (0, 0)),
        pad=Pad("grid", np.zeros((3, 4))),
        over=Point("grid", hover=True),
        keys=Point("plane", np.zeros((3, 2))),
        size=Fixed((2, 5), when=lambda **_: (3, "your kernel is 3 × 3")),
    )
    assert len(json.loads(json.dumps(explorer.controls))) == 5


REFUSED = [
    ({"p": (3.0, 0.0)}, "p cannot be (3.0, 0.0); it is (2,) on the picture, x from -2 to 2"),
    ({"p": (1.0,)}, "p cannot be (1.0,); it is (2,)"),
    ({"p": "left"}, "p cannot be 'left'"),
    ({"p": None}, "p cannot be None"),
    ({"pad": np.full((3, 4), 2)}, "it is (3, 4) numbers from 0 to 1"),
    ({"pad": np.zeros((4, 4))}, "it is (3, 4) numbers from 0 to 1"),
    ({"size": 4}, "size cannot be 4; it stays 3: your kernel is 3 × 3."),
]


@pytest.mark.parametrize(("given", "sentence"), REFUSED)
def test_what_a_control_cannot_show_is_answered_with_what_it_can(given, sentence):
    explorer = explorer_of(
        p=Point("plane", (0, 0)),
        pad=Pad("grid", np.zeros((3, 4))),
        size=Fixed((2, 5), when=lambda **_: (3, "your kernel is 3 × 3")),
    )
    with pytest.raises(ValueError, match=re.escape(sentence)):
        explorer.show(**given)
    explorer.show(p=(1.5, -0.5), pad=np.ones((3, 4)), size=3)


def test_a_control_is_fixed_while_the_reason_holds():
    explorer = explorer_of(
        kernel=["own", "blur"],
        size=Fixed((2, 5), when=lambda kernel: (3, "it is yours") if kernel == "own" else None),
    )
    assert (explorer.controls[1]["value"], explorer.controls[1]["fixed"]) == (3, "it is yours")
    answer, _ = move(explorer, kernel="blur", size=5)
    assert values(answer)["size"] == 5
    assert "fixed" not in answer["controls"][1]
    answer, _ = move(explorer, kernel="own", size=5)
    assert values(answer)["size"] == 3


def test_a_panel_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ValueError, match=r"no panel 'image'; there are 'plane', 'grid'"):
        explorer_of(p=Point("image", (0, 0)))


def test_a_touch_sets_controls_that_there_are():
    with pytest.raises(TypeError, match=r"touch sets steps, but the controls are step"):
        explorer_of(step=(0, 3), touch=Point("grid", sets=("steps",), to_value=lambda x, y: 0))


def test_the_code_of_an_explorer_names_what_has_moved_and_makes_it_again():
    def hands(**moved):
        return explorer_of(
            n=(0, 4), p=Point("plane", (0, 0)), pad=Pad("grid", np.zeros((1, 2))),
            size=Fixed((2, 5), when=lambda **_: (3, "fixed")), mode=["up", "down"],
        ).show(**moved)  # fmt: skip

    class Explore:
        pass

    explore = Explore()
    explore.hands = hands
    assert hands().code() == "explore.hands()"
    moved = hands(n=2, p=(0.5, -1), pad=[[0, 1]], mode="down")
    assert moved.code() == ("explore.hands(n=2, p=(0.5, -1.0), pad=((0.0, 1.0),), mode='down')")
    again = eval(moved.code(), {"explore": explore})
    assert (again.text(), again.code()) == (moved.text(), moved.code())
    with_argument = Explorer("h", lambda n: n, two_panels, str, "explore.h(conv2d=mine)", n=(0, 4))
    assert with_argument.show(n=3).code() == "explore.h(conv2d=mine, n=3)"
    assert Explorer("h", lambda n: n, two_panels, str, n=(0, 4)).code() == ""
