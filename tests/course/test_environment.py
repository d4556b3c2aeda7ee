"""A kernel of ``course run`` and one of ``course lab`` on a machine that is set up for other work."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from jupyter_client import BlockingKernelClient

import utils
from utils.course import environment
from utils.errors import CourseError, UsageError

PARENT = Path(utils.__file__).parents[1]
LOOK = """
import json, os, random, sys
import keras, matplotlib, utils
state = {
    "python": sys.executable,
    "utils": utils.__file__,
    "modules": [name for name in ("random", "numpy", "keras") if "strange" in str(sys.modules[name].__file__)],
    "keras": [keras.config.backend(), keras.config.floatx(), keras.config.image_data_format()],
    "epochs": keras.src.backend.config.max_epochs(),
    "usetex": matplotlib.rcParams["text.usetex"],
    "inline": "inline" in matplotlib.get_backend(),
    "asserts": __debug__,
    "warnings": sys.warnoptions,
    "startup": "from_startup" in globals(),
    "own": __import__("of_my_own").word,
}
print("state:" + json.dumps(state))
"""
EXPECTED = {
    "python": sys.executable,
    "utils": utils.__file__,
    "modules": [],
    "keras": ["tensorflow", "float32", "channels_last"],
    "epochs": None,
    "usetex": False,
    "inline": True,
    "asserts": True,
    "warnings": [],
    "startup": False,
    "own": "mine",
}


def strange_folder(folder):
    """Modules that a course must not meet: each ends whatever imports it; and one that its owner may want."""
    folder.mkdir(parents=True)
    for name in ("utils", "random", "numpy", "keras", "rich", "papermill", "typing_extensions", "ipykernel"):
        (folder / f"{name}.py").write_text(f"raise SystemExit('a strange {name} was imported')")
    (folder / "matplotlibrc").write_text("text.usetex: True")
    return folder


@pytest.fixture
def strange(tmp_path_factory):
    """The environment of a user who has set up everything for something else, with a home of her own."""
    home = tmp_path_factory.mktemp("home")
    strange_folder(home / "strange")
    (home / "strange" / "of_my_own.py").write_text("word = 'mine'")
    files = {
        ".keras/keras.json": json.dumps(
            {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 1e-3, "backend": "jax"}
        ),
        ".config/matplotlib/matplotlibrc": "text.usetex: True",
        ".ipython/profile_default/startup/00.py": "from_startup = True",
        ".ipython/profile_default/ipython_config.py": "c.InteractiveShellApp.exec_lines = ['from_startup = True']",
        ".local/share/jupyter/kernels/python3/kernel.json": json.dumps(
            {"argv": ["no-such-python"], "display_name": "mine", "language": "python"}
        ),
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    private = ("XDG_", "JUPYTER_", "KERAS_", "MPL", "IPYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(private)}
    return kept | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHONPATH": str(home / "strange"),
        "PYTHONOPTIMIZE": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONSTARTUP": str(home / ".ipython/profile_default/startup/00.py"),
        "KERAS_HOME": str(home / ".keras"),
        "KERAS_MAX_EPOCHS": "1",
        "MATPLOTLIBRC": str(home / "strange"),
        "MPLBACKEND": "TkAgg",
        "IPYTHONDIR": str(home / ".ipython"),
    }


def course_command(*words, **options):
    """Start ``course`` as its console script does, from a folder where ``utils`` cannot be found by chance."""
    code = "import sys; sys.path.append(sys.argv.pop(1)); from course_start import command; command()"
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, str(PARENT), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_chapter_sees_nothing_of_the_users_settings(course, strange):
    strange_folder(course.root / "strange")
    (course.root / "matplotlibrc").write_text("text.usetex: True")
    (course.root / "utils.py").write_text("raise SystemExit('a strange utils was imported')")
    course.chapter("00_x", LOOK)
    environment = strange | {"COURSE_ROOT": str(course.root)}
    out, err = course_command("run", "--out", course.root / "out", env=environment, cwd=course.root).communicate()
    assert "strange" not in err
    assert course.report()["00_x"]["status"] == "ok", out + err
    assert state_of(course.read("out/00_x.ipynb")["cells"][-1]["outputs"]) == EXPECTED


def state_of(outputs):
    printed = "".join("".join(output["text"]) for output in outputs if output.get("name") == "stdout")
    return json.loads(printed.partition("state:")[2])


def test_a_kernel_of_the_lab_sees_nothing_of_the_users_settings(course, strange):
    course.chapter("00_x")
    work = strange_folder(course.root / "my copies")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/api/"
    runtime = course.root / "runtime"
    environment = strange | {"COURSE_ROOT": str(course.root), "JUPYTER_RUNTIME_DIR": str(runtime)}
    options = ["--no-browser", "--ip=127.0.0.1", f"--port={address.split(':')[2].split('/')[0]}"]
    words = ["lab", "--work", work, "--", *options, "--ServerApp.port_retries=0", "--IdentityProvider.token=secret"]
    process = course_command(*words, env=environment, cwd=course.root)
    try:
        specs = ask(process, address + "kernelspecs")
        assert specs["kernelspecs"]["python3"]["spec"]["argv"][0] == sys.executable
        kernel = ask(process, address + "kernels", {"name": "python3"})
        client = BlockingKernelClient(connection_file=str(runtime / f"kernel-{kernel['id']}.json"))
        client.load_connection_file()
        client.start_channels()
        wait_for(client)
        outputs = []
        client.execute_interactive(LOOK, timeout=300, output_hook=lambda message: outputs.append(message["content"]))
        client.stop_channels()
        urllib.request.urlopen(request(address + f"kernels/{kernel['id']}", method="DELETE"), timeout=60)
    finally:
        process.terminate()
        out, err = process.communicate(timeout=300)
    assert state_of(outputs) == EXPECTED, outputs
    assert "Copied into" in out
    assert f"set COURSE_WORK to {work}" in out
    assert not (course.root / "work").exists()


def wait_for(client):
    """Wait for a kernel, which on a busy machine may miss the second within which it should give a sign of life."""
    for _ in range(100):
        try:
            return client.wait_for_ready(timeout=60)
        except RuntimeError as error:
            last = error
    raise last


def request(address, content=None, method=None):
    data = None if content is None else json.dumps(content).encode()
    return urllib.request.Request(address, data, {"Authorization": "token secret"}, method=method)


def ask(process, address, content=None):
    """The server's answer, as soon as it gives one."""
    while process.poll() is None:
        try:
            return json.load(urllib.request.urlopen(request(address, content), timeout=60))
        except (ConnectionError, TimeoutError, urllib.error.URLError) as error:
            if isinstance(error, urllib.error.HTTPError):
                raise
            time.sleep(0.2)
    raise AssertionError("\n".join(process.communicate()))


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ("nonsense", "KERAS_BACKEND is 'nonsense', which is not a backend that the course can train on"),
        ("numpy", "KERAS_BACKEND is 'numpy', which is not a backend that the course can train on"),
        ("TensorFlow", "KERAS_BACKEND is 'TensorFlow', which"),
        ("jax", "KERAS_BACKEND is 'jax', and jax is not installed here"),
    ],
)
def test_a_backend_that_cannot_work_is_one_sentence_with_the_remedy(monkeypatch, tmp_path, chosen, sentence):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("KERAS_BACKEND", chosen)
    with pytest.raises(UsageError, match=sentence) as caught:
        environment.guarded(tmp_path)
    assert environment.unset("KERAS_BACKEND") in str(caught.value)


