#!/usr/bin/python3
"""Cue sheets: one file, many tracks, cut and joined to the sample."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

STARTS = (0, 151, 258)  # sectors of 1/75 s
SHEET = """REM DATE 1990
PERFORMER "Somebody"
TITLE "A Disc"
FILE "disc.wav" WAVE
  TRACK 01 AUDIO
    TITLE "One"
    INDEX 01 00:00:00
  A LINE THAT MEANS NOTHING "to anybody
  TRACK 02 AUDIO
    TITLE "Two "quoted" words"
    INDEX 00 00:01:50
    INDEX 01 00:02:01
  TRACK 03 AUDIO
    PERFORMER "Another"
    TITLE "Three"
    INDEX 01 00:03:33
"""


def make_disc():
    """A disc of one sweep: any sample that is lost, repeated or moved shows."""
    if not os.path.exists("disc.wav"):
        t = numpy.arange(round(5.1234 * 44100)) / 44100
        write_wav("disc.wav", 0.3 * numpy.sin(2 * numpy.pi * (200 + 150 * t) * t)[:, None] * [1, 0.8])
        with open("disc.cue", "w") as f:
            f.write(SHEET)
    return "disc.cue"


def encode(*command):
    if not shutil.which(command[0]):
        skip(f"{command[0]} is not installed")
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def plan(*arguments):
    return run("plan", "--json", *arguments).json()["tracks"]


@test("the tracks of a sheet, with what it says of them")
def _():
    tracks = plan(make_disc())
    equal([t["title"] for t in tracks], ["Somebody - One", 'Somebody - Two "quoted" words', "Another - Three"])
    equal([os.path.basename(t["path"]) for t in tracks], ["disc.wav#cd=0-151", "disc.wav#cd=151-258", "disc.wav#cd=258-"])
    equal([t["transition"] for t in tracks], ["start", "album", "album"])


@test("--plain of a sheet is --plain of its file, sample for sample: WAV, FLAC, MP3, Ogg Vorbis")
def _():
    make_disc()
    for suffix, command in (("wav", None), ("flac", ("flac", "-s", "-f", "disc.wav", "-o", "d.flac")),
                            ("mp3", ("lame", "--quiet", "disc.wav", "d.mp3")),
                            ("ogg", ("oggenc", "-Q", "disc.wav", "-o", "d.ogg"))):
        name = f"d.{suffix}" if command else "disc.wav"
        if command:
            encode(*command)
        with open("d.cue", "w") as f:
            f.write(SHEET.replace("disc.wav", name))
        run("--plain", "d.cue", "-o", "tracks.wav")
        run("--plain", name, "-o", "whole.wav")
        tracks, whole = Wav("tracks.wav").frames, Wav("whole.wav").frames
        equal(tracks.shape, whole.shape, name)
        assert numpy.abs(tracks - whole).max() <= (1 / 32768 if suffix in ("mp3", "ogg") else 0), name


@test("each track by itself, and in another order, begins and ends at its sector")
def _():
    make_disc()
    whole = Wav("disc.wav").frames
    names = ["disc.wav#cd=258-", "disc.wav#cd=0-151"]
    run("--plain", playlist("two.m3u", *names), "-o", "two.wav")
    wanted = numpy.concatenate((whole[258 * 588:], whole[:151 * 588]))
    equal(numpy.abs(Wav("two.wav").frames - wanted).max(), 0.0)
    assert all(t["transition"] != "album" for t in plan("two.m3u"))


@test("a mix of the whole sheet joins its tracks without a seam")
def _():
    run(make_disc(), "--loudness=off", "--limiter=off", "-o", "mix.wav")
    made, whole = Wav("mix.wav").frames, Wav("disc.wav").frames
    equal(made.shape, whole.shape)
    inner = slice(2000, -2000)  # the ends of the programme are declicked
    assert numpy.abs(made[inner] - whole[inner]).max() <= 1 / 32768


@test("a sheet inside a FLAC's tags")
def _():
    make_disc()
    encode("flac", "-s", "-f", "--tag-from-file=CUESHEET=disc.cue", "disc.wav", "-o", "inside.flac")
    equal([t["title"] for t in plan("inside.flac")][2], "Another - Three")
    run("--plain", "inside.flac", "-o", "inside.wav")
    equal(numpy.abs(Wav("inside.wav").frames - Wav("disc.wav").frames).max(), 0.0)


@test("a sheet that names a WAV finds what it has become")
def _():
    make_disc()
    os.makedirs("elsewhere", exist_ok=True)
    encode("flac", "-s", "-f", "disc.wav", "-o", "elsewhere/disc.flac")
    shutil.copy("disc.cue", "elsewhere/disc.cue")
    equal(os.path.basename(plan("elsewhere/disc.cue")[1]["path"]), "disc.flac#cd=151-258")


@test("each track has a record of its own in the cache, also after the file has moved")
def _():
    make_disc()
    os.makedirs("before", exist_ok=True)
    for name in ("disc.cue", "disc.wav"):
        shutil.copy(name, "before")
    first = run("analyze", "--json", "--cache=tracks.db", "before/disc.cue").json_lines()
    os.rename("before", "after")
    again = run("analyze", "--json", "--cache=tracks.db", "after/disc.cue").json_lines()
    equal([t["cached"] for t in first], [False] * 3)
    equal([t["cached"] for t in again], [True] * 3)
    equal([t["frames"] for t in again], [151 * 588, 107 * 588, round(5.1234 * 44100) - 258 * 588])
    equal([t["loudness_lufs"] for t in again], [t["loudness_lufs"] for t in first])


@test("files that are missing, places that go backwards, and data tracks cost a line each, not the sheet")
def _():
    make_disc()
    with open("odd.cue", "w") as f:
        f.write('FILE "not there.wav" WAVE\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n'
                'FILE "disc.wav" WAVE\n TRACK 02 AUDIO\n  INDEX 01 00:02:00\n TRACK 03 AUDIO\n  INDEX 01 00:01:00\n'
                ' TRACK 04 MODE1/2352\n  INDEX 01 00:03:00\n TRACK 05 AUDIO\n  INDEX 01 00:04:00\n'
                ' TRACK 06 AUDIO\n  INDEX 01 00:99:00\n')
    ran = run("list", "odd.cue")
    equal([os.path.basename(name) for name in ran.out.decode().split("\n")],
          ["disc.wav#cd=0-225", "disc.wav#cd=300-", ""])
    for words in ("not there.wav", "behind the track before", "no place of a track"):
        assert any("odd.cue:" in line and words in line for line in ran.lines), (words, ran)


main()
