"""Inputs: pipes and devices are read within bounds, so that no run hangs on one or is drowned by it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from umapi_harness.common.documents import read_text
from umapi_harness.common.errors import DocumentError
from umapi_harness.common.inputs import read_bytes
from umapi_harness.postman.sending.certificates import ClientCertificate, TlsOptions, check_files

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """The path of a named pipe."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_a_pipe_that_stays_silent_is_given_up(pipe: Path) -> None:
    """The error says how long nobody wrote, where somebody has it open to write."""
    writer = os.open(pipe, os.O_RDWR)
    with pytest.raises(OSError, match=r"nobody has written to it for 0.05 seconds"):
        read_bytes(pipe, patience=0.05)
    os.close(writer)


def test_a_pipe_without_a_writer_is_told_at_once(pipe: Path) -> None:
    """Whatever patience others have: nobody is there who could write."""
    with pytest.raises(
        DocumentError, match=r"pipe: cannot be read \(nobody writes to this pipe\); give the path of a thing"
    ):
        read_text(pipe, "thing")


def test_a_terminal_is_no_file() -> None:
    """Nobody waits for what a person may type."""
    terminal, other = os.openpty()
    with pytest.raises(OSError, match="it is a terminal, no file"):
        read_bytes(Path(os.ttyname(other)))
    os.close(terminal)
    os.close(other)


def test_a_library_waits_for_no_pipe_without_a_writer(pipe: Path) -> None:
    """Authorities and certificates are read by OpenSSL, which would wait for ever."""
    for options in (TlsOptions(bundle=pipe), TlsOptions(clients=(ClientCertificate(certificate=pipe),))):
        with pytest.raises(DocumentError, match="pipe: nobody writes to this pipe; give the path"):
            check_files(options)


def test_a_pipe_is_read_to_its_end(pipe: Path) -> None:
    """Whoever writes late, or in pieces, is heard to the end."""

    def write() -> None:
        with pipe.open("wb") as file:
            file.write(b"one ")
            file.flush()
            file.write(b"two" * 100_000)

    writer = threading.Thread(target=write)
    writer.start()
    assert read_bytes(pipe) == b"one " + b"two" * 100_000
    writer.join()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero here")
def test_a_device_without_end_is_bad_input() -> None:
    """It is read as far as a pipe may be large, and refused in one line."""
    with pytest.raises(
        DocumentError, match=r"/dev/zero: cannot be read \(larger than 64 MiB\); give the path of a thing"
    ):
        read_text(Path("/dev/zero"), "thing")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """It is told as that."""
    with pytest.raises(IsADirectoryError):
        read_bytes(tmp_path)
