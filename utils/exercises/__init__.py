"""Exercises that check themselves: ``check``, ``hint``, ``solution``, ``reference`` and ``quiz`` for the chapters."""

from utils.exercises.core import check, hint, reference, solution
from utils.exercises.quizzes import quiz

__all__ = ["check", "hint", "quiz", "reference", "solution"]
