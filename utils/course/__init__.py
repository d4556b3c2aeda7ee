"""The tools over the chapters: ``course list``, ``run``, ``refresh``, ``lab``, ``progress``, ``data`` and ``doctor``.

The tools know the chapters only as files, and the chapters do not know the tools.
"""
