"""What the operations compute, in loops over single numbers: the definition, slow on purpose.

Names and arguments are those of the operations, the result is y alone. Nothing is checked here:
`lib.conv2d` says what is wrong with an input, `lib.plain.conv2d` what is done with a right one.

Numbers may be complex, and so each definition comes with its exact gradient: move one entry by
i·1e-30, and the imaginary part of the result over 1e-30 is the derivative, without a difference
in which digits could be lost [Squire and Trapp, 1998, doi:10.1137/S003614459631241X].
"""

import math

import numpy as np

# -- linear layers --------------------------------------------------------------------------------


def linear(x, weight, bias=None):
    """Every output is a weighted sum of all inputs, plus a bias.

        y[..., o] = bias[o] + sum over i of  weight[o, i] * x[..., i]

    x (..., in_features), weight (out_features, in_features), bias (out_features,)
    -> y (..., out_features)

    >>> linear(np.array([1.0, 2.0]), np.array([[10.0, 1.0]]), np.array([0.5]))
    array([12.5])
    """
    y = _zeros((*x.shape[:-1], len(weight)), x, weight, bias)
    for *row, o in np.ndindex(y.shape):
        y[*row, o] = 0 if bias is None else bias[o]
        for i in range(x.shape[-1]):
            y[*row, o] += weight[o, i] * x[*row, i]
    return y


def conv1d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Lay the kernel on every window of x, multiply and add up.

        y[n, o, i] = bias[o] + sum over c, k of  weight[o, c, k] * x[n, c, at]
        at = stride * i + dilation * k - padding                outside of x lie zeros

    x (N, C_in, L), weight (C_out, C_in / groups, K), bias (C_out,) -> y (N, C_out, L')

    >>> conv1d(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[10.0, 1.0]]]))
    array([[[12., 24.]]])
    """
    N, _, L = x.shape
    C_out, C_in, K = weight.shape  # C_in: the channels of one group
    y = _zeros((N, C_out, _places(L, K, stride, padding, dilation)), x, weight, bias)
    for n, o, i in np.ndindex(y.shape):
        y[n, o, i] = 0 if bias is None else bias[o]
        first = o // (C_out // groups) * C_in  # the first channel of o's group
        for c, k in np.ndindex(C_in, K):
            at = stride * i + dilation * k - padding
            if 0 <= at < L:
                y[n, o, i] += weight[o, c, k] * x[n, first + c, at]
    return y


def conv2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Lay the kernel on every window of x, multiply and add up.

        y[n, o, i, j] = bias[o] + sum over c, a, b of  weight[o, c, a, b] * x[n, c, row, column]
        row = stride * i + dilation * a - padding               outside of x lie zeros
        column = stride * j + dilation * b - padding

    x (N, C_in, H, W), weight (C_out, C_in / groups, K_h, K_w), bias (C_out,)
    -> y (N, C_out, H', W')

    >>> conv2d(np.array([[[[1.0, 2.0, 4.0]]]]), np.array([[[[10.0, 1.0]]]]))
    array([[[[12., 24.]]]])
    """
    N, _, H, W = x.shape
    C_out, C_in, K_h, K_w = weight.shape  # C_in: the channels of one group
    (s, t), (p, q), (d, e) = _pair(stride), _pair(padding), _pair(dilation)
    y = _zeros((N, C_out, _places(H, K_h, s, p, d), _places(W, K_w, t, q, e)), x, weight, bias)
    for n, o, i, j in np.ndindex(y.shape):
        y[n, o, i, j] = 0 if bias is None else bias[o]
        first = o // (C_out // groups) * C_in  # the first channel of o's group
        for c, a, b in np.ndindex(C_in, K_h, K_w):
            row, column = s * i + d * a - p, t * j + e * b - q
            if 0 <= row < H and 0 <= column < W:
                y[n, o, i, j] += weight[o, c, a, b] * x[n, first + c, row, column]
    return y


