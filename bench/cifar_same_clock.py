"""CIFAR-10 on the same clock: the article's CNN, then the course's recipe in no more wall time than that took.

One after the other on the same cores, for several seeds. On the clock are building the network and preparing the data;
off it are importing, reading the files, and the test. The recipe also gets parts of the time: the smallest part in
which it is as good as the article's network says how much sooner it gets there. Seconds depend on what else the machine
does, so run it on one that has nothing else to do; chapter 06 makes the same comparison in operations, which do not.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from datetime import date
from pathlib import Path

from measure import against

sys.path.insert(0, str(Path(__file__).parents[1]))

MOST_TEST_ERROR = 0.15  # 0.85 of the test images right, in the article's own time
MOST_TIME = 0.25  # share of the article's time in which the recipe is as good as the article's network
TOLERANCE = 1.01  # a step that takes longer than the one before it may end a little late


def arguments():
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many repetitions (3)")
    parser.add_argument("--limit", type=int, metavar="N", help="a trial: only N training images, and nothing is judged")
    parser.add_argument("--epochs", type=int, default=10, help="of the article's network (10, as in the article)")
    parser.add_argument("--width", type=int, help="of the course's network, instead of the recipe's")
    parser.add_argument(
        "--jit",
        action="store_true",
        help="let Keras compile the article's network, as its code would: slower here, and more time for the recipe",
    )
    parser.add_argument(
        "--shares",
        type=float,
        nargs="+",
        default=[1, 0.25, 0.125],
        metavar="S",
        help="shares of the article's time that the recipe gets, each in a training of its own (1 0.25 0.125)",
    )
    chosen = parser.parse_args()
    if chosen.seeds < 1 or chosen.epochs < 1 or (chosen.limit is not None and chosen.limit < 100):
        parser.error("give at least 1 seed, 1 epoch and 100 images")
    if not all(0 < share <= 1 for share in chosen.shares):
        parser.error("the shares of the time must lie between 0 and 1")
    return chosen


def load(limit):
    """Training images and labels, test images and labels; of few images, from the part that ships with the course."""
    import numpy as np

    from utils import datasets

    cifar = datasets.load("cifar10_small" if limit and limit <= 6000 else "cifar10")
    chosen = np.random.default_rng(0).permutation(cifar.split.train)[:limit]
    test = cifar.split.test
    return cifar.images[chosen], cifar.labels[chosen], cifar.images[test], cifar.labels[test]


def measure_seed(seed, chosen, data):
    """The trainings of one seed: {share of the time: (seconds, operations, accuracy)}, the article's under None."""
    import keras

    from utils.chapters import ch06_recipe

    x, y, x_test, y_test = data
    width = chosen.width or ch06_recipe.BEST_WIDTH
    found = {}

    def note(share, trained):
        accuracy = float((trained.predict(x_test).argmax(axis=1) == y_test).mean())
        found[share] = trained.seconds, trained.operations, accuracy
        name = "the article's" if share is None else f"recipe, {share:g} of it"
        speed = trained.images / trained.seconds
        print(
            f"{seed:4}  {name:22} {trained.seconds:8.1f} s {speed:9,.0f} images/s {trained.operations / 1e12:10.2f} T"
            f"   {accuracy:.4f}",
            flush=True,
        )
        keras.utils.clear_session()

    keras.utils.set_random_seed(seed)
    note(None, ch06_recipe.train_article(x, y, epochs=chosen.epochs, jit_compile="auto" if chosen.jit else False))
    for share in sorted(chosen.shares, reverse=True):
        keras.utils.set_random_seed(seed)
        trained = ch06_recipe.train_within(
            share * found[None][0],
            lambda: ch06_recipe.course_cnn(width),
            x,
            y,
            ch06_recipe.BEST,
            seed=seed,
            clock=time.perf_counter,
        )
        note(share, trained)
    return found


def spread(values):
    """Mean and range of some numbers, in words."""
    return f"{statistics.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})"


def summary(runs):
    """Print means over the seeds; returns the mean error in the full time and the mean share to the article's accuracy.

    Where no share was enough, the share counts as infinite; without a training in the full time, so does the error. A
    training that took longer than it was given counts as none.
    """
    print(f"\narticle's accuracy         {spread([run[None][2] for run in runs])}")
    print(f"article's seconds          {spread([run[None][0] for run in runs])}")
    if 1 in runs[0]:
        more = [run[1][1] / run[None][1] for run in runs]
        print(f"operations in that time    {spread(more)} of the recipe per operation of the article's")
    reached = []
    for run in runs:
        seconds, _, aim = run[None]
        kept = {share for share in run if share is not None and run[share][0] <= TOLERANCE * share * seconds}
        reached.append(min([share for share in kept if run[share][2] >= aim], default=float("inf")))
    for share in [share for share in runs[0] if share is not None]:
        print(f"recipe in {share:<6g} of the time {spread([run[share][2] for run in runs])}")
    late = [run for run in runs if 1 not in run or run[1][0] > TOLERANCE * run[None][0]]
    errors = [float("inf")] if late else [1 - run[1][2] for run in runs]
    return statistics.mean(errors), statistics.mean(reached)


if __name__ == "__main__":
    chosen = arguments()
    from utils import nn  # imports Keras, which takes seconds, after the command line was found in order

    nn.start("full", 0)
    import keras

    data = load(chosen.limit)
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, Keras {keras.__version__}", end=" ")
    print(f"on {keras.backend.backend()}: {len(data[0]):,} images to learn from, {len(data[2]):,} to test")
    print(f"{'seed':4}  {'training':22} {'time':>10} {'speed':>18} {'operations':>12}   test accuracy")
    runs = [measure_seed(seed, chosen, data) for seed in range(chosen.seeds)]
    error, share = summary(runs)
    if chosen.limit or chosen.epochs != 10:
        print("A trial: the limits are for all images and 10 epochs.")
    else:
        kept = [
            against("test error, same time", error, MOST_TEST_ERROR, ""),
            against("share of time to its accuracy", share, MOST_TIME, ""),
        ]
        sys.exit(not all(kept))
