#!/usr/bin/python3
"""--plain, and the outputs: nothing lost, nothing added, to files, pipes and full devices."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa


def three_tones():
    """Lengths that are no round number of anything, with silence at an end, which stays."""
    tone("1.wav", 1.2345, 440)
    tone("2.wav", 2.0001, 550, silence=1.5)
    tone("3.wav", 0.77, 660, db=-30)
    return playlist("three.m3u", "1.wav", "2.wav", "3.wav")


def sources():
    return numpy.concatenate([Wav(f"{i}.wav").frames for i in (1, 2, 3)])


@test("--plain: every sample of every track, end to end")
def _():
    run("--plain", three_tones(), "-o", "all.wav")
    made = Wav("all.wav")
    equal((made.rate, made.channels, made.bits), (44100, 2, 16))
    equal(made.frames.shape, sources().shape)
    equal(int(numpy.abs(made.frames - sources()).max() * 32768), 0, "largest difference in 16-bit steps")


@test("--plain is --no-mix --loudness off --limiter off")
def _():
    run("--plain", "three.m3u", "-o", "short.wav")
    run("--no-mix", "--loudness=off", "--limiter=off", "three.m3u", "-o", "long.wav")
    equal(open("short.wav", "rb").read() == open("long.wav", "rb").read(), True)


@test("the same in f32 and s24, and raw")
def _():
    for name, bits, is_float in (("f32", 32, True), ("s24", 24, False)):
        run("--plain", "--format", name, "three.m3u", "-o", f"{name}.wav")
        made = Wav(f"{name}.wav")
        equal((made.bits, made.is_float), (bits, is_float))
        assert numpy.abs(made.frames - sources()).max() < 1e-6
    run("--plain", "three.m3u", "-o", "raw:all.raw")
    with open("all.raw", "rb") as f:
        equal(f.read() == Wav("all.wav").body, True, "raw bytes")


@test("another rate: lengths add up to a frame a track; mono")
def _():
    run("--plain", "--rate=48000", "--channels=1", "three.m3u", "-o", "48.wav")
    made = Wav("48.wav")
    equal((made.rate, made.channels), (48000, 1))
    near(len(made.frames), len(sources()) * 48000 / 44100, 3, "frames")


@test("standard output, a pipe: WAV with the length of a stream, and nothing else")
def _():
    ran = run("--plain", "three.m3u")
    made = Wav(ran.out)
    assert made.data_size >= 0x7fffff00, hex(made.data_size)
    equal(made.body == Wav("all.wav").body, True, "the same samples")
    equal(Wav(run("--plain", "three.m3u", "-o", "-").out).body == made.body, True, "-o -")


@test("standard output, a file: the header is patched at the end")
def _():
    with open("redirected.wav", "wb") as f:
        run("--plain", "three.m3u", stdout=f)
    made = Wav("redirected.wav")
    equal(made.data_size, len(made.body))
    equal(made.riff_size, os.path.getsize("redirected.wav") - 8)


@test("a full device: status 1, and the output is named")
def _():
    ran = run("--plain", "three.m3u", "-o", "raw:/dev/full", status=1)
    assert "/dev/full" in ran.err, ran.err
    with open("/dev/full", "wb") as full:
        run("--plain", "three.m3u", stdout=full, status=1)


@test("two outputs get the same; one that fails does not end the other")
def _():
    run("--plain", "three.m3u", "-o", "a.wav", "-o", "b.wav", "-o", "null:")
    equal(open("a.wav", "rb").read() == open("b.wav", "rb").read(), True)
    run("--plain", "three.m3u", "-o", "raw:/dev/full", "-o", "c.wav", status=1)
    equal(Wav("c.wav").body == Wav("all.wav").body, True)


@test("a pipe whose reader leaves: no signal, no hang")
def _():
    process = subprocess.Popen([JUKEBOX, "--plain", "--loop", "three.m3u"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(100000)
    process.stdout.close()
    said = process.stderr.read()
    equal(process.wait(LONGEST_SECONDS), 1, said)


@test("--loop=N")
def _():
    run("--plain", "--loop=3", "three.m3u", "-o", "loop.wav")
    equal(len(Wav("loop.wav").frames), 3 * len(sources()))


@test("--shuffle --seed: the same order again; each track once")
def _():
    names = [tone(f"s{i}.wav", 0.1 + i / 100) for i in range(12)]
    playlist("s.m3u", *names)
    run("--plain", "--shuffle", "--seed=5", "s.m3u", "-o", "order-s5.wav")
    run("--plain", "--shuffle", "--seed=5", "s.m3u", "-o", "order-s5b.wav")
    run("--plain", "--shuffle", "--seed=6", "s.m3u", "-o", "order-s6.wav")
    run("--plain", "s.m3u", "-o", "straight.wav")
    once, again, other, straight = (open(x, "rb").read() for x in ("order-s5.wav", "order-s5b.wav", "order-s6.wav", "straight.wav"))
    equal(once == again, True, "the same seed")
    assert once != other and once != straight, "no shuffle"
    equal(len(once), len(straight), "length")


@test("lists from standard input, folders and single files")
def _():
    equal(Wav(run("--plain", "-", stdin=b"1.wav\n2.wav\n3.wav\n").out).body == Wav("all.wav").body, True)
    equal(len(Wav(run("--plain", "1.wav", "3.wav").out).frames), len(Wav("1.wav").frames) + len(Wav("3.wav").frames))
    os.makedirs("folder", exist_ok=True)
    tone("folder/x.wav", 0.5)
    equal(len(Wav(run("--plain", "folder").out).frames), 22050)


main()
