"""The unit of work of a run. Imports no library, so that a run served from the cache is quick."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """The unit of work: all that is needed to execute one chapter, here or elsewhere.

    Attributes
    ----------
    path : Path
        The chapter's notebook.
    output : Path or None
        Where the executed notebook goes; None keeps it nowhere.
    profile : {"smoke", "quick", "full"}
    parameters : dict
        Values for parameters other than the profile.
    solved : bool
        Execute the solved edition, whose exercises must then all pass.
    timeout : int
        Seconds that a cell may take.
    threads : int or None
        Threads that the kernel may compute with; None leaves it to the libraries.
    fork : bool
        Whether the kernel may be forked from a process that has imported TensorFlow already.
    judged : bool
        Whether a missed claim fails the chapter. A sweep asks on purpose for settings that miss some.
    label : str
        What this execution is called, where a run executes one chapter several times.
    """

    path: Path
    output: Path | None = None
    profile: str = "quick"
    parameters: dict = field(default_factory=dict)
    solved: bool = False
    timeout: int = 600
    threads: int | None = None
    fork: bool = True
    judged: bool = True
    label: str = ""

    @property
    def name(self) -> str:
        """The name of this execution; no two of a run have the same."""
        return self.label or self.path.stem

    @property
    def edition(self) -> str:
        """Which edition is executed, in words."""
        return ("solved" if self.solved else "untouched") + ("" if self.judged else ", claims recorded only")
