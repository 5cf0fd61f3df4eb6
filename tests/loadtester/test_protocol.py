"""Laws of what is read: requests and output."""

import json
import os
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from gitcanary.errors import MalformedRequest
from gitcanary.loadtester.process import Output
from gitcanary.loadtester.protocol import parse

TEXT = st.text(st.characters(exclude_categories=()))


@given(st.binary() | st.recursive(st.none() | TEXT, lambda inner: st.dictionaries(TEXT, inner)).map(json.dumps))
def test_anything_is_read_or_told_as_malformed(body: bytes | str) -> None:
    with suppress(MalformedRequest):
        parse(body.encode() if isinstance(body, str) else body)


@given(TEXT)
def test_a_command_that_was_read_can_be_given_to_a_program(cmd: str) -> None:
    with suppress(MalformedRequest):
        read = parse(json.dumps({"metadata": {"cmd": cmd}}).encode()).task().cmd

        assert read == cmd
        assert b"\0" not in os.fsencode(read)


@given(st.lists(st.text(st.characters(codec="ascii"), min_size=1)), st.integers(1, 20))
def test_output_is_its_last_bytes_and_the_number_of_those_before(chunks: list[str], limit: int) -> None:
    output = Output(limit)
    for chunk in chunks:
        output.data_received(chunk.encode())

    whole = "".join(chunks)
    left_out = len(whole) - limit
    assert output.text() == (f"[{left_out} bytes left out]\n{whole[-limit:]}" if left_out > 0 else whole)
