"""Where an answer ends: a connection on which more came is not used again."""

from __future__ import annotations

import contextlib
import itertools
import ssl
from collections.abc import Sequence

import pytest
from fault_kit import Host
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import STEADY, Time
from wire_kit import Way, sending

from umapi_sdk.transports.extent import Extent

KINDS = pytest.mark.parametrize("kind", ["blocking", "async"])
OK = b"HTTP/1.1 200 OK\r\n"
WITH_LENGTH = OK + b"Content-Length: 2\r\n\r\n[]"
IN_CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n"
WHOLE = {
    "length": WITH_LENGTH,
    "chunks": IN_CHUNKS,
    "chunks with trailers": IN_CHUNKS[:-2] + b"X-Sum: 1\r\n\r\n",
    "chunks with extensions": IN_CHUNKS.replace(b"2\r\n", b"2;a=b\r\n"),
    "an interim answer before": b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + WITH_LENGTH,
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
}
BEHIND = {"a line break": b"\r\n", "garbage": b"xx", "another answer": WITH_LENGTH, "one in chunks": IN_CHUNKS}


@KINDS
@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("whole", WHOLE)
def test_connection_with_more_than_the_answer_is_left(
    kind: str, whole: str, behind: str, context: ssl.SSLContext, ca_file: str, time: Time
) -> None:
    """Bytes behind an answer, as servers send that add a line break, are no part of the next: it comes on another."""
    way = Way("https" if whole == "length" else "http", context, ca_file)
    host: Host = way.host
    host.answer = lambda _: WHOLE[whole] + BEHIND[behind]
    with contextlib.closing(way), sending(kind, way.settings, time) as send:
        statuses = [send(way.request("POST")).status for _ in range(3)]
        assert statuses == [204 if whole == "no content" else 200] * 3
        assert (len(host.requests), host.connections) == (3, 3)


@KINDS
@pytest.mark.parametrize("whole", WHOLE)
def test_connection_with_the_answer_alone_is_kept(
    kind: str, whole: str, context: ssl.SSLContext, ca_file: str, time: Time
) -> None:
    """An answer that ends where it says leaves its connection to the next request."""
    way = Way("http", context, ca_file)
    host: Host = way.host
    host.answer = lambda _: WHOLE[whole]
    with contextlib.closing(way), sending(kind, way.settings, time) as send:
        for _ in range(3):
            send(way.request("POST"))
        assert host.connections == 1


def overrun(headers: dict[str, str], pieces: Sequence[bytes]) -> bool:
    """Whether an answer of a 200 that comes in pieces has more behind it."""
    extent = Extent(200, headers)
    for piece in pieces:
        extent.feed(piece)
    return extent.overrun


@STEADY
@given(
    chunks=st.lists(st.binary(min_size=1), max_size=5), behind=st.binary(max_size=4), cuts=st.sets(st.integers(0, 200))
)
def test_chunks_end_where_they_end_however_they_come(chunks: list[bytes], behind: bytes, cuts: set[int]) -> None:
    """However a body in chunks is cut into pieces, what stands behind it is seen, and nothing else is."""
    text = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n" + behind
    places = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    assert overrun({"transfer-encoding": "chunked"}, pieces) is bool(behind)


@STEADY
@given(headers=st.sampled_from(["chunked", "gzip, chunked", "Chunked"]), pieces=st.lists(st.binary(), max_size=5))
def test_chunks_that_are_none_end_nowhere(headers: str, pieces: list[bytes]) -> None:
    """Whatever comes in their place is read without an exception: the libraries judge it."""
    overrun({"transfer-encoding": headers}, [b"-", *pieces])


@pytest.mark.parametrize("length", ["", "-2", "two", "2, 3", "9" * 5000])
def test_length_that_is_none_ends_nowhere(length: str) -> None:
    """A Content-Length that is no number says nothing of the end."""
    assert not overrun({"content-length": length}, [b"hello"])
