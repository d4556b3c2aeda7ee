"""README's table of results: the best network beside its best rival, from the rows of ``bench/README.md``."""

import re
from dataclasses import dataclass

from utils import paths
from utils.errors import CourseError

SHOWN = (  # what a reader calls the task; task and measure in bench/README.md; network; rival
    ("Nuclei in tissue, three classes", "nuclei", "macro-AUC", "CNN", "logistic regression"),
    ("Nuclei outlined", "nuclei segmentation", "Dice", "U-Net", "red channel"),
    ("Breast ultrasound (BreastMNIST)", "breastmnist", "macro-AUC", "CNN", "random forest"),
    ("Death within five years (NAFLD)", "NAFLD", "C-index", "GRU, with summaries", "gradient boosting"),
    ("Death or transplant (PBC)", "PBC", "AUC", "GRU", "logistic regression"),
    ("Heartbeats (ECG5000)", "ECG5000", "accuracy", "CNN, four networks", "random convolutions"),
    ("Splice junctions, ten folds", "splice, ten folds", "accuracy", "CNN", "random forest"),
    ("Donor sites of chromosome 19", "chr19 donors", "average precision at 0.99%", "CNN", "weight matrix"),
    (
        "Blood–brain barrier (BBBP)",
        "bbbp",
        "ROC AUC",
        "message passing with fingerprints and descriptors",
        "forest on fingerprints and descriptors",
    ),
    (
        "Solubility (ESOL), lower is better",
        "esol",
        "RMSE",
        "message passing with descriptors",
        "forest on fingerprints and descriptors",
    ),
    (
        "Toxicity, 12 tasks (Tox21)",
        "tox21",
        "ROC AUC",
        "message passing with descriptors",
        "forest on fingerprints and descriptors",
    ),
)
HEAD = "| Task | Measure | Network | Rival |\n|---|---|---|---|\n"


@dataclass(frozen=True)
class Row:
    """A row of the table of applications: the score is as it stands there, with its interval."""

    task: str
    model: str
    measure: str
    score: str


def table() -> str:
    """The table as Markdown, ending in a newline. Raises CourseError when a row that it shows is not measured."""
    rows = {(row.task, row.measure, row.model): row.score for row in measured()}
    lines = []
    for label, task, measure, network, rival in SHOWN:
        missing = [model for model in (network, rival) if (task, measure, model) not in rows]
        if missing:
            raise CourseError(f"bench/README.md has no {measure} of {missing[0]} in {task}: measure it again.")
        scores = (f"{model}: {rows[task, measure, model]}" for model in (network, rival))
        lines.append(f"| {label} | {measure} | {' | '.join(scores)} |\n")
    return HEAD + "".join(lines)


def measured() -> list[Row]:
    """The rows of the table of applications in ``bench/README.md``; a task is named in its first row only."""
    text = (paths.root() / "bench" / "README.md").read_text(encoding="utf-8")
    section = text.partition("### The applications")[2].partition("\n### ")[0]
    rows, task = [], ""
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 6 and not cells[0].startswith(("Task", "---")):
            task = re.sub(r" \([\d,]+ MB\)$", "", cells[0]) or task
            rows.append(Row(task, *cells[1:4]))
    return rows
