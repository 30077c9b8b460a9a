#!/usr/bin/python3
"""The main job: level, whole, the same bytes each time; what becomes of tracks that cannot be played."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa


def bytes_of(path):
    with open(path, "rb") as f:
        return f.read()


def heels(seconds):
    """Two songs of four seconds with cold endings: nothing lost, and no more than a breath between them."""
    assert 7.9 <= seconds <= 8.5, seconds


@test("six pieces in four formats mix without a word of warning")
def _():
    make_music()
    ran = run("music/music.m3u", "-o", "mix.wav", "--jobs=1")
    equal([line for line in ran.lines if "warning" in line.lower()], [])
    made = Wav("mix.wav")
    equal((made.rate, made.channels, made.bits), (44100, 2, 16))
    equal(made.data_size, len(made.body))


@test("the cache lies beside the list")
def _():
    assert os.path.exists("music/music.m3u.jukebox"), os.listdir("music")


@test("the same bytes with one thread and with two")
def _():
    run("music/music.m3u", "--no-cache", "--jobs=1", "-o", "one.wav")
    run("music/music.m3u", "--no-cache", "--jobs=2", "-o", "two.wav")
    equal(bytes_of("one.wav") == bytes_of("two.wav"), True)


@test("the same bytes with a cold and with a warm cache")
def _():
    equal(bytes_of("mix.wav") == bytes_of("one.wav"), True, "cold against none")
    run("music/music.m3u", "-o", "warm.wav")
    equal(bytes_of("mix.wav") == bytes_of("warm.wav"), True, "cold against warm")


@test("every song at -18 LUFS where it is alone; true peak at most -1 dBTP")
def _():
    tones = playlist("levels.m3u", tone("loud.wav", 8, 500, -3), tone("soft.wav", 8, 1000, -40), tone("mono.wav", 8, 700, -20, channels=1),
                     tone("fast.wav", 8, 900, -15, rate=48000))
    run(tones, "-o", "levels.wav", "--gap=1")
    for i in range(4):
        level, peak = loudness("levels.wav", 9 * i + 1, 6)
        near(level, -18, 0.3, f"song {i + 1}")
    run(tones, "-o", "hot.wav", "--target=-5")
    assert loudness("hot.wav")[1] <= -0.9, loudness("hot.wav")
    assert loudness("mix.wav")[1] <= -0.9, loudness("mix.wav")


@test("--target moves it; --loudness off leaves it")
def _():
    run("soft.wav", "-o", "t.wav", "--target=-23")
    near(loudness("t.wav")[0], -23, 0.3, "--target=-23")
    run("soft.wav", "-o", "t.wav", "--loudness=off")
    near(loudness("t.wav")[0], loudness("soft.wav")[0], 0.3, "--loudness=off")


@test("cold endings: the next song on its heels; --gap and --crossfade as asked")
def _():
    playlist("two.m3u", tone("a.wav", 4, 500, -12), tone("b.wav", 4, 800, -12))
    run("two.m3u", "-o", "two.wav")
    heels(Wav("two.wav").seconds)
    run("two.m3u", "--gap=2", "-o", "two.wav")
    near(Wav("two.wav").seconds, 10, 0.05, "with a gap")
    run("two.m3u", "--crossfade=1.5", "-o", "two.wav")
    near(Wav("two.wav").seconds, 6.5, 0.05, "with a cross-fade")


@test("a fade: the next song starts in it, and no later than --max-overlap allows")
def _():
    playlist("fade.m3u", tone("fading.wav", 16, 500, -12, fade_out=8), tone("c.wav", 4, 800, -12))
    run("fade.m3u", "-o", "fade.wav")
    seconds = Wav("fade.wav").seconds
    assert 13.9 <= seconds <= 19.7, seconds
    run("fade.m3u", "--max-overlap=1", "-o", "fade1.wav")
    assert 18.9 <= Wav("fade1.wav").seconds <= 20.05, Wav("fade1.wav").seconds


@test("silence at the ends is not played")
def _():
    playlist("silent.m3u", tone("tail.wav", 4, 500, -12, silence=3), tone("d.wav", 4, 800, -12))
    run("silent.m3u", "-o", "silent.wav")
    heels(Wav("silent.wav").seconds)


@test("a bad track is skipped, named, and the mix goes on; --strict tells by status 3")
def _():
    with open("bad.mp3", "wb") as f:
        f.write(b"this is no music at all\n" * 400)
    playlist("bad.m3u", "a.wav", "bad.mp3", "b.wav")
    ran = run("bad.m3u", "-o", "bad.wav")
    equal(len([line for line in ran.lines if "bad.mp3" in line]), 1, ran.err)
    heels(Wav("bad.wav").seconds)
    run("bad.m3u", "-o", "bad.wav", "--strict", status=3)
    run("two.m3u", "-o", "bad.wav", "--strict", status=0)


@test("a track that was known to be bad is named again with a warm cache")
def _():
    ran = run("bad.m3u", "-o", "null:")
    assert "bad.mp3" in ran.err, ran.err


@test("nothing that could be played: status 1")
def _():
    playlist("none.m3u", "bad.mp3")
    ran = run("none.m3u", "-o", "none.wav", status=1)
    assert "bad.mp3" in ran.err, ran.err


@test("a list with nothing in it leaves an older file alone")
def _():
    playlist("empty.m3u")
    tone("older.wav", 1)
    for name in ("empty.m3u", "absent.m3u"):
        run(name, "-o", "older.wav", status=1)
        equal(Wav("older.wav").seconds, 1)


@test("names and tags do not drive the terminal")
def _():
    name = "x\x1b[31m\x07.wav"
    with open(name, "wb") as f:
        f.write(b"RIFF junk")
    playlist("evil.m3u", "#EXTM3U", "#EXTINF:4,\x1b]0;title\x07 me", "a.wav", name)
    ran = run("evil.m3u", "-v", "-o", "null:")
    assert "\x1b" not in ran.err and "\x07" not in ran.err, repr(ran.err)


@test("a sine comes through unharmed: gain and nothing else")
def _():
    run("a.wav", "-o", "sine.wav", "--format=f32")
    made, source = Wav("sine.wav").frames, Wav("a.wav").frames
    equal(made.shape, source.shape)
    middle = slice(22050, -22050)
    gain = numpy.sum(made[middle] * source[middle]) / numpy.sum(source[middle] ** 2)
    rest = made[middle] - gain * source[middle]
    assert 20 * numpy.log10(numpy.sqrt(numpy.mean(rest ** 2)) + 1e-12) < -100, "not gain x source"


@test("quiet: not a word; verbose: some")
def _():
    equal(run("two.m3u", "-q", "-o", "null:").err, "")
    assert run("two.m3u", "-v", "-o", "null:").err


@test("--events: a start for each song, in order, stamped with frames")
def _():
    run("two.m3u", "-o", "null:", "--events=events.jsonl")
    with open("events.jsonl", encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    starts = [row for row in rows if row["event"] == "start"]
    equal(len(starts), 2, rows)
    assert starts[0]["frame"] < starts[1]["frame"], starts


@test("an output never goes over what is read, nor two outputs over each other")
def _():
    tone("dear.wav", 3)
    dear = bytes_of("dear.wav")
    os.link("dear.wav", "other-name.wav")
    os.symlink("dear.wav", "link.wav")
    run("dear.wav", "--plan=none.json", status=2)
    playlist("dear.m3u", "dear.wav")
    for output in ("dear.wav", "other-name.wav", "link.wav", "wav:dear.m3u"):
        ran = run("dear.m3u", "-o", output, status=2)
        assert "is read by this programme" in ran.err, ran.err
    plan = run("plan", "--json", "dear.m3u").out
    with open("dear.json", "wb") as f:
        f.write(plan)
    for output in ("dear.wav", "wav:dear.json"):
        run("--plan=dear.json", "-o", output, status=2)
    with open("dear.wav", "r+b") as f:
        run("dear.m3u", stdout=f, status=2)
    equal(bytes_of("dear.wav") == dear, True, "the music")
    equal(bytes_of("dear.m3u"), b"dear.wav\n")
    equal(bytes_of("dear.json"), plan)
    ran = run("dear.m3u", "-o", "twice.wav", "-o", "twice.wav", status=2)
    assert "is being written already" in ran.err, ran.err
    run("dear.m3u", "-o", "once.wav")
    run("dear.m3u", "-o", "once.wav")  # a mix may be made again


@test("a list that is not there: one line, its name in it once")
def _():
    ran = run("not-there.m3u", "-o", "null:", status=1)
    equal(ran.lines, ["jukebox: not-there.m3u: No such file or directory"])


@test("a constant offset is taken off without a click, where a file begins and ends at zero too")
def _():
    n, ramp = 4 * 44100, numpy.linspace(0, 1, 200)
    sound = 0.25 * numpy.sin(2 * numpy.pi * 500 * numpy.arange(n) / 44100) + 0.05
    sound[:200] *= ramp
    sound[-200:] *= ramp[::-1]
    write_wav("offset.wav", numpy.stack([sound, sound], axis=1))
    run(playlist("offset.m3u", "offset.wav", "offset.wav"), "--gap=1", "--format=f32", "--loudness=off", "-o", "no-offset.wav")
    made = Wav("no-offset.wav").frames
    near(made[44100:3 * 44100].mean(), 0, 1e-4)
    # the sine's own is 0.0013, a step of the offset at the first frame would be 0.05
    assert numpy.abs(numpy.diff(made, n=2, axis=0)).max() < 0.003, numpy.abs(numpy.diff(made, n=2, axis=0)).max()


main()
