"""What this machine has for the tests of a class."""

from utils.course.classroom import sandbox

NO_SANDBOX = sandbox.available()  # why there is none; .ci/run installs bubblewrap
