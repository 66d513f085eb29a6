"""One edit to a right answer, as a learner slips, and the check names what was done.

The bank describes a mistake by what it computes. Here it is made in code as learners write it: by
loops over indices, by slices, by a formula.
"""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import explore
from course_lib.engine.checking import accepts, judge
from course_lib.lessons import EXERCISES
from course_lib.lessons.convolution import gradient_flows_back, kernel_takes_shape

SIZE = """
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
"""

SIZE_LOOP = """
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    span = dilation * (kernel_size - 1) + 1
    return len(range(0, size + 2 * padding - span + 1, stride))
"""

CONV1D = """
def conv1d_forward(x, weight, bias, stride, padding, dilation):
    examples, c_in, length = x.shape
    c_out, _, k = weight.shape
    positions = (length + 2 * padding - dilation * (k - 1) - 1) // stride + 1
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    y = np.zeros((examples, c_out, positions))
    for n in range(examples):
        for o in range(c_out):
            for i in range(positions):
                for c in range(c_in):
                    for j in range(k):
                        y[n, o, i] += weight[o, c, j] * x[n, c, i * stride + j * dilation]
                y[n, o, i] += bias[o]
    return y
"""

CONV1D_SLICES = """
def conv1d_forward(x, weight, bias, stride, padding, dilation):
    span = dilation * (weight.shape[2] - 1) + 1
    positions = (x.shape[2] + 2 * padding - span) // stride + 1
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    y = np.zeros((len(x), len(weight), positions))
    for i in range(positions):
        window = x[:, :, i * stride : i * stride + span : dilation]
        y[:, :, i] = np.einsum("nck,ock->no", window, weight)
    return y + bias[:, None]
"""

CONV1D_INSIDE = """
def conv1d_forward(x, weight, bias, stride, padding, dilation):
    length, k = x.shape[2], weight.shape[2]
    positions = (length + 2 * padding - dilation * (k - 1) - 1) // stride + 1
    y = np.zeros((len(x), len(weight), positions)) + bias[:, None]
    for i in range(positions):
        for j in range(k):
            at = i * stride + j * dilation - padding
            if 0 <= at < length:
                y[:, :, i] += x[:, :, at] @ weight[:, :, j].T
    return y
"""

CONV2D = """
def conv2d_forward(x, weight, bias, stride, padding):
    examples, c_in, height, width = x.shape
    c_out, _, rows, columns = weight.shape
    down = (height + 2 * padding - rows) // stride + 1
    across = (width + 2 * padding - columns) // stride + 1
    around = (padding, padding)
    x = np.pad(x, ((0, 0), (0, 0), around, around))
    y = np.zeros((examples, c_out, down, across))
    for n in range(examples):
        for o in range(c_out):
            for i in range(down):
                for j in range(across):
                    for c in range(c_in):
                        for a in range(rows):
                            for b in range(columns):
                                y[n, o, i, j] += (
                                    weight[o, c, a, b] * x[n, c, i * stride + a, j * stride + b]
                                )
                    y[n, o, i, j] += bias[o]
    return y
"""

CONV2D_SLICES = """
def conv2d_forward(x, weight, bias, stride, padding):
    rows, columns = weight.shape[2:]
    down = (x.shape[2] + 2 * padding - rows) // stride + 1
    across = (x.shape[3] + 2 * padding - columns) // stride + 1
    around = (padding, padding)
    x = np.pad(x, ((0, 0), (0, 0), around, around))
    y = np.zeros((len(x), len(weight), down, across))
    for i in range(down):
        for j in range(across):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + rows, left : left + columns]
            y[:, :, i, j] = np.einsum("nchw,ochw->no", window, weight)
    return y + bias[:, None, None]
"""

BACKWARD = """
def conv1d_backward(dy, x, weight, stride, padding):
    k = weight.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    dpadded, dweight, dbias = np.zeros(padded.shape), np.zeros(weight.shape), np.zeros(len(weight))
    for n in range(len(x)):
        for o in range(len(weight)):
            for i in range(dy.shape[2]):
                window = slice(i * stride, i * stride + k)
                dpadded[n, :, window] += dy[n, o, i] * weight[o]
                dweight[o] += dy[n, o, i] * padded[n, :, window]
                dbias[o] += dy[n, o, i]
    dx = dpadded[:, :, padding : padding + x.shape[2]]
    return dx, dweight, dbias
"""

