"""How the stored tables of 04_12_capstone_vision are measured."""

from __future__ import annotations

import course_lib as lib
from course_lib.lessons.capstone_vision.nets import NETS, share_flipped, train


def both_nets(seed: int) -> dict[str, float]:
    """Accuracy on held-out digits, and the share of those read rightly that one pixel flips."""
    row = {}
    for name in NETS:
        net, data, _ = train(name, seed)
        row[f"{name}: accuracy"] = lib.accuracy(net(data.x_test), data.y_test)
        flipped = share_flipped(net, data.x_test[:100], data.y_test[:100])
        row |= {f"{name}: flipped by {what}": share for what, share in flipped.items()}
    return row


TABLES = {"04_12.both_nets": both_nets}
