#!/usr/bin/python3
"""Lists on a disk that hangs: reloads, the start, and the end."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa
from air import *  # noqa


@test("a reload whose list, or folder, lies on a disk that hangs: the list on air goes on, commands are obeyed; it is made when the disk answers")
def _():
    env = meddle(speed=3)
    songs(12)
    os.makedirs("folder", exist_ok=True)
    for name in ("a.wav", "b.wav"):
        tone("folder/" + name, 12, HZ[name])
    run("analyze", "--cache=lists.jukebox", "songs.m3u", "folder")
    for name in ("songs.m3u", "folder"):
        air = Air("reload", "--loop", name, "--cache=lists.jukebox", "--control=air.sock", env=env)
        air.wait_for_song("a.wav")
        hang("lists:" + name)
        run("ctl", "--socket=air.sock", "reload")
        air.wait_for_line("the disk of the list does not answer; the old one goes on until it does")
        run("ctl", "--socket=air.sock", "skip")
        air.wait_for_song("b.wav")
        run("ctl", "--socket=air.sock", "skip")
        wait_for(lambda: len(air.songs()) == 3, "the list does not go on")
        equal(run("ctl", "--socket=air.sock", "--json", "status").json()["state"], "playing")
        if name == "folder":
            tone("folder/d.wav", 12, 1200)
        else:
            tone("d.wav", 12, 1200)
            playlist("songs.m3u", "d.wav", "a.wav")
        assert not air.events("reload"), air.said()
        os.remove("hangs")
        wait_for(lambda: air.events("reload"), "no reload")
        run("ctl", "--socket=air.sock", "skip")
        air.wait_for_song("d.wav")
        tones, silence = air.heard()
        assert silence < 0.3 and not air.events("fallback"), (silence, tones, air.said())
        equal(len([line for line in air.lines if "does not answer" in line]), 1, air.said())
        assert 1200 in [hz for hz, _ in tones], tones


@test("who stops while a list is read from a disk that hangs does not wait for it, at the start and on the air")
def _():
    env = meddle(speed=3)
    air = Air("stops", "--loop", songs(), env=env)
    air.wait_for_song("a.wav")
    hang("lists:songs.m3u")
    air.process.send_signal(signal.SIGHUP)
    air.wait_for_line("the disk of the list does not answer")
    began = time.monotonic()
    equal(air.end(signal.SIGTERM), 0, air.said())
    air.listener.end()
    waits = Player("songs.m3u", "-o", "null:", env=env)
    waits.wait_for_line("the disk of the list does not answer; waiting for it")
    equal(waits.end(signal.SIGTERM), 0, waits.said())
    assert time.monotonic() - began < 30, (air.said(), waits.said())
    waits = Player("songs.m3u", "-o", "null:", env=env)
    waits.wait_for_line("waiting for it")
    os.remove("hangs")
    equal(waits.end(), 0, waits.said())
    assert "3 clips" in waits.said(), waits.said()


@test("a list that is not to be had at the start: on the air with the fallback; when its disk answers it goes on where it stood, and is watched")
def _():
    env = meddle(speed=3)
    songs(8)
    arguments = ["--loop", "songs.m3u", "--cache=songs.m3u.jukebox", "--fallback=fallback.wav", "--state=begin.state", "--watch"]
    air = Air("begin", *arguments, env=env)
    air.wait_for_song("a.wav")
    equal(air.end(signal.SIGTERM), 0, air.said())
    hang("lists:songs.m3u")
    air = Air("begin", *arguments, env=env)
    air.wait_for_line("the disk of the list does not answer: the fallback plays until it does")
    wait_for(lambda: air.events("fallback"), "no fallback")
    pass_time(2)
    os.remove("hangs")
    air.wait_for_song("b.wav")
    playlist("songs.m3u", "c.wav")
    wait_for(lambda: len(air.events("reload")) == 2, "it is not watched")
    tones, silence = air.heard()
    assert silence < 0.3, (silence, tones, air.said())
    equal([tones[0][0], tones[1][0]], [1500, 500], air.said())


@test("a fallback whose disk hangs holds up nothing: the programme begins without; when the disk answers it is there, and plays at once if it is to")
def _():
    env = meddle(speed=3)
    songs(8)
    playlist("nothing.m3u")
    hang("fallback.wav")
    air = Air("without", "--loop", "nothing.m3u", "--fallback=fallback.wav", "--silence-alarm=1", env=env)
    air.wait_for_line("--fallback: fallback.wav: not to be had in time; the programme begins without it")
    wait_for(lambda: air.events("silence"), "no alarm")
    os.remove("hangs")
    wait_for(lambda: air.events("sound"), "no sound")
    playlist("nothing.m3u", "b.wav")
    air.wait_for_song("b.wav")
    pass_time(1)
    tones, _ = air.heard()
    equal([hz for hz, _ in tones if hz][-2:], [1500, 500], air.said())
    equal([e.get("text") for e in air.events("fallback")], ["silence", "the fallback plays"], air.said())
    assert "it is there now" in air.said(), air.said()


@test("one that hangs for ever: songs play, and who stops does not wait for it, on the air or before")
def _():
    env = meddle(speed=3)
    songs(8)
    hang("fallback.wav")
    air = Air("for ever", "--loop", "songs.m3u", "--fallback=fallback.wav", env=env)
    air.wait_for_song("b.wav")
    began = time.monotonic()
    tones, silence = air.heard()
    assert silence < 0.3 and not air.events("fallback"), (silence, tones, air.said())
    waits = Player("songs.m3u", "-o", "null:", "--fallback=fallback.wav", env=env)
    wait_for(lambda: any("fallback" in open(f"/proc/{waits.process.pid}/task/{t}/comm", encoding="utf-8").read()
                         for t in os.listdir(f"/proc/{waits.process.pid}/task")), "nothing is read")
    equal(waits.end(signal.SIGTERM), 0, waits.said())
    assert time.monotonic() - began < 20, (air.said(), waits.said())


main()
