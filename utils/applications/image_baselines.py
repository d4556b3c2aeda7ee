"""Classical rivals on the same pictures as the networks: a random forest, and logistic regression on mean colours."""

from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from utils.errors import CourseError


def shrunk(images: np.ndarray, grid: int = 8) -> np.ndarray:
    """Pictures (n, height, width, channels) → the mean tints of grid x grid areas, float32 (n, features).

    Areas are as equal as whole pixels allow; a picture of fewer pixels than areas stays as it is.
    """
    for axis in (1, 2):
        length = images.shape[axis]
        edges = np.linspace(0, length, min(grid, length) + 1).astype(int)
        sums = np.add.reduceat(images, edges[:-1], axis=axis, dtype=np.float32)
        images = sums / np.diff(edges).astype(np.float32).reshape(-1, *[1] * (3 - axis))
    return images.reshape(len(images), -1)


def turned(images: np.ndarray, mirror: str = "all") -> np.ndarray:
    """All looks at the pictures that leave the label true, one after the other: (views x n, height, width, channels).

    mirror: "none", one view; "horizontal", two; "all", eight for square pictures, turned by 90 degrees and mirrored,
    four for others.
    """
    if mirror not in ("none", "horizontal", "all"):
        raise CourseError(f"There is no mirror={mirror!r}; give 'none', 'horizontal' or 'all'.")
    if mirror == "none":
        return images
    pair = (images, images[:, :, ::-1])
    if mirror == "horizontal":
        return np.concatenate(pair)
    turns = range(4) if images.shape[1] == images.shape[2] else (0, 2)
    return np.concatenate([np.rot90(view, number, (1, 2)) for view in pair for number in turns])


@dataclass
class Baseline:
    """A scikit-learn classifier behind the interface of ``images.Trained``: pictures in, probabilities out.

    build: a callable that returns a new classifier. features: what makes (n, features) of pictures. mirror: see
    ``turned``; the training pictures are given in all these views. max_rows: training pictures used at most, chosen
    at random, since these methods have no batches. outputs: number of classes or findings. joint: whether one
    classifier takes all findings of a picture at once, or each needs one of its own.
    """

    build: object
    features: object
    outputs: int
    mirror: str = "none"
    max_rows: int = 10_000
    joint: bool = False
    models: list = field(default_factory=list)

    def fit(self, images: np.ndarray, labels: np.ndarray, seed: int = 0) -> "Baseline":
        """Fit to pictures (n, height, width, channels) and labels (n,), or (n, findings) of 0 and 1; returns itself."""
        rows = np.random.default_rng(seed).permutation(len(images))[: self.max_rows]
        views = turned(images[rows], self.mirror)
        labels, features = np.asarray(labels)[rows], self.features(views)
        labels = np.concatenate([labels] * (len(views) // len(rows)))
        self.multilabel = labels.ndim == 2
        columns = labels.T if self.multilabel and not self.joint else [labels]
        with threadpool_limits(1, "blas"):  # products this small are slower when cores share them
            self.models = [
                self.build().fit(features, column) if len(np.unique(column)) > 1 else column[0] for column in columns
            ]
        return self

    def predict(self, images: np.ndarray) -> np.ndarray:
        """float64 (n, outputs); a class that was not among the training pictures gets 0."""
        features = self.features(images)
        found = np.zeros((len(images), self.outputs))
        for place, model in enumerate(self.models):
            if not hasattr(model, "predict_proba"):  # the only class that there was
                found[:, place if self.multilabel else int(model)] = model if self.multilabel else 1.0
            elif self.multilabel and self.joint:
                for finding, guess in enumerate(model.predict_proba(features)):
                    found[:, finding] = guess @ model.classes_[finding]  # of 0 and 1, or of the only one there was
            elif self.multilabel:
                found[:, place] = model.predict_proba(features)[:, 1]
            else:
                found[:, model.classes_.astype(int)] = model.predict_proba(features)
        return found


def random_forest(outputs: int, *, trees: int = 300, seed: int = 0) -> Baseline:
    """A random forest on the pixels; needs no scaling. Returns a Baseline, not fitted."""
    from sklearn.ensemble import RandomForestClassifier  # here, because it is slow to start

    def build():
        return RandomForestClassifier(trees, min_samples_leaf=2, random_state=seed, n_jobs=-1)

    return Baseline(build, lambda images: images.reshape(len(images), -1), outputs, joint=True)


def logistic_regression(outputs: int, *, C: float = 0.01, mirror: str = "none") -> Baseline:
    """Logistic regression on the mean tints of 8 x 8 areas, scaled on the training pictures. A Baseline, not fitted.

    C: as in scikit-learn, the inverse of how strongly the weights are held back.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def build():
        return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=300))

    return Baseline(build, shrunk, outputs, mirror)
