#!/usr/bin/python3
"""Decoders in a process of their own: what one does to itself, it does to nobody else."""
import glob
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

CC = os.environ.get("CC", "cc").split()
RATE = 44100


def prepare():
    if not os.path.exists("modules/evil.so"):
        os.makedirs("modules")
        subprocess.run([*CC, "-shared", "-fPIC", "-I", os.path.join(TOP, "include"), "-o", "modules/evil.so",
                        os.path.join(TOP, "tests", "support", "modules", "evil.c")], check=True)
        tone("one.wav", 1, 440)
        tone("two.wav", 1, 550)
    os.environ["JUKEBOX_MODULES"] = os.path.abspath("modules")


def evil(deed):
    prepare()
    with open(f"{deed}.evil", "wb") as f:
        f.write(b"EVIL" + deed.encode() + bytes(1000))
    return f"{deed}.evil"


def between_good(bad, *options):
    """Both good tracks play whole, and one line names the bad one; that line."""
    ran = run("--plain", "--no-cache", *options, playlist("three.m3u", "one.wav", bad, "two.wav"), "-o", "three.wav")
    equal(len(Wav("three.wav").frames), 2 * RATE, "frames of the good tracks")
    lines = [line for line in ran.lines if bad in line]
    equal(len(lines), 1, str(ran))
    return lines[0]


def decoders_of(pid):
    """The processes that decode for a run: children of its only child."""
    found = {}
    for name in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(name) as f:
                text = f.read()
        except OSError:
            continue
        found.setdefault(int(text.rsplit(")", 1)[1].split()[1]), []).append(int(text.split()[0]))
    return [child for helper in found.get(pid, []) for child in found.get(helper, [])]


@test("the same bytes with and without a sandbox")
def _():
    prepare()
    names = playlist("good.m3u", "one.wav", "two.wav")
    for when in ("on", "off"):
        run("--no-cache", f"--sandbox={when}", names, "-o", f"{when}.wav")
    with open("on.wav", "rb") as a, open("off.wav", "rb") as b:
        equal(a.read() == b.read(), True)


@test("a decoder that crashes is one skipped track")
def _():
    assert "crashed" in between_good(evil("C"))


@test("a decoder that hangs is stopped, and is one skipped track")
def _():
    assert "hung" in between_good(evil("H"))


@test("a decoder gets no file, socket, process or program")
def _():
    line = between_good(evil("P"))
    for what in ("file", "new file", "network", "local socket", "process", "program"):
        assert f"{what} refused" in line, line
    equal(os.path.exists("made-by-a-decoder"), False)


@test("... which it would get outside of the sandbox")
def _():
    line = between_good(evil("P"), "--sandbox=off")
    try:
        os.unlink("made-by-a-decoder")
    except OSError:
        pass
    assert "file allowed" in line and "network allowed" in line, line


@test("a decoder gets a gigabyte of memory at most")
def _():
    if b"__asan_init" in open(JUKEBOX, "rb").read() or b"__tsan_init" in open(JUKEBOX, "rb").read():
        skip("sanitizers need more address space than that")
    assert "memory refused" in between_good(evil("M"))


@test("a crash behind the first second, while measuring, is one skipped track too")
def _():
    assert "crashed" in between_good(evil("L"))


@test("a decoder that is killed in the middle of a mix costs the rest of its track")
def _():
    prepare()
    tone("long.wav", 120, 330)
    run("analyze", "long.wav", "two.wav", "--cache=kill.db")
    names = playlist("kill.m3u", "long.wav", "two.wav")
    mix = subprocess.Popen([JUKEBOX, "--plain", "--cache=kill.db", names, "-o", "-"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    got = b""
    while len(got) < 400000:  # it plays, and waits for us
        got += mix.stdout.read(65536)
    victims = decoders_of(mix.pid)
    assert victims, "no process decodes"
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    rest, said = mix.communicate(timeout=LONGEST_SECONDS)
    equal(mix.returncode, 0, said)
    assert b"long.wav" in said and b"crashed" in said, said
    equal((len(got) + len(rest) - 44) // 4, 121 * RATE, "frames: what follows keeps its place")


@test("no process is left behind, and Ctrl-C at a terminal does not reach the helper")
def _():
    prepare()
    mix = subprocess.Popen([JUKEBOX, "--plain", "--no-cache", "one.wav", "-o", "-"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, start_new_session=True)
    mix.stdout.read(1000)
    group = os.getpgid(mix.pid)
    for pid in decoders_of(mix.pid):
        assert os.getpgid(pid) != group, "a decoder is in the group of the terminal"
    mix.communicate(timeout=LONGEST_SECONDS)
    equal(mix.returncode, 0)


main()
