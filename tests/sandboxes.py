"""The mark of tests that need the sandbox in which students' code is executed. On Linux it must be there."""

import sys

import pytest

needs_sandbox = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap, the sandbox, is made for Linux")