def conv_transpose1d(
    x, weight, bias=None, *, stride=1, padding=0, output_padding=0, dilation=1, groups=1
):
    """Every number of x stamps a copy of the kernel, times itself; where stamps overlap, they add.

        y[n, o, at] += weight[c, o, k] * x[n, c, i]
        at = stride * i + dilation * k - padding                what falls outside of y is cut off

    x (N, C_in, L), weight (C_in, C_out / groups, K), bias (C_out,) -> y (N, C_out, L')

    >>> conv_transpose1d(np.array([[[1.0, 2.0]]]), np.array([[[10.0, 1.0]]]))
    array([[[10., 21.,  2.]]])
    """
    N, C_in, L = x.shape
    _, C_out, K = weight.shape  # C_out: the channels of one group
    size = _stamped(L, K, stride, padding, dilation) + output_padding
    y = _zeros((N, C_out * groups, size), x, weight, bias)
    for n, o, at in np.ndindex(y.shape):
        y[n, o, at] = 0 if bias is None else bias[o]
    for n, c, i in np.ndindex(x.shape):
        first = c // (C_in // groups) * C_out  # the first channel that c's group stamps on
        for o, k in np.ndindex(C_out, K):
            at = stride * i + dilation * k - padding
            if 0 <= at < size:
                y[n, first + o, at] += weight[c, o, k] * x[n, c, i]
    return y


def conv_transpose2d(
    x, weight, bias=None, *, stride=1, padding=0, output_padding=0, dilation=1, groups=1
):
    """Every number of x stamps a copy of the kernel, times itself; where stamps overlap, they add.

        y[n, o, row, column] += weight[c, o, a, b] * x[n, c, i, j]
        row = stride * i + dilation * a - padding               what falls outside of y is cut off
        column = stride * j + dilation * b - padding

    x (N, C_in, H, W), weight (C_in, C_out / groups, K_h, K_w), bias (C_out,)
    -> y (N, C_out, H', W')

    >>> conv_transpose2d(np.array([[[[1.0, 2.0]]]]), np.array([[[[10.0, 1.0]]]]))
    array([[[[10., 21.,  2.]]]])
    """
    N, C_in, H, W = x.shape
    _, C_out, K_h, K_w = weight.shape  # C_out: the channels of one group
    (s, t), (p, q), (d, e) = _pair(stride), _pair(padding), _pair(dilation)
    rows, columns = _pair(output_padding)
    height, width = _stamped(H, K_h, s, p, d) + rows, _stamped(W, K_w, t, q, e) + columns
    y = _zeros((N, C_out * groups, height, width), x, weight, bias)
    for n, o, row, column in np.ndindex(y.shape):
        y[n, o, row, column] = 0 if bias is None else bias[o]
    for n, c, i, j in np.ndindex(x.shape):
        first = c // (C_in // groups) * C_out  # the first channel that c's group stamps on
        for o, a, b in np.ndindex(C_out, K_h, K_w):
            row, column = s * i + d * a - p, t * j + e * b - q
            if 0 <= row < height and 0 <= column < width:
                y[n, first + o, row, column] += weight[c, o, a, b] * x[n, c, i, j]
    return y


# -- activation: every number by itself, or a row of scores together ------------------------------


def relu(x):
    """y = x where x > 0, else 0; x (...) -> y (...)

    >>> relu(np.array([-2.0, 3.0]))
    array([0., 3.])
    """
    return _each(x, lambda v: v if v.real > 0 else 0)


def leaky_relu(x, negative_slope=0.01):
    """y = x where x > 0, else negative_slope * x; x (...) -> y (...)

    >>> leaky_relu(np.array([-2.0, 3.0]), 0.1)
    array([-0.2,  3. ])
    """
    return _each(x, lambda v: v if v.real > 0 else negative_slope * v)


def sigmoid(x):
    """y = 1 / (1 + exp(-x)); x (...) -> y (...)

    >>> sigmoid(np.array([0.0, np.log(3.0)]))
    array([0.5 , 0.75])
    """
    return _each(x, lambda v: 1 / (1 + np.exp(-v)))


