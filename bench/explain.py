"""Integrated gradients against the bare gradients that they are made of: time, and the largest memory in use.

100 images of 32 x 32 pixels through chapter 07's network, 50 steps, against the same 5,000 gradients of images
that are ready, in parts of the same size. In turns, and the fastest of each, since other work only ever adds time. On
TensorFlow, for which the bare gradients are written.
"""

import argparse
import os
import platform
import resource
import sys
import time
from datetime import date
from pathlib import Path

from measure import against

sys.path.insert(0, str(Path(__file__).parents[1]))

IMAGES, STEPS = 100, 50
MOST_TIME = 1.3  # times that of the bare gradients
MOST_MEGABYTES = 2000  # of the process, as for a chapter


def bare_gradients(model, target):
    """A compiled function of images: gradients of the target's logit, and nothing else."""
    import tensorflow

    @tensorflow.function(input_signature=[tensorflow.TensorSpec((None, 32, 32, 3), "float32")], autograph=False)
    def slopes(images):
        with tensorflow.GradientTape() as tape:
            tape.watch(images)
            logits = model(images, training=False)[:, target]
        return tape.gradient(logits, images)

    return slopes


def seconds(work):
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="turns, of which the fastest counts (5)")
    parser.add_argument("--batch-size", type=int, default=64, help="images that the network sees at a time (64)")
    chosen = parser.parse_args()
    from utils import explain, nn  # imports Keras, which takes seconds

    nn.start("quick", 0)
    import keras
    import numpy as np

    from utils.applications.images import Recipe, classifier

    images = np.random.default_rng(0).integers(256, size=(IMAGES, 32, 32, 3)).astype("uint8")
    model, size = classifier(images, 4, Recipe()), chosen.batch_size
    images = images.astype("float32")
    ready = np.repeat(images, STEPS, axis=0)
    slopes = bare_gradients(model, target=1)

    def bare():
        for start in range(0, len(ready), size):
            slopes(ready[start : start + size]).numpy()

    def integrated():
        explain.integrated_gradients(model, images, 1, steps=STEPS, batch_size=size)

    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, Keras {keras.__version__}, parts of {size}")
    for work in (bare, integrated):  # compiles
        work()
    times = []
    for _ in range(chosen.repeats):
        times.append((seconds(bare), seconds(integrated)))
        print("  bare {:6.2f} s   integrated {:6.2f} s".format(*times[-1]))
    fastest = [min(column) for column in zip(*times, strict=True)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    kept = [
        against("integrated over bare", fastest[1] / fastest[0], MOST_TIME, ""),
        against("largest memory", peak, MOST_MEGABYTES, "MB"),
    ]
    sys.exit(not all(kept))
