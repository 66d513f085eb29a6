"""How training went: loss and accuracy, or another metric, over the epochs."""

from __future__ import annotations

from course_lib.draw.palette import DATA, INK, OUTPUT
from course_lib.draw.picture import Picture, new_figure
from course_lib.history import History


def learning_curves(history: History) -> Picture:
    """Draw the losses of a training run, and its metric on held-out examples if there is one.

    Examples
    --------
    >>> from course_lib import History
    >>> learning_curves(History((2.0, 0.5), (2.1, 0.7), (0.3, 0.9)))
    trained for 2 epochs; training loss 2 -> 0.5; validation accuracy 0.900
    """
    if not history.loss:
        raise ValueError("learning_curves: the history holds no complete epoch to draw.")
    both = bool(history.validation_metric)
    figure = new_figure(8 if both else 4.5, 2.8)
    loss, *rest = figure.subplots(1, 1 + both, squeeze=False)[0]
    epochs = range(1, len(history.loss) + 1)
    loss.plot(epochs, history.loss, "o-", color=DATA, ms=4, label="training")
    if history.validation_loss:
        checked = range(1, len(history.validation_loss) + 1)
        loss.plot(checked, history.validation_loss, "s--", color=OUTPUT, ms=4, label="held out")
    loss.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    loss.legend(frameon=False, fontsize=9)
    for ax in rest:
        checked = range(1, len(history.validation_metric) + 1)
        ax.plot(checked, history.validation_metric, "s--", color=OUTPUT, ms=4)
        ax.set(xlabel="epoch", ylabel=f"{history.metric}, held out")
        if history.metric == "accuracy":
            ax.set(ylim=(0, 1.02))
    for ax in (loss, *rest):
        ax.spines[["top", "right"]].set_visible(False)
        ax.xaxis.label.set_color(INK)
        ax.locator_params(axis="x", integer=True)
    figure.tight_layout()
    return Picture(figure, repr(history))
