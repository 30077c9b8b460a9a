#!/usr/bin/python3
"""A station that outgrows one machine, as the README tells: Icecast relays, and HLS through a pipe."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa


@test("a relay of Icecast: its listeners hear what the first server's hear")
def _():
    if b"icecast" not in run("--version").out or not have("icecast2"):
        skip("needs libshout and icecast2")
    first = Icecast()
    relay = Icecast(relay_of=first.port)
    player = Player("--loop", tone("one.wav", 60, 700), "-o", f"icecast://127.0.0.1:{first.port}/x.ogg?quality=5")
    try:
        first.wait_for("x.ogg")
        relay.wait_for("x.ogg")
        listener = Listener(relay.url("/x.ogg"), "relayed.ogg")
        wait_for(lambda: listener.bytes() > 20000, "the relay is silent")
        equal(player.end(signal.SIGINT), 0, player.said())
        listener.stop()
    finally:
        first.kill()
        relay.kill()
    samples = decode("relayed.ogg")
    assert longest_silence(samples) < 0.1 and [hz for hz, s in tones_of(samples) if s > 0.5] == [700], tones_of(samples)


@test("HLS: a playlist and segments that a web server or a CDN can serve")
def _():
    os.makedirs("hls")
    tone("one.wav", 5, 700)
    mix = subprocess.Popen([JUKEBOX, "--plain", "--loop=2", "one.wav"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    ffmpeg = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", "-", "-c:a", "aac", "-b:a", "128k", "-f", "hls", "-hls_time", "2",
                             "-hls_list_size", "6", "-hls_flags", "delete_segments", "hls/live.m3u8"], stdin=mix.stdout, stderr=subprocess.PIPE)
    mix.stdout.close()
    equal((mix.wait(), ffmpeg.returncode), (0, 0), ffmpeg.stderr)
    segments = [name for name in os.listdir("hls") if name.endswith(".ts")]
    assert len(segments) >= 4, segments
    samples = decode("hls/live.m3u8")
    near(len(samples) / 44100, 10, 0.3)
    assert longest_silence(samples[4410:-4410]) < 0.05, longest_silence(samples)


main()
