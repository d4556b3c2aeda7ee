"""What a training of a picture classifier may vary: its recipe, the random changes, and recipes to choose from."""

from dataclasses import dataclass, replace

import keras
from keras import layers

from utils.errors import CourseError

# What may be mirrored without making the label false, and the ways in which a prediction then looks at a picture:
# steps along rows and columns.
VIEWS = {
    "none": ((1, 1),),
    "horizontal": ((1, 1), (1, -1)),
    "all": ((1, 1), (1, -1), (-1, 1), (-1, -1)),
}


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained. Nothing in it depends on which pictures they are.

    epochs: how often each picture is seen. batch_size: pictures between two steps. peak_rate: the largest learning
    rate; it is reached after a tenth of the steps and falls to zero along a cosine. weight_decay: of AdamW. width:
    filters of the first layer; later layers have two and four times as many. dropout: share of the features hidden
    before the last layer. mirror: "none"; "horizontal", left and right exchanged; or "all", both ways, and turned by
    any angle. turn: largest turn otherwise, as a share of a full one. shift, zoom: largest change, as a share of the
    side. light: largest change of brightness and contrast, as a share of their range. balanced: whether the rarer
    classes weigh more in the loss. label_smoothing: share of a label that is spread over all classes. members: how
    many networks are trained, from different starts, and averaged.
    """

    epochs: int = 40
    batch_size: int = 32
    peak_rate: float = 0.003
    weight_decay: float = 0.02
    width: int = 16
    dropout: float = 0.3
    mirror: str = "horizontal"
    turn: float = 0.04
    shift: float = 0.1
    zoom: float = 0.1
    light: float = 0.1
    balanced: bool = False
    label_smoothing: float = 0.0
    members: int = 1

    def __post_init__(self):
        if self.mirror not in VIEWS:
            raise CourseError(f"There is no mirror={self.mirror!r}; give {', '.join(map(repr, VIEWS))}.")
        if min(self.epochs, self.batch_size, self.width, self.members) < 1:
            raise CourseError("A recipe needs at least 1 epoch, batch_size, width and member.")


def augmentation(recipe: Recipe) -> list[keras.Layer]:
    """The layers that change pictures at random, in training only: a list, empty for a recipe that changes nothing."""
    chosen, edge = [], {"fill_mode": "reflect"}
    if recipe.mirror != "none":
        chosen.append(layers.RandomFlip("horizontal" if recipe.mirror == "horizontal" else "horizontal_and_vertical"))
    turn = 0.5 if recipe.mirror == "all" else recipe.turn
    if turn:
        chosen.append(layers.RandomRotation(turn, **edge))
    if recipe.shift:
        chosen.append(layers.RandomTranslation(recipe.shift, recipe.shift, **edge))
    if recipe.zoom:
        chosen.append(layers.RandomZoom((-recipe.zoom, recipe.zoom), **edge))
    if recipe.light:
        chosen.append(layers.RandomBrightness(recipe.light, value_range=(0, 255)))
        chosen.append(layers.RandomContrast(recipe.light, value_range=(0, 255)))
    return chosen


def candidates(recipe: Recipe) -> dict[str, Recipe]:
    """Recipes to choose from on a validation part, by name: no changes, the gentle ones, and all of them."""
    still = {"turn": 0.0, "zoom": 0.0, "light": 0.0}
    return {
        "as they are": replace(recipe, mirror="none", shift=0.0, **still),
        "mirrored, shifted": replace(recipe, **still),
        "changed in every way": recipe,
    }
