import asyncio
import sys
from queue import Empty

import pytest
from jupyter_client.channels import AsyncZMQSocketChannel

import utils
from utils.course import kernel


@pytest.fixture
def deaf(monkeypatch):
    """A channel that does not notice a message until the third time that it looks. Returns (channel, the looks)."""
    looks = []

    async def get_msg(self, timeout=None):
        looks.append(timeout)
        if len(looks) < 3:
            await asyncio.sleep(timeout)
            raise Empty
        return {"msg_type": "execute_reply"}

    monkeypatch.setattr(AsyncZMQSocketChannel, "get_msg", get_msg)
    monkeypatch.setattr(kernel, "LOOK_AGAIN_SECONDS", 0.02)
    return kernel.PatientChannel.__new__(kernel.PatientChannel), looks


@pytest.mark.parametrize("timeout", [None, 600])
def test_a_message_whose_arrival_went_unnoticed_is_found_at_once(deaf, timeout):
    channel, looks = deaf
    assert asyncio.run(channel.get_msg(timeout=timeout)) == {"msg_type": "execute_reply"}
    assert looks == [0.02, 0.02, 0.02]


@pytest.mark.parametrize("timeout", [0, 0.03])
def test_a_wait_still_ends_when_it_should(deaf, timeout):
    with pytest.raises(Empty):
        asyncio.run(deaf[0].get_msg(timeout=timeout))


def test_the_client_that_executes_is_the_patient_one(tmp_path):
    client = kernel.kernel_manager(str(tmp_path)).client()
    assert client.shell_channel_class is kernel.PatientChannel


def test_a_kernel_runs_this_python_and_finds_this_package(course, call):
    course.chapter("00_x", "import sys, utils\nprint(sys.executable, list(utils.__path__))")
    assert call("run", "--out", course.root / "out")[0] == 0
    printed = course.read("out/00_x.ipynb")["cells"][-1]["outputs"][0]["text"]
    assert printed == [f"{sys.executable} {list(utils.__path__)}\n"]