@pytest.mark.parametrize(("chosen", "backend"), [("jax", "jax"), ("torch", "torch"), ("", "tensorflow")])
def test_a_backend_that_somebody_chose_is_used(monkeypatch, tmp_path, chosen, backend):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv("KERAS_BACKEND", chosen)
    assert environment.backend() == backend
    assert environment.guarded(tmp_path)["KERAS_BACKEND"] == chosen


def test_nothing_is_run_on_a_backend_that_cannot_work(course, call, monkeypatch):
    course.chapter("00_x")
    monkeypatch.setenv("KERAS_BACKEND", "nonsense")
    code, _, err = call("run", "--out", course.root / "out")
    assert code == 2
    assert err.startswith("course: KERAS_BACKEND is 'nonsense'")
    assert not (course.root / "out").exists()


def test_harmless_variables_and_those_of_others_stay(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONHASHSEED", "3")
    monkeypatch.setenv("PYTHONINSPECT", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    given = environment.guarded(tmp_path)
    assert (given["PYTHONHASHSEED"], given["OMP_NUM_THREADS"]) == ("3", "1")
    assert "PYTHONINSPECT" not in given
    assert json.loads(Path(given["KERAS_HOME"], "keras.json").read_text()) == environment.KERAS_SETTINGS


def test_settings_that_cannot_be_written_are_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CourseError, match=r"file cannot be written \(.*\): choose another folder\."):
        environment.guarded(tmp_path / "file")


def test_what_is_set_apart_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    (tmp_path / ".keras").mkdir()
    settings = tmp_path / ".keras" / "keras.json"
    settings.write_text(json.dumps(environment.KERAS_SETTINGS))
    assert not [name for name in environment.set_apart() if "keras.json" in name]
    settings.write_text('{"floatx": "float16"}')
    assert "PYTHONOPTIMIZE" in environment.set_apart()
    assert f"{settings} (floatx float16)" in environment.set_apart()
