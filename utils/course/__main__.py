"""``python -m utils.course`` is ``course``."""

from utils.course.cli import main

if __name__ == "__main__":
    main()
