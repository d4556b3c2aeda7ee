"""The commands of ``course``, a module each: its words and options, as ``command``.

Such a module imports Click and ``utils.course.console`` only; what does the work is imported when it is called. The
first paragraph of its docstring and the example at the end are shown on the page of ``course --help``. What the
function returns is the exit code, 0 where it returns nothing.
"""