RIGHT = {
    "size": SIZE,
    "size_loop": SIZE_LOOP,
    "conv1d": CONV1D,
    "conv1d_slices": CONV1D_SLICES,
    "conv1d_inside": CONV1D_INSIDE,
    "conv2d": CONV2D,
    "conv2d_slices": CONV2D_SLICES,
    "backward": BACKWARD,
}

PADS_1D = "    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))\n"
PADS_2D = "    x = np.pad(x, ((0, 0), (0, 0), around, around))\n"
HEAD_1D = "(x, weight, bias, stride, padding, dilation):\n"
UNPADDED, UNPADDED_SLICES = CONV1D.replace(PADS_1D, ""), CONV1D_SLICES.replace(PADS_1D, "")

SLIPS = (  # a right answer, what stands in it, what the learner wrote, the mistake's name
    (SIZE, "dilation * (kernel_size - 1) - 1", "kernel_size", "dilation ignored"),
    (SIZE, "- 1) // stride", ") // stride", "window too narrow"),
    (SIZE, "- 1) // stride + 1", ") // stride", "adds the 1 before dividing"),
    (SIZE, "(kernel_size - 1) - 1", "kernel_size - 1", "dilation multiplies the whole kernel"),
    (SIZE, "(kernel_size - 1) - 1", "kernel_size", "dilation multiplies the whole kernel"),
    (
        SIZE,
        "(kernel_size - 1) - 1",
        "(kernel_size - 1) - kernel_size",
        "dilation counted as the gap",
    ),
    (
        SIZE,
        "dilation * (kernel_size - 1) - 1",
        "kernel_size - dilation + 1",
        "dilation counted once",
    ),
    (SIZE, "dilation * (kernel_size - 1) - 1", "0", "kernel size ignored"),
    (
        SIZE,
        "+ 2 * padding - dilation * (kernel_size - 1) - 1",
        "- kernel_size",
        "padding and dilation ignored",
    ),
    (
        SIZE,
        "(size + 2 * padding - dilation * (kernel_size - 1) - 1)",
        "size + 2 * padding - dilation * (kernel_size - 1) - 1",
        "brackets missing",
    ),
    (
        SIZE,
        "return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1",
        "return round((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)",
        "rounds to the nearest",
    ),
    (SIZE, "// stride", "/ stride", "division with a remainder"),
    (SIZE_LOOP, "span + 1", "span", "the last place is missing"),
    (SIZE_LOOP, "(kernel_size - 1) + 1", "(kernel_size - 1)", "window too narrow"),
    (CONV1D, "+= weight", "= weight", "only the last product counts"),
    (CONV1D, "                y[n, o, i] += bias[o]\n", "", "bias forgotten"),
    (
        CONV1D,
        "                y[n, o, i] += bias[o]\n",
        "                    y[n, o, i] += bias[o]\n",
        "bias counted C_in times",
    ),
    (CONV1D, "i * stride + j * dilation", "i + j * dilation", "window i begins at i"),
    (CONV1D, "i * stride + j * dilation", "i * stride + j", "dilation ignored"),
    (CONV1D, "weight[o, c, j]", "weight[o, c, k - 1 - j]", "kernel flipped"),
    (CONV1D, "weight[o, c, j]", "weight[c, o, j]", "axes of weight exchanged"),
    (CONV1D, "weight[o, c, j]", "weight[0, c, j]", "only the first C_out of weight"),
    (CONV1D, "x[n, c,", "x[0, c,", "only the first N"),
    (CONV1D, PADS_1D, "", "reads beyond the end"),
    (CONV1D, "(length + 2 * padding", "(length", "padding missing from the size"),
    (UNPADDED, HEAD_1D, HEAD_1D + PADS_1D, "pads first and counts the padding again"),
    (UNPADDED_SLICES, HEAD_1D, HEAD_1D + PADS_1D, "pads first and counts the padding again"),
    (CONV1D, "padding, padding))", "padding, 0))", "pads one side only"),
    (CONV1D, "padding, padding))", "0, padding))", "pads one side only"),
    (CONV1D_SLICES, "padding, padding))", "padding, 0))", "pads one side only"),
    (CONV1D_INSIDE, "0 <= at < length", "True", "negative index"),
    (
        UNPADDED_SLICES,
        "i * stride : i * stride",
        "i * stride - padding : i * stride - padding",
        "negative index",
    ),
    (CONV1D, "    return y", "        return y", "return inside a loop"),
    (CONV1D, "    return y", "            return y", "return inside a loop"),
    (CONV1D, "    return y", "                return y", "return inside a loop"),
    (CONV1D_SLICES, "+ bias[:, None]", "+ bias", "bias along the positions"),
    (CONV1D_SLICES, "bias[:, None]", "0", "bias forgotten"),
    (CONV1D_SLICES, PADS_1D, "", "reads beyond the end"),
    (CONV1D_SLICES, "i * stride : i * stride + span", "i : i + span", "window i begins at i"),
    (
        CONV1D_SLICES,
        "i * stride + span : dilation",
        "i * stride + weight.shape[2]",
        "dilation ignored",
    ),
    (CONV1D_SLICES, "x[:, :, i *", "x[:1, :, i *", "only the first N"),
    (CONV2D, "+= (", "= (", "only the last product counts"),
    (CONV2D, "i * stride + a, j * stride + b", "i + a, j + b", "window i begins at i"),
    (CONV2D, "i * stride + a", "i + a", "stride along one axis only"),
    (CONV2D, "j * stride + b", "j + b", "stride along one axis only"),
    (CONV2D, "weight[o, c, a, b]", "weight[c, o, a, b]", "axes of weight exchanged"),
    (
        CONV2D,
        "= weight.shape\n",
        "= (*weight.shape[:3], weight.shape[2])\n",
        "kernel taken to be square",
    ),
    (CONV2D, PADS_2D, "", "reads beyond the end"),
    (CONV2D, "    return y", "        return y", "return inside a loop"),
    (CONV2D, "    return y", "                    return y", "return inside a loop"),
    (CONV2D_SLICES, "bias[:, None, None]", "bias[:, None]", "bias along the positions"),
    (CONV2D_SLICES, "bias[:, None, None]", "bias", "bias along the positions"),
    (CONV2D_SLICES, PADS_2D, "", "reads beyond the end"),
    (CONV2D_SLICES, "i * stride, j * stride", "i, j", "window i begins at i"),
    (
        BACKWARD,
        "dpadded[n, :, window] +=",
        "dpadded[n, :, window] =",
        "dx: only the last window kept where windows overlap",
    ),
    (BACKWARD, "dweight[o] +=", "dweight[o] =", "dweight: only the last N and L' counts"),
    (
        BACKWARD,
        "dweight[o] += dy[n, o, i] * padded",
        "dweight[o] += dy[n, o, i] * x",
        "dweight: x not padded",
    ),
    (BACKWARD, "i * stride, i * stride", "i, i", "dx, dweight: stride ignored"),
    (
        BACKWARD,
        "padding : padding + x.shape[2]",
        "padding:-padding",
        "dx: nothing left without padding",
    ),
    (
        BACKWARD,
        "padding : padding + x.shape[2]",
        ": x.shape[2]",
        "dx: padding's gradient cut off at one end",
    ),
    (
        BACKWARD,
        "return dx, dweight, dbias",
        "return dx / len(x), dweight, dbias",
        "dx: divided by N",
    ),
    (
        BACKWARD,
        "return dx, dweight, dbias",
        "return tuple(g / len(x) for g in (dx, dweight, dbias))",
        "dx, dweight, dbias: divided by N",
    ),
    (
        BACKWARD,
        "return dx, dweight, dbias",
        "return -dx, -dweight, -dbias",
        "dx, dweight, dbias: opposite sign",
    ),
    (
        BACKWARD,
        "return dx, dweight, dbias",
        "return dx, dweight, dy.sum()",
        "dbias: summed over the wrong axes",
    ),
    (
        BACKWARD,
        "return dx, dweight, dbias",
        "return dx, dweight, dy.mean((0, 2))",
        "dbias: divided by N * L'",
    ),
)


