"""What a transcript's files look like."""

import re

from hypothesis import given
from hypothesis import strategies as st

from inference.transcript import Segment, Word, segment_from_json, timestamp, to_srt, to_txt, to_vtt

TWO = [Segment(0.0, 1.5, " Hello there."), Segment(61.25, 3723.004, " Bye  now")]


def test_srt_numbers_its_cues_and_writes_commas() -> None:
    assert to_srt(TWO) == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n2\n00:01:01,250 --> 01:02:03,004\nBye now\n\n"
    )


def test_vtt_starts_with_its_name_and_writes_points() -> None:
    assert to_vtt(TWO[:1]) == "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello there.\n\n"


def test_txt_has_a_line_for_each_segment() -> None:
    assert to_txt(TWO) == "Hello there.\nBye now\n"


def test_nothing_said_makes_valid_empty_files() -> None:
    assert (to_txt([]), to_srt([]), to_vtt([])) == ("", "", "WEBVTT\n\n")


@given(st.text(max_size=80))
def test_text_cannot_break_out_of_its_cue(text: str) -> None:
    lines = to_vtt([Segment(0.0, 1.0, text)]).split("\n")
    assert len(lines) == 6  # name, blank, times, text, blank, end
    assert "-->" not in lines[3]
    assert "<" not in lines[3]
    assert to_srt([Segment(0.0, 1.0, text)]).count("-->") == 1


@given(st.floats(0, 359_999))
def test_timestamps_read_back_within_half_a_millisecond(seconds: float) -> None:
    found = re.fullmatch(r"(\d\d):(\d\d):(\d\d)\.(\d\d\d)", timestamp(seconds, "."))
    assert found is not None
    hours, minutes, whole, milliseconds = map(int, found.groups())
    assert abs(hours * 3600 + minutes * 60 + whole + milliseconds / 1000 - seconds) <= 0.000501


def test_a_segment_survives_json() -> None:
    segment = Segment(1.0, 2.5, "two words", (Word(" two", 1.0, 1.5, 0.9), Word(" words", 1.5, 2.5, 0.75)))
    assert segment_from_json(segment.to_json()) == segment
