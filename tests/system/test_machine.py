"""A machine is told from others, and its own id stays on it."""

import socket

from govsync.system.machine import device_name, machine_id

ID = "0123456789abcdef0123456789abcdef"


def test_the_id_is_the_same_each_time_and_tells_nothing(tmp_path):
    source = tmp_path / "machine-id"
    source.write_text(ID + "\n")
    found = machine_id([source])
    assert found == machine_id([tmp_path / "missing", source])
    assert len(found) == 32
    assert found != ID
    source.write_text(ID[::-1] + "\n")
    assert machine_id([source]) != found


def test_images_of_machines_without_an_id_of_their_own_are_told_apart_by_name(tmp_path, monkeypatch):
    source = tmp_path / "machine-id"
    for text in ("", "uninitialized\n"):
        source.write_text(text)
        found = set()
        for name in ("one", "two"):
            monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
            found.add(machine_id([source]))
        assert len(found) == 2, text


def test_a_device_is_called_by_the_first_part_of_its_machine_s_name(monkeypatch):
    for name, called in (("desk-7.ministry.example", "desk-7"), ("desk", "desk"), ("", "desk")):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        assert device_name() == called