def tanh(x):
    """y = (exp(x) - exp(-x)) / (exp(x) + exp(-x)); x (...) -> y (...)

    >>> tanh(np.array([0.0, np.log(3.0)]))
    array([0. , 0.8])
    """
    return _each(x, np.tanh)


def gelu(x, *, approximate="none"):
    """y = x * (share of the normal distribution that lies below x); x (...) -> y (...)

        y = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))      with approximate="tanh"

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(3)
    array([-0.159,  0.   ,  0.841])
    """
    if approximate == "tanh":
        root = math.sqrt(2 / math.pi)
        return _each(x, lambda v: v / 2 * (1 + np.tanh(root * (v + 0.044715 * v**3))))
    return _each(x, lambda v: v * _share_below(v))


def silu(x):
    """y = x * sigmoid(x); x (...) -> y (...)

    >>> silu(np.array([0.0, np.log(3.0)])).round(3)
    array([0.   , 0.824])
    """
    return _each(x, lambda v: v / (1 + np.exp(-v)))


def softmax(x, *, dim=-1):
    """Turn scores into shares that sum to 1 along the axis dim.

        y[i] = exp(x[i]) / sum over j of exp(x[j])              x (...) -> y (...)

    >>> softmax(np.log([1.0, 3.0]))
    array([0.25, 0.75])
    """
    return _along(x, dim, _shares)


def log_softmax(x, *, dim=-1):
    """The logarithm of softmax.

        y[i] = x[i] - log(sum over j of exp(x[j]))              x (...) -> y (...)

    >>> np.exp(log_softmax(np.log([1.0, 3.0])))
    array([0.25, 0.75])
    """
    return _along(x, dim, _log_shares)


# -- pooling --------------------------------------------------------------------------------------


def max_pool1d(x, kernel_size, *, stride=None, padding=0):
    """The largest number in every window; padding never wins.

        y[n, c, i] = max over k of  x[n, c, stride * i + k - padding]      x (N, C, L) -> (N, C, L')

    >>> max_pool1d(np.array([[[0.1, 0.9, 0.2, 0.3]]]), 2)
    array([[[0.9, 0.3]]])
    """
    return _pool1d(x, kernel_size, stride, padding, _largest)


def max_pool2d(x, kernel_size, *, stride=None, padding=0):
    """The largest number in every window; padding never wins.

        y[n, c, i, j] = max over a, b of  x[n, c, row, column]
        row = stride * i + a - padding             column = stride * j + b - padding

    x (N, C, H, W) -> y (N, C, H', W')

    >>> max_pool2d(np.array([[[[0.1, 0.9], [0.2, 0.3]]]]), 2)
    array([[[[0.9]]]])
    """
    return _pool2d(x, kernel_size, stride, padding, _largest)


def avg_pool1d(x, kernel_size, *, stride=None, padding=0, count_include_pad=True):
    """The mean of every window; zeros of the padding count unless count_include_pad=False.

        y[n, c, i] = mean over k of  x[n, c, stride * i + k - padding]     x (N, C, L) -> (N, C, L')

    >>> avg_pool1d(np.array([[[1.0, 3.0, 5.0, 9.0]]]), 2)
    array([[[2., 7.]]])
    """
    return _pool1d(x, kernel_size, stride, padding, _mean(count_include_pad))


def avg_pool2d(x, kernel_size, *, stride=None, padding=0, count_include_pad=True):
    """The mean of every window; zeros of the padding count unless count_include_pad=False.

        y[n, c, i, j] = mean over a, b of  x[n, c, row, column]
        row = stride * i + a - padding             column = stride * j + b - padding

    x (N, C, H, W) -> y (N, C, H', W')

    >>> avg_pool2d(np.array([[[[1.0, 3.0], [5.0, 9.0]]]]), 2)
    array([[[[4.5]]]])
    """
    return _pool2d(x, kernel_size, stride, padding, _mean(count_include_pad))


