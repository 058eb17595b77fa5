"""One user a device, across processes; the kernel gives a lease back when its holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest

from protocols.faults import RigFault
from rigs.lease import Lease
from tests.rigs.kit import held, other_process, raising, said

HOLD = """
import os, sys
from pathlib import Path
from rigs.lease import Lease
with Lease(sys.argv[1], Path(sys.argv[2])):
    print(os.getpid(), flush=True)
    sys.stdin.read()
print("let go", flush=True)
sys.stdin.close()
"""
PORT = "port /dev/ttyUSB0"


def test_a_second_holder_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with other_process(HOLD, PORT, tmp_path) as holder:
        pid = said(holder)
        with pytest.raises(RigFault, match=f"the {PORT} is in use by process {pid} "), Lease(PORT, tmp_path):
            pass


def test_a_second_holder_in_the_same_process_is_refused(tmp_path: Path) -> None:
    with Lease(PORT, tmp_path):
        with pytest.raises(RigFault, match=f"by process {os.getpid()} "), Lease(PORT, tmp_path):
            pass
        with pytest.raises(RigFault), Lease(PORT, tmp_path):  # being refused has not freed it
            pass


def test_a_lease_is_free_when_its_holder_is_through(tmp_path: Path) -> None:
    with other_process(HOLD, PORT, tmp_path) as holder:
        said(holder)
        assert holder.stdin is not None
        holder.stdin.close()
        assert said(holder) == "let go"
        with Lease(PORT, tmp_path):
            pass
        holder.stdin = None


def test_a_lease_is_free_when_its_holder_was_killed(tmp_path: Path) -> None:
    with other_process(HOLD, PORT, tmp_path) as holder:
        said(holder)
        holder.kill()
        holder.wait()
        with Lease(PORT, tmp_path) as lease:
            assert lease.path.read_text() == f"{os.getpid()}\n"


def test_a_lease_let_go_names_nobody(tmp_path: Path) -> None:
    with Lease(PORT, tmp_path) as lease:
        pass
    assert lease.path.read_text() == ""
    with Lease(PORT, tmp_path):
        pass


@pytest.mark.parametrize(
    "other",
    ["port /dev/ttyUSB1", "port /dev/tty_USB0", "port /dev/tty-USB0", "port -dev-ttyUSB0", "reader 读卡器甲",
     "reader 读卡器乙", "port " + "/x" * 200],
)  # fmt: skip
def test_different_devices_do_not_clash(tmp_path: Path, other: str) -> None:
    with ExitStack() as stack:
        for device in (PORT, "reader 读卡器", "port " + "/x" * 199, other):
            stack.enter_context(Lease(device, tmp_path))


def test_a_link_in_the_lease_directory_is_refused_and_what_it_points_to_stays(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    lease = Lease(PORT, tmp_path / "leases")
    lease.path.parent.mkdir()
    lease.path.symlink_to(target)
    with pytest.raises(RigFault, match=f"the {PORT} cannot be leased: "), lease:
        pass
    assert target.read_text() == "precious"


def test_a_lease_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leases").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RigFault, match="it is a link"), Lease(PORT, tmp_path / "leases"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_another_user_may_take_a_free_device(tmp_path: Path) -> None:
    """Whatever the umask of who came first: the directory is open, and so is the file in it."""
    before = os.umask(0o077)
    try:
        with Lease(PORT, tmp_path / "leases") as lease:
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE(lease.path.stat().st_mode) == 0o666
    assert stat.S_IMODE(lease.path.parent.stat().st_mode) == 0o1777


def test_a_child_process_does_not_inherit_a_lease(tmp_path: Path) -> None:
    with Lease(PORT, tmp_path), other_process("import sys; print('up', flush=True); sys.stdin.read()") as child:
        assert said(child) == "up"
        lease = Lease(PORT, tmp_path)
        with pytest.raises(RigFault), lease:
            pass
    with Lease(PORT, tmp_path):
        pass


def test_letting_go_twice_does_nothing(tmp_path: Path) -> None:
    lease = Lease(PORT, tmp_path)
    with lease:
        pass
    with Lease("another", tmp_path):
        lease.__exit__(None, None, None)


def test_a_file_system_that_knows_no_locks_is_a_fault_that_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", raising(OSError(errno.ENOLCK, "No locks available")))
    before = held()["descriptors"]
    with pytest.raises(RigFault, match=r"cannot be leased: .*No locks available"), Lease(PORT, tmp_path):
        pass
    assert held()["descriptors"] == before


def test_two_that_make_the_file_at_once_use_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process makes it between our two looks."""
    lease, whole = Lease(PORT, tmp_path), os.open

    def and_another(path: Path, how: int, mode: int = 0o777) -> int:
        if how & os.O_EXCL and not path.exists():
            path.write_text("")
        return whole(path, how, mode)

    monkeypatch.setattr(os, "open", and_another)
    with lease:
        assert lease.path.read_text() == f"{os.getpid()}\n"
