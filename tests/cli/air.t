#!/usr/bin/python3
"""Never silent, never stuck: lists with nothing in them, fallbacks, hasty commands, as listeners hear it."""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa
from air import *  # noqa





@test("nothing can be played: the fallback, again and again without a hole; then the files are back, and the programme comes")
def _():
    songs(5)
    for name in ("a.wav", "b.wav"):
        os.rename(name, "away-" + name)
    playlist("lost.m3u", "a.wav", "b.wav")
    air = Air("lost", "--loop", "lost.m3u", "--fallback=fallback.wav")
    air.wait_for_line("the fallback plays")
    wait_for(lambda: air.events("fallback"), "no event")
    pass_time(4)
    for name in ("a.wav", "b.wav"):
        os.rename("away-" + name, name)
    air.wait_for_song("b.wav")
    tones, silence = air.heard()
    assert silence < 0.25, (silence, air.said())
    equal([hz for hz, _ in tones][:3], [1500, 300, 500], air.said())
    assert tones[0][1] > 6, tones
    equal([e["event"] for e in air.events("fallback", "programme")], ["fallback", "programme"])


@test("silence alarm: told once, and its end; with --silence-exit status 4, and whole files")
def _():
    hole = numpy.concatenate((Wav(tone("x.wav", 3)).frames, numpy.zeros((20 * 44100, 2)), Wav("x.wav").frames))
    write_wav("hole.wav", hole)
    ran = run("--plain", "hole.wav", "-o", "out.wav", "--silence-alarm=5:-50", "--events=hole.events")
    with open("hole.events", encoding="utf-8") as f:
        told = [e for e in map(json.loads, f) if e["event"] in ("silence", "sound")]
    equal([e["event"] for e in told], ["silence", "sound"], ran)
    near(told[0]["second"], 8, 0.3)
    near(told[1]["second"], 23, 0.3)
    assert "5 s below -50 LUFS" in ran.err, ran.err
    near(Wav("out.wav").seconds, 26, 0.1)
    ran = run("--plain", "hole.wav", "-o", "out.wav", "--silence-alarm=5", "--silence-exit", "--state=state", status=4)
    near(Wav("out.wav").seconds, 8, 0.3)
    equal(Wav("out.wav").data_size, len(Wav("out.wav").body))
    assert "hole.wav" in open("state", encoding="utf-8").read(), "the state is that of the end of the list"
    run("--plain", "hole.wav", "-o", "out.wav", "--silence-alarm=30", "--silence-exit")
    for wrong in ("--silence-alarm=", "--silence-alarm=x", "--silence-alarm=5:", "--silence-alarm=0", "--silence-alarm=5:3", "--silence-exit"):
        assert "silence" in run("hole.wav", "-o", "null:", wrong, status=2).err


@test("without a fallback: silence, which is told; the alarm ends the run")
def _():
    songs(4)
    playlist("gone.m3u", "a.wav")
    run("analyze", "gone.m3u")
    air = Air("gone", "--loop", "gone.m3u", "--silence-alarm=3", "--silence-exit")
    air.wait_for_song("a.wav")
    for name in ("a.wav",):
        os.rename(name, "away-" + name)
    equal(air.end(), 4, air.said())
    os.rename("away-a.wav", "a.wav")
    equal([e.get("text") for e in air.events("fallback")], ["silence"], air.said())
    assert air.events("silence"), air.said()


@test("a fallback that cannot be had is an error at the start; so are odd uses of it")
def _():
    songs()
    with open("broken.mp3", "wb") as f:
        f.write(b"nothing" * 1000)
    for wrong in ("broken.mp3", "no-such-file.ogg", playlist("empty.m3u")):
        ran = run("songs.m3u", "-o", "null:", f"--fallback={wrong}", status=1)
        assert f"--fallback: {wrong}" in ran.err, ran.err
    with open("plan.json", "wb") as f:
        f.write(run("plan", "--json", "songs.m3u").out)
    run("--plan=plan.json", "-o", "null:", "--fallback=fallback.wav", status=2)
    write_wav("long.wav", numpy.zeros((190 * 8000, 1)) + 0.1 * numpy.random.default_rng(1).standard_normal((190 * 8000, 1)), 8000)
    assert "at most" in run("songs.m3u", "-o", "null:", "--rate=192000", "--fallback=long.wav", status=1).err


@test("a fallback of several songs, mixed into a pipe: they meet each other at the seam as anywhere else")
def _():
    songs()
    tone("one.wav", 5, 1000, fade_out=2)
    tone("two.wav", 5, 2000, fade_out=2)
    playlist("empty.m3u")
    process = subprocess.Popen([JUKEBOX, "--loop", "empty.m3u", "--fallback=" + playlist("two.m3u", "one.wav", "two.wav"),
                                "-o", "raw:-", "--format=f32"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    sound = numpy.frombuffer(process.stdout.read(8 * 44100 * 40), "<f4").reshape(-1, 2)[:, 0]
    process.terminate()
    process.stdout.read()
    said = process.stderr.read().decode()
    equal(process.wait(), 0, said)
    heard = [[hz, s] for hz, s in tones_of(sound) if hz and s > 0.5]
    equal([hz for hz, _ in heard][:6], [1000, 2000] * 3, said)
    near(heard[2][1], heard[4][1], 0.11)
    assert longest_silence(sound) < 0.05, longest_silence(sound)
    assert numpy.abs(numpy.diff(sound)).max() < 0.3, "a click"


@test("skipped again and again, the old song is not gone before a new one is there")
def _():
    air = Air("skipped", "--loop", songs())
    air.wait_for_song("a.wav")
    pass_time(3)
    for _ in range(5):
        air.process.send_signal(signal.SIGUSR1)
        pass_time(0.35)
    pass_time(4)
    equal(air.end(signal.SIGTERM), 0, air.said())
    samples = decode(air.listener.end())
    blocks = numpy.abs(samples[:len(samples) // 2205 * 2205]).reshape(-1, 2205).max(axis=1)[20:-40]
    assert len(air.events("skip")) > 2 and blocks.min() > 0.3 * numpy.median(blocks), (air.events("skip", "start"), blocks.min(), numpy.median(blocks))


@test("skip, and before the next song is on something else: a wish, a reload; it comes as soon, and nothing is silent")
def _():
    for action, following in ((["queue", "c.wav", "next"], "c.wav"), (["reload"], "b.wav")):
        air = Air("hasty", "--loop", songs(), "--control=air.sock")
        air.wait_for_song("a.wav")
        run("ctl", "--socket=air.sock", "skip")
        wait_for(lambda: air.events("planned"), "no skip")
        run("ctl", "--socket=air.sock", *action)
        wait_for(lambda: len(air.events("planned")) == 2, "nothing is planned anew")
        air.wait_for_song(following)
        pass_time(3)
        tones, silence = air.heard()
        began = air.events("start")[1]["second"] - air.events("skip")[0]["second"]
        assert began < 2 and silence < 0.1, (began, silence, tones, air.events())
        equal(air.songs(), ["a.wav", following], air.said())


main()
