"""A chapter's kernel: a papermill engine that can be watched, measured and stopped from outside.

Six things differ from papermill's own engine. The kernel always runs the Python that runs ``course``, whatever kernels
the user has installed, as the lab's does. It has the environment of ``utils.course.environment``. It talks over sockets
in the file system where there are any, so that many can start at once without fighting for ports. Its peak memory is
measured. It can be killed, with all that it started. And no reply of it is overlooked.
"""

import math
import os
import re
import tempfile
import threading
import time
from importlib.metadata import entry_points
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from traitlets import Bool, Type

from utils.course.cache import reads
from utils.course.environment import guarded, start
from utils.paths import root

ENGINE = "course"
KERNEL = "python3"  # the name that notebooks know it by
PROVISIONERS, PROVISIONER = "jupyter_client.kernel_provisioners", "course-fork"
KERAS = re.compile(r"^\s*(import|from)\s+(keras|tensorflow|utils)\b", re.MULTILINE)
START_SECONDS = 300  # TensorFlow under load has been seen to need more than the usual 60
SAMPLE_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.25
MEGABYTE = 2**20


class Watch:
    """A running chapter seen from outside: its progress, its notebook so far, its memory; and the way to stop it.

    Attributes
    ----------
    done, total : int
        Code cells finished, and code cells in all.
    peak_rss_mb : float
        The most memory that the kernel and its children have held, in MiB.
    notebook : nbformat.NotebookNode or None
        The notebook being executed, with the outputs so far.
    log : str
        What the kernel itself wrote, outside of any cell; known once it has ended.
    reads : frozenset of str or None
        The paths of the files that the kernel has read; None while it runs, and where they are not known.
    stopped : bool
        True once ``stop`` was called.
    folder : Path
        Where the kernel works: the root of the course, unless another was given.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = Path(folder or root())
        self.done, self.total, self.peak_rss_mb = 0, 0, 0.0
        self.notebook, self.log, self.reads, self.stopped = None, "", None, False
        self._family = {}  # process id → psutil.Process: the kernel and everything seen below it
        self._process = self._kernel = None
        self._over = threading.Event()

    def follow(self, process: Any) -> None:
        """Begin to measure the kernel that is this subprocess.Popen."""
        self._process, self._kernel = process, psutil.Process(process.pid)
        self._family = {process.pid: self._kernel}
        threading.Thread(target=self._sample, daemon=True, name=f"memory of kernel {process.pid}").start()
        if self.stopped:
            self.kill()

    def _sample(self):
        while not self._over.wait(SAMPLE_SECONDS):
            self.measure()

    def measure(self) -> None:
        """Take note of the memory held now, and of the kernel's own peak where the system keeps one (Linux)."""
        try:
            members = [self._kernel, *self._kernel.children(recursive=True)]
            self._family = {**self._family, **{member.pid: member for member in members}}
            together = sum(_resident(member) for member in members)
        except psutil.Error:
            return
        self.peak_rss_mb = max(self.peak_rss_mb, together / MEGABYTE, _own_peak(self._kernel.pid) / MEGABYTE)

    @property
    def exit_status(self) -> int | None:
        """The exit status of the kernel, negative for a signal; None while it runs."""
        return None if self._process is None else self._process.poll()

    def stop(self) -> None:
        """Stop the chapter: its kernel is killed, and one that is about to start will be."""
        self.stopped = True
        self.kill()

    def kill(self) -> None:
        """Kill the kernel and every process that it started."""
        if self._kernel is not None:
            self.measure()
        for process in list(self._family.values()):
            try:
                process.kill()  # psutil compares the start time first: a process id used anew is left alone
            except psutil.Error:
                continue

    def close(self) -> None:
        """End the measuring, and whatever the kernel left running."""
        self._over.set()
        self.kill()


def _resident(process: Any) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _own_peak(process_id: int) -> int:
    """The peak resident memory of one process in bytes, 0 where the system does not keep it."""
    try:
        if psutil.WINDOWS:
            return psutil.Process(process_id).memory_info().peak_wset
        for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, psutil.Error):
        pass
    return 0


class PatientChannel(AsyncZMQSocketChannel):
    """A channel that looks again, and so finds a message whose arrival went unnoticed.

    A ZeroMQ socket tells only once that something came. When nbclient sends on the channel at that moment, as it does
    for the sliders in a chapter, the news is lost, and a plain wait would last as long as a cell may
    (https://github.com/jupyter/nbclient/issues/312).
    """

    async def get_msg(self, timeout=None):
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            try:
                return await super().get_msg(timeout=max(0, min(left, LOOK_AGAIN_SECONDS)))
            except Empty:
                if left <= LOOK_AGAIN_SECONDS:
                    raise


