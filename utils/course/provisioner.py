"""How Jupyter starts a forked kernel: a provisioner, which a kernelspec names as ``course-fork``.

``course run`` asks for it in the specification that it makes itself, nbval in ``kernels/kernels/course/kernel.json``
when called with ``JUPYTER_PATH=utils/course/kernels`` and ``--nbval-kernel-name=course``.
"""

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool

from utils.course import fork
from utils.course.environment import guarded, start
from utils.course.forked import Process

LOOK_AGAIN_SECONDS = 0.02
UNDERSTOOD = {"env", "cwd", "stdin", "stdout", "stderr", "extra_arguments", "kernel_id"}
SPECIAL = {subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL}


class ForkProvisioner(LocalProvisioner):
    """Starts a kernel as a fork of the template where that is possible, and the ordinary way where it is not."""

    guard = Bool(False, help="Whether the kernel gets an environment of the course's own, as `course run` gives it.")
    scratch = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare the start. With ``guard``, the kernel has an environment and a folder of settings of its own."""
        if self.guard:
            if self.scratch is None:
                self.scratch = tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True)
            kwargs["env"] = guarded(self.scratch.name)
        prepared = await super().pre_launch(**kwargs)
        words = prepared["cmd"]
        if "kernel" in words:
            prepared["cmd"] = start(*words[words.index("kernel") :])  # a kernelspec cannot name this Python, nor us
        return prepared

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start the kernel, forked or not."""
        process = await self._forked(cmd, **kwargs)
        if process is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = process, process.pid, process.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info

    async def _forked(self, cmd: list[str], **kwargs: Any) -> Process | None:
        streams = [kwargs.get(name) for name in ("stdin", "stdout", "stderr")]
        streams = [stream.fileno() if hasattr(stream, "fileno") else stream for stream in streams]
        if kwargs.keys() - UNDERSTOOD or any(stream in SPECIAL for stream in streams):
            return None
        environment = dict(kwargs.get("env") or os.environ) | {"JPY_PARENT_PID": str(os.getpid())}
        folder = str(Path(kwargs.get("cwd") or ".").absolute())
        with Path(os.devnull).open("rb") as nothing:
            given = [
                default if stream is None else stream
                for stream, default in zip(streams, (nothing.fileno(), 1, 2), strict=True)
            ]
            request = fork.kernel(cmd, environment, folder, given)
        if request is None:
            return None
        while (process := request.poll()) is None:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return process or None

    async def cleanup(self, restart: bool = False) -> None:
        """Give back what the kernel had, its folder of settings too."""
        await super().cleanup(restart=restart)
        if self.scratch is not None and not restart:
            self.scratch.cleanup()
            self.scratch = None
