#!/usr/bin/python3
"""What is seen of a song does not depend on its level, nor on the silence in front of it: real files, real decoders."""
import functools
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

RATE = 44100
TOLERANCE = 0.05  # seconds
# Curves are in blocks of 100 ms: where a drum falls in its block moves what is found at its height.
TOLERANCE_BETWEEN_BLOCKS = 0.2


def shapes():
    """A fade in and out, a quiet coda, a cold ending, and a fade so long that most of it is soft; with a drum in each."""
    t = numpy.arange(30 * RATE) / RATE
    drum = numpy.exp(-(t % 0.5) * 12) * numpy.sin(2 * numpy.pi * 90 * t)
    music = 0.3 * drum + 0.1 * numpy.sin(2 * numpy.pi * 330 * t) + 0.05 * numpy.sin(2 * numpy.pi * 995 * t)
    curves = {
        "fades": numpy.clip(t / 4, 0, 1) * numpy.clip((30 - t) / 8, 0, 1),
        "coda": numpy.where(t < 18, 1, 0.06) * numpy.clip((30 - t) / 2, 0, 1),
        "cold": numpy.where(t < 29.5, 1, 0.0),
        "soft": 10 ** (-numpy.clip(t - 10, 0, None) * 2.5 / 20) * numpy.where(t < 29.9, 1, 0),
    }
    for name, curve in curves.items():
        write_wav(name + ".wav", numpy.repeat((music * curve)[:, None], 2, axis=1))
    return [name + ".wav" for name in curves]


@functools.cache
def pieces():
    folder = os.path.dirname(make_music())
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if not name.endswith((".m3u", ".jukebox"))) + shapes()


def changed(path, name, audio_filter):
    """The same sound through a filter, in samples that lose nothing by it."""
    to = os.path.join(name, os.path.splitext(os.path.basename(path))[0] + ".wav")
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", path, "-map", "0:a", "-af", audio_filter, "-c:a", "pcm_f32le", to],
                   check=True)
    return to


@functools.cache
def outlines(name, audio_filter):
    os.makedirs(name, exist_ok=True)
    files = [changed(path, name, audio_filter) for path in pieces()]
    return run("analyze", "--json", "--no-cache", playlist(name + ".m3u", *files)).json_lines()


def same(name, audio_filter, later=0.0, tolerance=TOLERANCE):
    for before, after in zip(outlines("plain", "anull"), outlines(name, audio_filter), strict=True):
        what = f"{name}: {after['path']}: "
        for point in ("cue_in", "cue_out", "mix_in", "mix_out"):
            near(after[point] - later, before[point], tolerance, what + point)
        for kind in ("intro", "ending"):
            equal(after[kind], before[kind], what + kind)


@test("30 dB softer: the same points and classes")
def _():
    same("softer", "volume=-30dB")


@test("6 dB louder: the same")
def _():
    same("louder", "volume=6dB")


@test("silence in front moves all by just that much")
def _():
    same("later", "adelay=7300:all=1", 7.3)


@test("so does silence that is no number of whole blocks")
def _():
    same("a little later", "adelay=1234:all=1", 1.234, TOLERANCE_BETWEEN_BLOCKS)


@test("minutes of silence in front and behind are no reason to keep a file whole")
def _():
    same("much later", "adelay=200000:all=1,apad=pad_dur=120", 200)


main()