def judged(code):
    namespace = {"np": np}
    exec(code, namespace)
    name = next(name for name in EXERCISES if name in namespace)
    return judge(EXERCISES[name], namespace[name]).diagnosis


@pytest.mark.parametrize("code", RIGHT.values(), ids=list(RIGHT))
def test_the_code_without_a_slip_passes(code):
    assert judged(code) == "passed"


@pytest.mark.parametrize(("code", "right", "wrong", "name"), SLIPS)
def test_a_slip_is_named(code, right, wrong, name):
    assert code.count(right) == 1
    assert judged(code.replace(right, wrong)) == f"slip:{name}"


CORNERS = {  # where wrong answers were right by luck: no case met it
    "a single output": ("conv1d_forward", lambda y, x, w, s, p: y.shape[2] == 1),
    "x shorter than the window": ("conv1d_forward", lambda y, x, w, s, p: x.shape[2] < w.shape[2]),
    "K = 1 with padding": ("conv1d_forward", lambda y, x, w, s, p: w.shape[2] == 1 and p > 0),
    "one column": ("conv2d_forward", lambda y, x, w, s, p: w.shape[3] == 1 < w.shape[2]),
    "1 by 1": ("conv2d_forward", lambda y, x, w, s, p: w.shape[2:] == (1, 1)),
    "1 by 1 with padding": ("conv2d_forward", lambda y, x, w, s, p: w.shape[2:] == (1, 1) and p),
    "stride over columns": ("conv2d_forward", lambda y, x, w, s, p: s > w.shape[3]),
    "stride over both": ("conv2d_forward", lambda y, x, w, s, p: s > max(w.shape[2:])),
    "padding over both": ("conv2d_forward", lambda y, x, w, s, p: p >= max(w.shape[2:])),
}


