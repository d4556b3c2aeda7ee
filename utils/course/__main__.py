"""``python -m utils.course`` is ``course``."""

from course_start import command

if __name__ == "__main__":
    command()
