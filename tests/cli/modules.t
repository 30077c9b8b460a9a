#!/usr/bin/python3
"""Decoders from outside: the example in doc/ built as its readers would, and modules that are none."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

CC = os.environ.get("CC", "cc").split()
RATE = 44100
# Every value of a byte, and a length that is no round number.
SAMPLES = (numpy.arange(70001) * 7 % 256 - 128).astype("i1")


def make_toy(path="song.toy"):
    with open(path, "wb") as f:
        f.write(b"TOY1" + RATE.to_bytes(4, "big") + SAMPLES.tobytes())
    return path


def build(source, module):
    os.makedirs(os.path.dirname(module), exist_ok=True)
    subprocess.run([*CC, "-shared", "-fPIC", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
                    "-I", os.path.join(TOP, "include"), "-o", module, source], check=True)


def with_modules(folder):
    return {"JUKEBOX_MODULES": os.path.abspath(folder)}


@test("doc/example-decoder.c is built as it says, and plays its format to the sample")
def _():
    build(os.path.join(TOP, "doc", "example-decoder.c"), "good/toy.so")
    run("--plain", make_toy(), "-o", "toy.wav", env=with_modules("good"))
    made = Wav("toy.wav")
    equal(made.rate, RATE)
    equal(made.frames.shape, (len(SAMPLES), 2))
    equal(float(numpy.abs(made.frames - SAMPLES[:, None] / 128).max()), 0.0, "largest difference")


@test("without a module folder the file is refused by its name, and built-in formats play")
def _():
    tone("good.wav", 1)
    ran = run("--plain", playlist("two.m3u", "song.toy", "good.wav"), "-o", "one.wav", env={"JUKEBOX_MODULES": ""})
    assert any("song.toy" in line and "known format" in line for line in ran.lines), ran
    equal(len(Wav("one.wav").frames), RATE)


@test("a module for another version is not used, and one line says so")
def _():
    text = open(os.path.join(TOP, "doc", "example-decoder.c")).read()
    assert "{JUKEBOX_MODULE_VERSION," in text
    with open("old.c", "w") as f:
        f.write(text.replace("{JUKEBOX_MODULE_VERSION,", "{999,"))
    build("old.c", "old/toy.so")
    ran = run("--plain", make_toy("another.toy"), "-o", "none.wav", env=with_modules("old"), status=1)
    lines = [line for line in ran.lines if "another.toy" in line]
    equal(len(lines), 1)
    assert "toy.so" in lines[0] and "version 999" in lines[0], ran


@test("what is no module at all is named, and harms nobody")
def _():
    os.makedirs("junk", exist_ok=True)
    with open("junk/junk.so", "wb") as f:
        f.write(b"not a shared object")
    ran = run("--plain", make_toy("third.toy"), "-o", "none.wav", env=with_modules("junk"), status=1)
    assert any("junk.so" in line for line in ran.lines), ran
    run("--plain", "good.wav", "-o", "still.wav", env=with_modules("junk"))
    equal(len(Wav("still.wav").frames), RATE)


@test("a file that was refused plays as soon as its module is there")
def _():
    run("--plain", make_toy("later.toy"), "-o", "none.wav", env={"JUKEBOX_MODULES": ""}, status=1)
    run("--plain", "later.toy", "-o", "later.wav", env=with_modules("good"))
    equal(len(Wav("later.wav").frames), len(SAMPLES))


@test("the program itself links none of libav")
def _():
    said = subprocess.run(["ldd", JUKEBOX], stdout=subprocess.PIPE, text=True).stdout
    assert "libc.so" in said or "libc.musl" in said, said
    assert "libav" not in said and "libsw" not in said, said


main()
