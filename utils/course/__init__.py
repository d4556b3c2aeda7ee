"""The tools over the chapters: the command ``course``.

``cli`` names the commands, ``commands`` holds their words, and the other modules do the work. The tools know the
chapters only as files, and the chapters do not know the tools.
"""