@pytest.mark.parametrize(("name", "condition"), CORNERS.values(), ids=list(CORNERS))
def test_an_answer_that_is_wrong_in_a_corner_fails(name, condition):
    def wrong(x, weight, bias, stride, padding, *dilation):
        y = EXERCISES[name].reference(x, weight, bias, stride, padding, *dilation)
        return y + 1 if condition(y, x, weight, stride, padding) else y

    assert not accepts(EXERCISES[name], wrong)


def test_gradients_that_are_wrong_for_one_weight_with_padding_fail():
    def wrong(dy, x, weight, stride, padding):
        dx, dweight, dbias = EXERCISES["conv1d_backward"].reference(dy, x, weight, stride, padding)
        return dx + (weight.shape[2] == 1 and padding > 0), dweight, dbias

    assert not accepts(EXERCISES["conv1d_backward"], wrong)


EDGE = EXERCISES["make_edge_kernel"]
PREWITT = np.array([[-1, 0, 1]] * 3)
SOBEL = np.outer([1.0, 2.0, 1.0], [1.0, 0.0, -1.0])


def test_an_edge_kernel_that_answers_to_upright_edges_passes():
    rng = np.random.default_rng(0)
    for _ in range(300):
        kernel = rng.normal(size=(3, 3))
        kernel -= kernel.mean()
        across = max(abs(kernel[:, 1:].sum()), abs(kernel[:, 2:].sum()))
        along = max(abs(kernel[1:].sum()), abs(kernel[2:].sum()))
        report = judge(EDGE, lambda kernel=kernel: kernel)
        assert report.passed == (along <= 2 * across and across >= 0.1)


@pytest.mark.parametrize(
    "kernel",
    [
        np.array([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]),
        np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]),
        PREWITT.astype(np.float32),
        np.asfortranarray(SOBEL),
    ],
    ids=["slanting", "laplacian", "float32", "fortran order"],
)
def test_what_else_an_edge_kernel_answers_to_is_free(kernel):
    assert judge(EDGE, lambda: kernel).passed


@pytest.mark.parametrize("sum_", [1e-3, -1e-3, 1e-5])
def test_weights_that_sum_to_nearly_zero_are_not_silent(sum_):
    kernel = SOBEL.copy()
    kernel[1, 1] = sum_
    assert judge(EDGE, lambda: kernel).diagnosis == "slip:does not sum to zero"