class PatientKernelClient(AsyncKernelClient):
    """A kernel client with a patient shell channel, the one on which nbclient both sends and waits."""

    shell_channel_class = Type(PatientChannel)


class ChapterClient(PapermillNotebookClient):
    """Executes the cells of one chapter, and tells its Watch."""

    def __init__(self, manager: Any, watch: Watch, **options: Any):
        super().__init__(manager, coalesce_streams=True, **options)
        self.watch = watch
        self.watch.notebook = manager.nb
        self.watch.total = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in manager.nb.cells)
        self.on_cell_executed = self._cell_executed

    def _cell_executed(self, **_: Any):
        self.watch.done += 1

    def start_new_kernel(self, **options: Any) -> None:
        super().start_new_kernel(**options)
        self.watch.follow(self.km.provisioner.process)

    def papermill_execute_cells(self) -> None:
        try:
            super().papermill_execute_cells()
        except BaseException:
            self.watch.kill()  # a cell that does not end would keep an orderly shutdown waiting
            raise
        self.watch.measure()


class ChapterEngine(NBClientEngine):
    """The papermill engine that ``papermill.execute_notebook(engine_name=ENGINE, watch=Watch())`` uses."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        watch: Watch,
        start_timeout: int,
        execution_timeout: int,
        threads: int | None = None,
        fork: bool = False,
        **_: Any,
    ) -> None:
        with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as scratch:
            manager = kernel_manager(scratch, fork and not watch.stopped and uses_keras(nb_man.nb))
            client = ChapterClient(
                nb_man,
                watch,
                km=manager,
                kernel_name=kernel_name,
                startup_timeout=start_timeout,
                timeout=execution_timeout,
            )
            client.owns_km = True  # so that nbclient shuts the kernel down
            with Path(scratch, "kernel.log").open("w+", encoding="utf-8", errors="replace") as log:
                environment = guarded(scratch, threads) | {reads.VARIABLE: str(Path(scratch, reads.TRACE))}
                try:
                    client.execute(env=environment, cwd=str(watch.folder), stdout=log, stderr=log)
                finally:
                    watch.close()
                    log.seek(0)
                    watch.log = log.read()
                    watch.reads = reads.traced(Path(scratch, reads.TRACE))


class CourseKernels(KernelSpecManager):
    """The kernels that can be chosen, of which ``python3`` is always this very Python, started by ``course_start``.

    A kernel of that name which the user or the system has installed would be another Python, without our packages.
    """

    fork = Bool(False, help="Whether its kernels may be forked from a process that has imported TensorFlow already.")

    def find_kernel_specs(self) -> dict[str, str]:
        found = {**super().find_kernel_specs(), KERNEL: RESOURCES}
        found.pop("course", None)  # the same kernel, made for nbval
        return found

    def get_kernel_spec(self, kernel_name: str) -> Any:
        if kernel_name.lower() != KERNEL:
            return super().get_kernel_spec(kernel_name)
        content = get_kernel_dict() | {"argv": start("kernel", "-f", "{connection_file}")}
        if self.fork and entry_points(group=PROVISIONERS, name=PROVISIONER):  # an old installation knows of none
            content["metadata"] = content.get("metadata", {}) | {
                "kernel_provisioner": {"provisioner_name": PROVISIONER, "config": {}}
            }
        return KernelSpec(resource_dir=RESOURCES, **content)


def kernel_manager(scratch: str, fork: bool = False) -> Any:
    """A manager for one kernel of this very Python, forked if it may be, whose connection lives in ``scratch``."""
    manager = AsyncKernelManager(
        kernel_name=KERNEL,
        kernel_spec_manager=CourseKernels(fork=fork),
        connection_file=str(Path(scratch, "kernel.json")),
        client_factory=PatientKernelClient,
    )
    if os.name == "posix" and len(scratch) < 80:  # the path of a socket may have about a hundred characters
        manager.transport, manager.ip = "ipc", str(Path(scratch, "kernel"))
    return manager


def uses_keras(notebook: Any) -> bool:
    """Whether a notebook seems to import Keras, itself or by our own modules: if not, a fork saves nothing."""
    return any(cell.cell_type == "code" and KERAS.search(cell.source) for cell in notebook.cells)


papermill_engines.register(ENGINE, ChapterEngine)
