"""What was executed once and would come out the same is served from the cache: ``Cache``.

``lookup`` holds the cache itself, ``entries`` its files; ``dependencies`` says what a result depends on, with the help
of ``imports``, ``modules``, ``data_files`` and ``exercise_files``; ``reads`` is the proof that nothing was forgotten.
"""

from utils.course.cache.lookup import Cache, LookUp

__all__ = ["Cache", "LookUp"]