def global_avg_pool(x):
    """y[n, c] = mean of all x[n, c]; x (N, C, *size) -> y (N, C)

    >>> global_avg_pool(np.array([[[1.0, 2.0, 6.0]]]))
    array([[3.]])
    """
    y = _zeros(x.shape[:2], x)
    for n, c in np.ndindex(y.shape):
        y[n, c] = sum(x[n, c].flat) / x[n, c].size
    return y


# -- dropout: the mask is given, so that there is one y -------------------------------------------


def dropout(x, p=0.5, *, mask):
    """y = x / (1 - p) where mask is true, else 0; x (...), mask (...) -> y (...)

    >>> dropout(np.array([1.0, 2.0]), mask=np.array([True, False]))
    array([2., 0.])
    """
    y = _zeros(x.shape, x)
    for at in np.ndindex(x.shape):
        y[at] = x[at] / (1 - p) if mask[at] else 0
    return y


def dropout1d(x, p=0.5, *, mask):
    """Whole channels: y[n, c] = x[n, c] / (1 - p) where mask[n, c] is true, else 0.

    x (N, C, L), mask (N, C) -> y (N, C, L)

    >>> dropout1d(np.array([[[1.0, 2.0], [3.0, 4.0]]]), mask=np.array([[True, False]]))
    array([[[2., 4.], [0., 0.]]])
    """
    return dropout(x, p, mask=np.broadcast_to(mask[:, :, None], x.shape))


def dropout2d(x, p=0.5, *, mask):
    """Whole channels: y[n, c] = x[n, c] / (1 - p) where mask[n, c] is true, else 0.

    x (N, C, H, W), mask (N, C) -> y (N, C, H, W)

    >>> dropout2d(np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]]), mask=np.array([[True, False]]))
    array([[[[2., 4.]], [[0., 0.]]]])
    """
    return dropout(x, p, mask=np.broadcast_to(mask[:, :, None, None], x.shape))


# -- normalization: which numbers share a mean and a variance? ------------------------------------


def batch_norm(x, weight=None, bias=None, *, eps=1e-5):
    """Mean 0 and variance 1 for each channel over the batch and all positions, then rescale.

        y = weight[c] * (x - mean) / sqrt(var + eps) + bias[c]      mean, var of all x[:, c]

    x (N, C, ...), weight (C,), bias (C,) -> y (N, C, ...)

    >>> batch_norm(np.array([[1.0], [3.0]])).round(2)
    array([[-1.], [ 1.]])
    """
    y = _zeros(x.shape, x, weight, bias)
    for c in range(x.shape[1]):
        together = [at for at in np.ndindex(x.shape) if at[1] == c]
        for at, value in _standardized(x, together, eps):
            y[at] = _rescaled(value, weight, bias, c)
    return y


def layer_norm(x, weight=None, bias=None, *, normalized_shape=None, eps=1e-5):
    """Mean 0 and variance 1 for each example over its features, then rescale.

        y = weight * (x - mean) / sqrt(var + eps) + bias      mean, var over the last axes

    x (..., *normalized_shape), weight and bias normalized_shape -> y (..., *normalized_shape)

    >>> layer_norm(np.array([[1.0, 3.0]])).round(2)
    array([[-1.,  1.]])
    """
    y = _zeros(x.shape, x, weight, bias)
    examples, features = _split_shape(x, weight, normalized_shape)
    for row in np.ndindex(examples):
        together = [row + feature for feature in np.ndindex(features)]
        for at, value in _standardized(x, together, eps):
            y[at] = _rescaled(value, weight, bias, at[len(row) :])
    return y


def rms_norm(x, weight=None, *, normalized_shape=None, eps=None):
    """Mean square 1 for each example over its features, then rescale: LayerNorm without the mean.

        y = weight * x / sqrt(mean of x**2 + eps)             mean over the last axes

    x (..., *normalized_shape), weight normalized_shape -> y (..., *normalized_shape)

    >>> rms_norm(np.array([[3.0, -4.0, 0.0, 0.0]])).round(2)
    array([[ 1.2, -1.6,  0. ,  0. ]])
    """
    y = _zeros(x.shape, x, weight)
    eps = np.finfo(x.dtype).eps if eps is None else eps
    examples, features = _split_shape(x, weight, normalized_shape)
    for row in np.ndindex(examples):
        size = np.sqrt(sum(v**2 for v in x[row].flat) / math.prod(features) + eps)
        for feature in np.ndindex(features):
            y[row + feature] = _rescaled(x[row + feature] / size, weight, None, feature)
    return y


