"""Errors that people are meant to read: one sentence that says what was wrong and what to do."""


class CourseError(Exception):
    """Something went wrong that the reader can put right. ``course`` prints the message and exits with status 1."""


class UsageError(CourseError, ValueError):
    """Called in a way that cannot work. ``course`` prints the message and exits with status 2."""
