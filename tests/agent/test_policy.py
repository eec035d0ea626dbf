"""A running agent follows what administrators change."""

import threading
import time

import pytest

from govsync.agent import home
from govsync.agent.main import Agent
from govsync.control.client import ask
from govsync.control.messages import ListSettings
from govsync.system import policy
from govsync.system.places import places

PATIENCE_S = 60


@pytest.fixture
def agent(tmp_path, monkeypatch):
    monkeypatch.setattr(policy, "FOLDER", tmp_path / "policy.d")
    monkeypatch.setattr(policy, "AGAIN_S", 0.01)
    here = places({"GOVSYNC_HOME": str(tmp_path / "home")})
    here.home.mkdir()
    identity = home.load(here, bytes(16))
    home.choose_folder(here, identity, tmp_path / "folder", bytes(16))
    agent = Agent(here)
    thread = threading.Thread(target=agent.run)
    thread.start()
    yield agent
    agent.stop()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


def test_policy_holds_as_soon_as_it_is_written_and_no_longer_than_it_is_there(agent, caplog):
    policy.FOLDER.mkdir()
    file = policy.FOLDER / "it.toml"
    file.write_text("network.upload_limit = '100 KB'")
    until(lambda: agent.rates[0].limit == 100_000)
    until(agent.places.socket.exists)
    assert ask(agent.places.socket, ListSettings(), PATIENCE_S)["network.upload_limit"].source == "policy"
    agent.places.settings.mkdir()  # What cannot be read stops nothing, and changes nothing.
    file.write_text("network.upload_limit = '200 KB'")
    until(lambda: "the settings cannot be read" in caplog.text)
    assert agent.rates[0].limit == 100_000
    agent.places.settings.rmdir()
    file.unlink()
    until(lambda: agent.rates[0].limit == 0)
