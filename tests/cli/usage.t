#!/usr/bin/python3
"""Options, help and mistakes: what a person sees who types it wrong, or asks."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

VERBS = ("mix", "analyze", "plan", "joints", "verify", "cache", "list")


def mistake(*arguments, names):
    """Status 2, nothing on stdout, one line that names what is wrong and points to --help."""
    ran = run(*arguments, status=2)
    equal(ran.out, b"", "standard output")
    equal(len(ran.lines), 1, f"lines: {ran.err}")
    assert ran.err.startswith("jukebox: "), ran.err
    for name in (names, "--help"):
        assert name in ran.err, f"{name!r} is not in {ran.err!r}"


@test("--help: standard output, status 0, one screen, names every verb")
def _():
    ran = run("--help")
    equal(ran.err, "")
    text = ran.out.decode()
    for verb in VERBS:
        assert f"  {verb}" in text, text
    assert len(text.splitlines()) <= 40, text


@test("--help of each verb: standard output, status 0")
def _():
    for verb in VERBS:
        for word in ("--help", "-h"):
            ran = run(verb, word)
            equal(ran.err, "")
            assert f"jukebox {verb}" in ran.out.decode(), ran.out


@test("--version names the version and what was built in")
def _():
    text = run("--version").out.decode()
    version = subprocess.run(["make", "-s", "-C", TOP, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    assert text.startswith(f"jukebox {version}"), text
    for part in ("mp3", "vorbis", "flac", "wav", "null"):
        assert part in text, f"{part} is not in {text}"


@test("help to a full device is a failure")
def _():
    with open("/dev/full", "wb") as full:
        run("--help", stdout=full, status=1)
        run("mix", "--help", stdout=full, status=1)


@test("an unknown option")
def _():
    mistake("--nonsense", names="--nonsense")
    mistake("mix", "--nonsense", "x.m3u", names="--nonsense")
    mistake("-Z", "x.m3u", names="Z")
    for verb in VERBS:
        mistake(verb, "--nonsense", names="--nonsense")


@test("no list")
def _():
    for verb in VERBS:
        mistake(verb, names="")


@test("an argument that is missing, no number, or out of range")
def _():
    mistake("x.m3u", "--target", names="target")
    mistake("--target=loud", "x.m3u", names="loud")
    mistake("--rate=0", "x.m3u", names="rate")
    mistake("--channels=99", "x.m3u", names="channels")
    mistake("--format=mp7", "x.m3u", names="mp7")
    mistake("--quality=supreme", "x.m3u", names="supreme")
    mistake("--crossfade=-1", "x.m3u", names="crossfade")
    mistake("--buffer=many", "x.m3u", names="many")
    mistake("--inner-silence=maybe", "x.m3u", names="maybe")
    mistake("--plain=yes", "x.m3u", names="plain")


@test("an output that nobody knows")
def _():
    tone("a.wav", 1)
    for spec in ("a.unknown", "nowhere:x"):
        ran = run("a.wav", "-o", spec, status=2)
        assert spec.split(":")[0] in ran.err, ran.err
        assert not os.path.exists(spec), "was made all the same"


@test("a mistake in the options leaves no files behind")
def _():
    tone("b.wav", 1)
    run("b.wav", "-o", "never.wav", "--target=loud", status=2)
    assert not os.path.exists("never.wav")


@test("control characters in an argument do not reach the terminal")
def _():
    ran = run("--non\x1b[31msense", status=2)
    assert "\x1b" not in ran.err, ran.err
    ran = run("no\x1b]0;such\x07.m3u", "-o", "null:", status=None)
    assert ran.status in (1, 2), ran
    assert "\x1b" not in ran.err and "\x07" not in ran.err, ran.err


@test("a list that is not there: status 1, and it is named")
def _():
    for verb in ("mix", "analyze", "plan", "list"):
        ran = run(verb, "absent.m3u", status=1)
        assert "absent.m3u" in ran.err, ran.err
        equal(ran.out, b"")


main()
