#!/usr/bin/python3
"""Files of more than 4 GiB: their last seconds are there, at their place.  The files are sparse, and cost no room."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

RATE, CHANNELS, SECONDS = 192000, 8, 900
FRAMES = RATE * SECONDS
SIZE = FRAMES * CHANNELS * 4  # of the samples, in bytes: 5.1 GiB
ALL = 2 ** 32 - 1


def number(value, size):
    return value.to_bytes(size, "little")


FORMAT = (number(3, 2) + number(CHANNELS, 2) + number(RATE, 4) + number(RATE * CHANNELS * 4, 4) + number(CHANNELS * 4, 2) +
          number(32, 2))


def sparse(path, head):
    """Silence, and a tone in the last second."""
    sound = 0.1 * numpy.sin(2 * numpy.pi * 997 * numpy.arange(RATE) / RATE)
    end = numpy.repeat(sound[:, None], CHANNELS, axis=1).astype("<f4").tobytes()
    with open(path, "wb") as f:
        f.write(head)
        f.seek(SIZE - len(end), os.SEEK_CUR)
        f.write(end)
    if os.stat(path).st_blocks * 512 > 100 << 20:
        os.unlink(path)
        skip("the file system keeps no holes")
    return path


def wav(riff_size, data_size):
    return b"RIFF" + number(riff_size, 4) + b"WAVEfmt " + number(16, 4) + FORMAT + b"data" + number(data_size, 4)


def has_its_end(path):
    """Its last two seconds, of which the second sounds."""
    part = f"{path}#cd={(SECONDS - 2) * 75}-{SECONDS * 75}"
    found = run("analyze", "--json", "--no-cache", playlist("part.m3u", part)).json()
    os.unlink(path)
    equal(found["frames"], 2 * RATE, "frames")
    near(found["cue_in"], 1, 0.02, "where the tone begins")
    assert found["sample_peak_dbfs"] > -25, found


@test("RF64")
def _():
    sizes = number(SIZE + 80, 8) + number(SIZE, 8) + number(FRAMES, 8) + number(0, 4)
    has_its_end(sparse("large.wav", b"RF64" + number(ALL, 4) + b"WAVEds64" + number(28, 4) + sizes + b"fmt " +
                       number(16, 4) + FORMAT + b"data" + number(ALL, 4)))


@test("W64")
def _():
    tail = bytes.fromhex("f3acd3118cd100c04f8edb8a")
    has_its_end(sparse("large.w64", b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000") + number(SIZE + 104, 8) +
                       b"wave" + tail + b"fmt " + tail + number(40, 8) + FORMAT + b"data" + tail + number(SIZE + 24, 8)))


@test("WAV that was written to a pipe: its sizes are all ones, nothing, or SoX's")
def _():
    has_its_end(sparse("ones.wav", wav(ALL, ALL)))
    has_its_end(sparse("nothing.wav", wav(0, 0)))
    has_its_end(sparse("sox.wav", wav(0x7ffff024, 0x7ffff000)))


main()