def test_weights_that_sum_to_zero_up_to_rounding_are_silent():
    kernel = np.array([[0.1, 0.2, -0.3]] * 3, np.float32)
    assert kernel.astype(float).sum() != 0
    assert judge(EDGE, lambda: kernel).passed


def test_a_kernel_for_slanting_edges_hears_that_upright_ones_are_missed():
    report = judge(EDGE, lambda: np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]]))
    assert "gives 0 at every upright edge" in report.message
    assert "on every edge" not in report.message


def test_a_kernel_of_bytes_hears_that_the_dtype_is_the_cause():
    report = judge(EDGE, lambda: PREWITT.astype(np.uint8))
    assert report.diagnosis == "type"
    assert "-1 comes out as 255" in report.message


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 0.03])
def test_an_edge_kernel_too_weak_to_see_fails(scale):
    report = judge(EDGE, lambda: PREWITT * scale)
    assert report.diagnosis == "slip:answers too weakly"


@pytest.mark.parametrize("kernel", [SOBEL / 8, PREWITT / 6, 1e6 * SOBEL])
def test_an_edge_kernel_may_be_scaled(kernel):
    assert judge(EDGE, lambda: kernel).passed


def test_a_line_detector_answers_to_upright_edges_too():
    """From both sides, with opposite signs; the exercise leaves the sign open, and says so."""
    report = judge(EDGE, lambda: np.array([[-1, 2, -1]] * 3))
    assert report.passed
    assert "The sign of the answer is up to you" in report.message


def test_a_kernel_of_zeros_finds_nothing():
    assert "answers to nothing" in judge(EDGE, lambda: np.zeros((3, 3))).message


# The gradient flows back; a kernel takes shape


@pytest.mark.parametrize(("kernel_size", "stride", "padding"), [(2, 1, 0), (3, 2, 1), (1, 3, 1)])
def test_the_shares_of_all_outputs_add_up_to_the_gradient(kernel_size, stride, padding):
    weight = gradient_flows_back.WEIGHT_AND_MORE[:kernel_size]
    first = gradient_flows_back.look(weight, stride, padding, 0)
    views = [
        gradient_flows_back.look(weight, stride, padding, output) for output in range(len(first.dy))
    ]
    by_hand = np.zeros(len(gradient_flows_back.X) + 2 * padding)
    for i, dy in enumerate(first.dy):
        by_hand[i * stride : i * stride + kernel_size] += dy * weight
    np.testing.assert_allclose(first.whole[0], by_hand[padding : len(by_hand) - padding])
    for part in (0, 1):
        np.testing.assert_allclose(sum(v.share[part] for v in views), first.whole[part])
        np.testing.assert_allclose(views[-1].so_far[part], first.whole[part])
    for view in views:
        padded = np.pad(gradient_flows_back.X, padding)[view.read + padding]
        np.testing.assert_allclose(view.share[1], view.dy[view.output] * padded)


def test_a_press_chooses_the_output_whose_window_is_nearest():
    explorer = explore.gradient_flows_back(stride=2)
    to_value = explorer._touches["press"].to_value
    assert [to_value(across, 0, **explorer._arguments) for across in (-9, 2, 4.2, 99)] == [
        0,
        0,
        1,
        3,
    ]


def test_the_explorer_begins_with_the_numbers_of_the_page():
    words = explore.gradient_flows_back(output=2).text()
    assert "dx 10, 21, 52, 5, 0" in words
    assert "dweight 25, 25" in words


def test_the_photograph_determines_the_kernel_and_stripes_do_not():
    photograph, losses = kernel_takes_shape.training("photograph", "zeros")
    np.testing.assert_allclose(photograph[-1], kernel_takes_shape.WANTED, atol=0.01)
    assert losses[-1] < kernel_takes_shape.LOWEST
    for start in ("zeros", "random numbers"):
        kernels, losses = kernel_takes_shape.training("stripes", start)
        assert losses[-1] < kernel_takes_shape.LOWEST
        assert abs(kernels[-1] - kernel_takes_shape.WANTED).max() > 0.5
        np.testing.assert_allclose(kernels[-1].sum(axis=0), [-4, 0, 4], atol=0.01)
        rows_apart = kernels - kernels[:, :1]
        np.testing.assert_allclose(rows_apart[-1], rows_apart[0], atol=0.02)  # as at the start