def group_norm(x, weight=None, bias=None, *, num_groups, eps=1e-5):
    """Mean 0 and variance 1 for each group of an example's channels, then rescale.

        y = weight[c] * (x - mean) / sqrt(var + eps) + bias[c]      mean, var per example and group

    x (N, C, ...), weight (C,), bias (C,) -> y (N, C, ...)

    >>> group_norm(np.array([[1.0, 3.0, 10.0, 50.0]]), num_groups=2).round(2)
    array([[-1.,  1., -1.,  1.]])
    """
    y = _zeros(x.shape, x, weight, bias)
    size = x.shape[1] // num_groups
    for n, g in np.ndindex(len(x), num_groups):
        together = [at for at in np.ndindex(x.shape) if at[0] == n and at[1] // size == g]
        for at, value in _standardized(x, together, eps):
            y[at] = _rescaled(value, weight, bias, at[1])
    return y


# -- attention, embedding, position, recurrence ---------------------------------------------------


def attention_weights(query, key, *, mask=None, causal=False):
    """How much each query attends to each key.

        weights[..., t, :] = softmax over s of  (query[..., t] · key[..., s] / sqrt(d))

    query (..., T, d), key (..., S, d), mask (..., T, S) -> weights (..., T, S)

    mask: True where a query may attend to a key, or numbers to add to the scores. causal: only keys
    0 to t. A query that may attend to nothing gets zeros.

    >>> attention_weights(np.zeros((2, 1)), np.zeros((2, 1)), causal=True)
    array([[1. , 0. ], [0.5, 0.5]])
    """
    *leading, length, d = query.shape
    weights = _zeros((*leading, length, key.shape[-2]), query, key)
    added = 0 if mask is None else np.where(mask, 0, -np.inf) if mask.dtype == bool else mask
    added = np.broadcast_to(added, weights.shape)
    for *at, t in np.ndindex(*leading, length):
        scores = []
        for s in range(min(t + 1, key.shape[-2]) if causal else key.shape[-2]):
            match = sum(query[*at, t, i] * key[*at, s, i] for i in range(d))
            scores.append(match / math.sqrt(d) + added[*at, t, s])
        for s, share in enumerate(_shares(scores)):
            weights[*at, t, s] = share
    return weights


def scaled_dot_product_attention(query, key, value, *, mask=None, causal=False, left=None):
    """Match every query with every key, then mix the values: the better the match, the more of it.

        y[..., t, i] = sum over s of  weights[..., t, s] * value[..., s, i]

    with `attention_weights`; value (..., S, d_v) -> y (..., T, d_v). Dropout multiplies each weight
    by left (..., T, S), which is 0 or 1 / (1 - p).

    >>> one, values = np.zeros((2, 1)), np.array([[2.0], [4.0]])
    >>> scaled_dot_product_attention(one, one, values)
    array([[3.], [3.]])
    """
    weights = attention_weights(query, key, mask=mask, causal=causal)
    weights = weights if left is None else weights * left
    y = _zeros((*query.shape[:-1], value.shape[-1]), weights, value)
    for *at, t, i in np.ndindex(y.shape):
        for s in range(value.shape[-2]):
            y[*at, t, i] += weights[*at, t, s] * value[*at, s, i]
    return y


def split_heads(x, num_heads):
    """heads[..., h, t, i] = x[..., t, h * d + i]; x (..., T, E) -> heads (..., num_heads, T, d)

    >>> split_heads(np.array([[1.0, 2.0, 3.0, 4.0]]), 2)
    array([[[1., 2.]], [[3., 4.]]])
    """
    d = x.shape[-1] // num_heads
    heads = _zeros((*x.shape[:-2], num_heads, x.shape[-2], d), x)
    for *at, h, t, i in np.ndindex(heads.shape):
        heads[*at, h, t, i] = x[*at, t, h * d + i]
    return heads


def merge_heads(x):
    """merged[..., t, h * d + i] = x[..., h, t, i]; x (..., num_heads, T, d) -> (..., T, E)

    >>> merge_heads(np.array([[[1.0, 2.0]], [[3.0, 4.0]]]))
    array([[1., 2., 3., 4.]])
    """
    *leading, num_heads, length, d = x.shape
    merged = _zeros((*leading, length, num_heads * d), x)
    for *at, h, t, i in np.ndindex(x.shape):
        merged[*at, t, h * d + i] = x[*at, h, t, i]
    return merged


def embedding(indices, weight):
    """y[..., i] = weight[index, i]; indices (...), weight (num_embeddings, d) -> y (..., d)

    >>> embedding(np.array([1, 1, 0]), np.array([[5.0], [7.0]]))
    array([[7.], [7.], [5.]])
    """
    y = _zeros((*indices.shape, weight.shape[1]), weight)
    for *at, i in np.ndindex(y.shape):
        y[*at, i] = weight[indices[*at], i]
    return y


def sinusoidal_encoding(length, d_model, *, base=10000.0, dtype=np.float32):
    """Pairs of sine and cosine, each pair slower than the last.

        code[p, 2i] = sin(p / base**(2i / d_model))      code[p, 2i + 1] = cos of the same angle

    -> code (length, d_model)

    >>> sinusoidal_encoding(2, 2, dtype=np.float64).round(2)
    array([[0.  , 1.  ], [0.84, 0.54]])
    """
    code = np.zeros((length, d_model), dtype)
    for p, i in np.ndindex(code.shape):
        code[p, i] = (math.cos if i % 2 else math.sin)(p / base ** (i // 2 * 2 / d_model))
    return code


def rotary(x, *, base=10000.0, positions=None):
    """Turn each pair of features by the angle  a = p / base**(2i / d)  at position p.

        y[..., p, 2i]     = cos(a) * x[..., p, 2i] - sin(a) * x[..., p, 2i + 1]
        y[..., p, 2i + 1] = sin(a) * x[..., p, 2i] + cos(a) * x[..., p, 2i + 1]

    x (..., T, d), positions (T,), 0 to T - 1 unless given -> y (..., T, d)

    >>> rotary(np.array([[1.0, 0.0], [1.0, 0.0]])).round(2)
    array([[1.  , 0.  ], [0.54, 0.84]])
    """
    *leading, length, d = x.shape
    y = _zeros(x.shape, x)
    for *at, t, i in np.ndindex(*leading, length, d // 2):
        angle = (t if positions is None else positions[t]) / base ** (2 * i / d)
        cos, sin = math.cos(angle), math.sin(angle)
        y[*at, t, 2 * i] = cos * x[*at, t, 2 * i] - sin * x[*at, t, 2 * i + 1]
        y[*at, t, 2 * i + 1] = sin * x[*at, t, 2 * i] + cos * x[*at, t, 2 * i + 1]
    return y


def rnn(x, h0, weight_ih, weight_hh, bias_ih=None, bias_hh=None):
    """Mix every step's input with the state so far, squash, and hand the state on.

        h[t] = tanh(weight_ih @ x[t] + bias_ih + weight_hh @ h[t-1] + bias_hh)

    x (N, T, D), h0 (N, H) or None for zeros, weight_ih (H, D), weight_hh (H, H), biases (H,)
    -> y (N, T, H), the states h[1] to h[T]

    >>> rnn(np.array([[[1.0], [0.0]]]), None, np.ones((1, 1)), np.ones((1, 1))).round(2)
    array([[[0.76], [0.64]]])
    """
    return _states(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, lambda a, b, past: tanh(a + b))


def gru(x, h0, weight_ih, weight_hh, bias_ih=None, bias_hh=None):
    """Gates decide, number by number, how much of the state is kept and how much is new.

        a, b = weight_ih @ x[t] + bias_ih, weight_hh @ h[t-1] + bias_hh     three parts of H numbers
        r, z = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])                   reset, update
        h[t] = (1 - z) * tanh(a[2] + r * b[2]) + z * h[t-1]

    x (N, T, D), h0 (N, H) or None for zeros, weight_ih (3H, D), weight_hh (3H, H), biases (3H,)
    -> y (N, T, H), the states h[1] to h[T]

    >>> gru(np.array([[[1.0], [0.0]]]), None, np.ones((3, 1)), np.ones((3, 1))).round(2)
    array([[[0.2 ], [0.16]]])
    """

    def step(a, b, past):
        (a_r, a_z, a_n), (b_r, b_z, b_n) = np.split(a, 3), np.split(b, 3)
        update = sigmoid(a_z + b_z)
        return (1 - update) * tanh(a_n + sigmoid(a_r + b_r) * b_n) + update * past

    return _states(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, step)


# -- loss -----------------------------------------------------------------------------------------


def cross_entropy(
    logits, target, *, weight=None, ignore_index=None, label_smoothing=0.0, reduction="mean",
    allow_empty=False,
):  # fmt: skip
    """Minus the log of the share at the true class; smoothed, also at all classes a little.

        t[c] = (1 - label_smoothing) * (c == target[n]) + label_smoothing / C
        loss[n] = -sum over c of  weight[c] * t[c] * log(softmax(logits[n])[c])
        mean = sum of all loss[n] / sum of all weight[target[n]]         ignored rows left out

    The mean of nothing is 0 with allow_empty.

    logits (..., C), target (...) integers, weight (C,) -> loss ()

    >>> cross_entropy(np.log([[1.0, 3.0]]), np.array([1])).round(3) == -np.log(0.75).round(3)
    np.True_
    """
    losses, count, classes = _zeros(target.shape, logits, weight), 0, logits.shape[-1]
    for at in np.ndindex(target.shape):
        if target[at] == ignore_index:
            continue
        for c, log_share in enumerate(_log_shares(logits[at])):
            hit = (1 - label_smoothing) * (c == target[at]) + label_smoothing / classes
            if hit:
                losses[at] -= (1 if weight is None else weight[c]) * hit * log_share
        count += 1 if weight is None else weight[target[at]]
    return _reduced(losses, count or float(allow_empty), reduction)


def binary_cross_entropy_with_logits(logits, target, *, reduction="mean"):
    """The mean of  target * log(1 + exp(-logits)) + (1 - target) * log(1 + exp(logits))

    logits (...), target (...) from 0 to 1 -> loss ()

    >>> binary_cross_entropy_with_logits(np.array([0.0]), np.array([1.0])) == np.log(2.0)
    np.True_
    """
    losses = _zeros(logits.shape, logits, target)
    for at in np.ndindex(losses.shape):
        no, yes = _log_shares([np.zeros(()), logits[at]])
        losses[at] = -target[at] * yes - (1 - target[at]) * no
    return _reduced(losses, losses.size, reduction)


def mse(y, target, *, reduction="mean"):
    """The mean of (y - target)**2; y (...), target (...) -> loss ()

    >>> mse(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    array(2.)
    """
    losses = _zeros(y.shape, y, target)
    for at in np.ndindex(y.shape):
        losses[at] = (y[at] - target[at]) ** 2
    return _reduced(losses, y.size, reduction)


# -- what several of them do ----------------------------------------------------------------------


def _zeros(shape, *arrays):
    """Zeros that can hold what comes of these arrays."""
    given = [array for array in arrays if array is not None]
    return np.zeros(shape, np.result_type(np.float32, *given))


def _states(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, step):
    """step(from x[t], from the state before, the state before) for every t"""
    H = weight_hh.shape[1]
    y = _zeros((*x.shape[:2], H), x, weight_ih, weight_hh, h0, bias_ih, bias_hh)
    for n, t in np.ndindex(x.shape[:2]):
        past = y[n, t - 1] if t else (np.zeros(H) if h0 is None else h0[n])
        from_x, from_past = linear(x[n, t], weight_ih, bias_ih), linear(past, weight_hh, bias_hh)
        y[n, t] = step(from_x, from_past, past)
    return y


def _pair(value):
    return value if isinstance(value, tuple) else (value, value)


def _places(size, kernel, stride, padding, dilation=1):
    """How many windows fit."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _stamped(size, kernel, stride, padding, dilation):
    """How far the stamps reach."""
    return (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1


def _each(x, function):
    y = _zeros(x.shape, x)
    for at in np.ndindex(x.shape):
        y[at] = function(x[at])
    return y


def _share_below(v):
    """The share of the normal distribution below v; its slope is the bell curve."""
    slope = math.exp(-v.real * v.real / 2) / math.sqrt(2 * math.pi)
    # the last factor is 0, or a step too small for a second term
    return math.erfc(-v.real / math.sqrt(2)) / 2 + slope * (v - v.real)


def _along(x, dim, function):
    """Apply a function of a list to every row of x along dim."""
    y = _zeros(x.shape, x)
    rows, out = np.moveaxis(x, dim, -1), np.moveaxis(y, dim, -1)  # two other views of x and y
    for at in np.ndindex(rows.shape[:-1]):
        out[at] = function(list(rows[at]))
    return y


def _shares(scores):
    largest = _largest(scores)
    if largest.real == -math.inf:
        return [0 for _ in scores]
    exps = [np.exp(score - largest) for score in scores]  # at most 1 each: no overflow
    return [e / sum(exps) for e in exps]


def _log_shares(scores):
    largest = _largest(scores)
    below = [score - largest for score in scores]
    return [b - np.log(sum(np.exp(b) for b in below)) for b in below]


def _pool1d(x, kernel_size, stride, padding, pool):
    """pool(the numbers in the window, how many positions it has) at every place."""
    steps = 1, kernel_size if stride is None else stride
    return _pool2d(x[:, :, None], (1, kernel_size), steps, (0, padding), pool)[:, :, 0]


def _pool2d(x, kernel_size, stride, padding, pool):
    """pool(the numbers in the window, how many positions it has) at every place."""
    N, C, H, W = x.shape
    (K_h, K_w), (p, q) = _pair(kernel_size), _pair(padding)
    s, t = _pair(kernel_size if stride is None else stride)
    y = _zeros((N, C, _places(H, K_h, s, p), _places(W, K_w, t, q)), x)
    for n, c, i, j in np.ndindex(y.shape):
        places = [(s * i + a - p, t * j + b - q) for a, b in np.ndindex(K_h, K_w)]
        inside = [x[n, c, u, v] for u, v in places if 0 <= u < H and 0 <= v < W]
        y[n, c, i, j] = pool(inside, K_h * K_w)
    return y


def _largest(values, positions=None):
    return max(values, key=lambda v: v.real)


def _mean(padded):
    """The mean with the padding's zeros, or of what lies inside."""
    return lambda values, positions: sum(values) / (positions if padded else len(values))


def _standardized(x, together, eps):
    """(place, its number with the mean 0 and variance 1 of all these places)"""
    mean = sum(x[at] for at in together) / len(together)
    var = sum((x[at] - mean) ** 2 for at in together) / len(together)
    return [(at, (x[at] - mean) / np.sqrt(var + eps)) for at in together]


def _rescaled(value, weight, bias, at):
    value = value if weight is None else weight[at] * value
    return value if bias is None else value + bias[at]


def _split_shape(x, weight, normalized_shape):
    """(leading axes, the last axes that are normalised)"""
    if normalized_shape is None:
        normalized_shape = x.shape[-1:] if weight is None else weight.shape
    axes = len(normalized_shape) if isinstance(normalized_shape, tuple) else 1
    return x.shape[:-axes], x.shape[-axes:]


def _reduced(losses, count, reduction):
    if reduction == "none":
        return losses
    return np.array(sum(losses.flat) / (count if reduction == "mean" else 1))
