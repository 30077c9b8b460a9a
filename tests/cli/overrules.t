#!/usr/bin/python3
"""What people and tags decide: #JUKEBOX: lines, --use-tags, --no-mix, and items that are short; heard in the mix."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

RATE = 44100


def songs():
    """Three sines of their own pitch, so that each is told from the others; half a second of silence behind them."""
    for name, hz in (("a", 300), ("b", 700), ("c", 1500)):
        if not os.path.exists(name + ".wav"):
            tone(name + ".wav", 10, hz=hz, silence=0.5)


def listed(name, *lines):
    with open(name, "w", encoding="utf-8") as f:
        f.write("\n".join(("#EXTM3U", *lines)) + "\n")
    return name


def planned(*arguments):
    return run("plan", "--json", "--no-cache", *arguments).json()["tracks"]


def mixed(*arguments):
    run("--no-cache", "--format=f32", *arguments, "-o", "mix.wav")
    return Wav("mix.wav")


def level(wav, hz, start, seconds=0.2):
    """Amplitude of one pitch, dBFS of its peak."""
    part = wav.frames[round(start * RATE):round((start + seconds) * RATE), 0]
    t = numpy.arange(len(part)) / RATE
    window = numpy.hanning(len(part))
    return 20 * numpy.log10(abs(numpy.sum(part * window * numpy.exp(-2j * numpy.pi * hz * t))) * 2 / window.sum() + 1e-9)


@test("cue-in and cue-out: only that part is heard")
def _():
    songs()
    wav = mixed(listed("l.m3u", "#JUKEBOX: cue-in=2 cue-out=5.5", "a.wav"))
    near(wav.seconds, 3.5, 0.001)
    track, = planned("l.m3u")
    equal((track["cue_in"], track["cue_out"]), (2, 5.5))
    equal(track["sources"], "cue-in: #JUKEBOX:, cue-out: #JUKEBOX:")


@test("gain: to the decibel, for that item alone")
def _():
    wav = mixed(listed("l.m3u", "#JUKEBOX: gain=-20", "a.wav", "b.wav"), "--gap=1")
    near(level(wav, 300, 4), -12 - 20, 0.1)
    first, second = planned("l.m3u", "--gap=1")
    near(level(wav, 700, second["start"] + 4), -12 + second["gain_db"], 0.1)
    equal((first["gain_db"], first["sources"], second["sources"]), (-20, "gain: #JUKEBOX:", None))


@test("overlap: both are heard that long, no longer; pause: neither is")
def _():
    listed("l.m3u", "#JUKEBOX: overlap=3", "a.wav", "#JUKEBOX: pause=2", "b.wav", "c.wav")
    wav, tracks = mixed("l.m3u"), planned("l.m3u")
    near(tracks[1]["start"], 7, 0.05)
    near(tracks[0]["overlap"], 3, 1e-6)
    assert level(wav, 300, 8) > -40 and level(wav, 700, 8) > -40
    near(tracks[2]["start"] - tracks[1]["end"], 2, 1e-6)
    silent = wav.frames[round((tracks[1]["end"] + 0.001) * RATE):round((tracks[2]["start"] - 0.001) * RATE)]
    assert numpy.abs(silent).max() < 1e-4, numpy.abs(silent).max()
    assert "#JUKEBOX:" in tracks[0]["reason"] and "#JUKEBOX:" in tracks[1]["reason"]


@test("keep-whole: the silence at the end is played")
def _():
    near(mixed(listed("l.m3u", "a.wav")).seconds, 10, 0.05)
    near(mixed(listed("l.m3u", "#JUKEBOX: keep-whole", "a.wav")).seconds, 10.5, 0.001)


@test("kind: nothing overlaps speech, a jingle is not faded across")
def _():
    tone("fading.wav", 12, hz=400, fade_out=6)
    assert planned(listed("l.m3u", "fading.wav", "b.wav"))[0]["overlap"] > 0.5
    spoken = planned(listed("l.m3u", "#JUKEBOX: kind=spoken", "fading.wav", "b.wav"))[0]
    assert spoken["overlap"] <= 0.01, spoken
    listed("l.m3u", "a.wav", "#JUKEBOX: kind=jingle", "b.wav", "c.wav", "a.wav")
    tracks = planned("l.m3u", "--crossfade=2")
    equal([bool(track["fade_in"]) for track in tracks], [False, False, False, True])
    equal([bool(track["fade_out"]) for track in tracks], [False, False, True, False])


@test("gapless: a recording that nobody would have found, joined to the frame")
def _():
    t = numpy.arange(8 * RATE) / RATE
    noise = 0.1 * numpy.random.default_rng(1).standard_normal((len(t), 2))
    write_wav("left.wav", noise[:4 * RATE])
    write_wav("right.wav", noise[4 * RATE:])
    wav = mixed(listed("l.m3u", "#JUKEBOX: gapless", "left.wav", "right.wav"), "--loudness=off", "--limiter=off")
    equal(len(wav.frames), len(noise))
    assert numpy.abs(wav.frames - noise)[RATE:-RATE].max() < 1e-4, "not the recording"


@test("a word that is none is named, and the others count")
def _():
    ran = run("plan", "--json", "--no-cache", listed("l.m3u", "#JUKEBOX: loud gain=-7", "a.wav"))
    assert "'loud'" in ran.err and "a.wav" in ran.err, ran.err
    equal(ran.json()["tracks"][0]["gain_db"], -7)


def tagged(path, source, *tags):
    subprocess.run(["flac", "-s", "-f", "-o", path, *("--tag=" + tag for tag in tags), source], check=True)


@test("--use-tags: Liquidsoap's, MixRamp, ReplayGain, R128; and the plan says whose word it was")
def _():
    tagged("cues.flac", "a.wav", "liq_cue_in=1.5", "liq_cue_out=8", "liq_cross_duration=2", "liq_fade_out=1",
           "liq_amplify=-9 dB")
    tagged("gain.flac", "b.wav", "REPLAYGAIN_TRACK_GAIN=-3.25 dB")
    tagged("r128.flac", "c.wav", "R128_TRACK_GAIN=-1024")
    listed("l.m3u", "cues.flac", "gain.flac", "r128.flac")
    cues, gain, r128 = planned("--use-tags", "l.m3u")
    equal((cues["cue_in"], cues["cue_out"], cues["fade_out"], cues["gain_db"]), (1.5, 8, 1, -9))
    near(cues["overlap"], 2, 1e-6)
    equal(cues["reason"], "liq_cross_duration: a fixed overlap")
    equal(cues["sources"], "cue-in: liq_cue_in, cue-out: liq_cue_out, gain: liq_amplify, overlap: liq_cross_duration, "
                           "fade-out: liq_fade_out")
    equal((gain["gain_db"], gain["sources"]), (-3.25, "gain: replaygain_track_gain"))
    equal((r128["gain_db"], r128["sources"]), (1, "gain: r128_track_gain"))  # -4 dB to -23 LUFS, 5 more to -18
    wav = mixed("--use-tags", "l.m3u")
    near(level(wav, 300, 2), -12 - 9, 0.1)
    equal([track["sources"] for track in planned("l.m3u")], [None] * 3)
    # A person's word comes first.
    listed("l.m3u", "#JUKEBOX: gain=2", "gain.flac")
    equal(planned("--use-tags", "l.m3u")[0]["gain_db"], 2)


@test("--use-tags: MixRamp needs both sides")
def _():
    tagged("end.flac", "a.wav", "MIXRAMP_END=-90 0.5;-9 1.5;0 3;", "REPLAYGAIN_TRACK_GAIN=-8.00 dB")
    tagged("start.flac", "b.wav", "MIXRAMP_START=-90 0;-9 0.75;", "REPLAYGAIN_TRACK_GAIN=-8.00 dB")
    tracks = planned("--use-tags", listed("l.m3u", "end.flac", "start.flac", "c.wav"))
    near(tracks[0]["overlap"], 2.25, 1e-6)
    equal(tracks[0]["reason"], "mixramp_end, mixramp_start: a fixed overlap")
    assert "mixramp" not in tracks[1]["reason"], tracks[1]


@test("--no-mix: whole files end to end, and still levelled")
def _():
    tracks = planned("--no-mix", listed("l.m3u", "a.wav", "b.wav"))
    equal([(track["cue_in"], track["cue_out"], track["overlap"]) for track in tracks], [(0, 10.5, 0)] * 2)
    near(mixed("--no-mix", "l.m3u").seconds, 21, 1e-6)


@test("three at once: a short item inside of an overlap")
def _():
    tone("short.wav", 2, hz=1100)
    listed("l.m3u", "#JUKEBOX: overlap=3", "a.wav", "#JUKEBOX: overlap=1", "short.wav", "c.wav")
    tracks, wav = planned("l.m3u"), mixed("l.m3u")
    equal(tracks[0]["overlap"], 1)  # half of the short one is the most
    near(tracks[1]["overlap"], 1, 1e-6)
    assert tracks[2]["start"] <= tracks[0]["end"] + 0.05, tracks
    # A fade of 6 s under a jingle of a second, and the next song behind it.
    tone("fading.wav", 14, hz=300, fade_out=6)
    tone("second.wav", 1, hz=1100)
    tracks = planned(listed("l.m3u", "fading.wav", "second.wav", "c.wav"))
    for old, new in zip(tracks, tracks[1:], strict=False):
        assert old["overlap"] <= 0.25 + 1e-6, old  # a quarter of the short item
        assert new["start"] >= old["start"]
    near(mixed("l.m3u").seconds, max(track["end"] for track in tracks), 0.001)


@test("items of one frame, and of less than the overlap that was asked for")
def _():
    write_wav("frame.wav", numpy.full((1, 2), 0.5))
    tone("blip.wav", 0.05)
    listed("l.m3u", "#JUKEBOX: overlap=5", "a.wav", "frame.wav", "#JUKEBOX: overlap=5", "blip.wav", "b.wav",
           "frame.wav")
    for options in ((), ("--crossfade=4",), ("--gap=0.5",), ("--no-mix",)):
        tracks = planned(*options, "l.m3u")
        equal(len(tracks), 5, options)
        starts = [track["start"] for track in tracks]
        equal(starts, sorted(starts), options)
        near(mixed(*options, "l.m3u").seconds, max(track["end"] for track in tracks), 0.001, options)


@test("--no-cache leaves no file")
def _():
    before = sorted(os.listdir("."))
    run("plan", "--no-cache", listed("l.m3u", "a.wav"))
    equal(sorted(os.listdir(".")), before)
    assert ":memory:" not in before, before


@test("--explain: all terms by name, with their unit")
def _():
    err = run("plan", "--no-cache", "--explain", listed("l.m3u", "a.wav", "b.wav")).err
    for term in ("hole", "clash", "bump", "buried", "playing", "tail", "pause", "peak", "beat", " s"):
        assert term in err, f"{term} is not in {err}"


main()
