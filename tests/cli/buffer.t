#!/usr/bin/python3
"""--buffer: songs that are measured are decoded once, where they fit; the mix is the same with any amount."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

SONGS = 6


def songs():
    """Of 22 s, 4 MB to 8 MB each; one is there twice."""
    names = []
    for i in range(SONGS):
        tone(f"{i}.wav", 22 + i * 0.37, 300 + 40 * i, rate=(44100, 48000, 22050)[i % 3])
        names.append(f"{i}.wav")
    return playlist("songs.m3u", *names, names[1])


def mixed(name, *options):
    """The bytes of a mix with an empty cache."""
    run(*options, "--cache", f"{name}.cache", "songs.m3u", "-o", f"{name}.wav")
    with open(f"{name}.wav", "rb") as f:
        return f.read()


@test("the same bytes with any amount, any number of threads, and a full cache")
def _():
    songs()
    most = mixed("most")
    for i, options in enumerate((["--buffer=1M"], ["--buffer=9M"], ["--buffer=20M", "-j1"], ["-j5"])):
        equal(mixed(f"other{i}", *options) == most, True, " ".join(options))
    run("--cache", "most.cache", "songs.m3u", "-o", "warm.wav")
    with open("warm.wav", "rb") as f:
        equal(f.read() == most, True, "warm")


def opened(name, *options):
    """How often songs were opened."""
    trace = f"{name}.trace"
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat", "-o", trace, JUKEBOX, "-q", *options, "--cache",
                    f"{name}.cache", "songs.m3u", "-o", "null:"], check=True, stdin=subprocess.DEVNULL,
                   env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))  # which needs ptrace for itself
    with open(trace, encoding="utf-8", errors="replace") as f:
        return sum(any(f"{i}.wav" in line for i in range(SONGS)) for line in f)


@test("each song is decoded once")
def _():
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "true"], stderr=subprocess.DEVNULL).returncode:
        skip("no strace here")
    once, twice = opened("once"), opened("twice", "--buffer=1M")
    equal(twice - once, SONGS, "files opened a second time")


main()
