#!/usr/bin/python3
"""Many outputs of one mix: formats, failures, and that one does not disturb another."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa


def probe(path, *entries):
    """What ffprobe says of the first stream."""
    said = subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", path],
                          stdout=subprocess.PIPE, check=True).stdout
    stream = json.loads(said)["streams"][0]
    return [stream[entry] for entry in entries]


def decoded(path):
    """Mono samples at 44100 Hz, by ffmpeg, whatever it says of the end."""
    said = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-ac", "1", "-ar", "44100", "-f", "f32le", "-"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
    return numpy.frombuffer(said, "<f4")


@test("each output has a format of its own")
def _():
    tone("a.wav", 3)
    run("--plain", "a.wav", "-o", "plain.wav", "-o", "small.wav?rate=22050&channels=1", "-o", "fine.flac?format=s24&rate=48000",
        "-o", "named.bin?codec=vorbis&quality=1", "-o", "a.mp3?bitrate=64&rate=24000&channels=1")
    equal(probe("plain.wav", "codec_name", "sample_rate", "channels"), ["pcm_s16le", "44100", 2])
    equal(probe("small.wav", "codec_name", "sample_rate", "channels"), ["pcm_s16le", "22050", 1])
    equal(probe("fine.flac", "codec_name", "sample_rate", "bits_per_raw_sample"), ["flac", "48000", "24"])
    equal(probe("named.bin", "codec_name"), ["vorbis"])
    equal(probe("a.mp3", "codec_name", "sample_rate", "channels", "bit_rate"), ["mp3", "24000", 1, "64000"])
    near(Wav("small.wav").seconds, 3, 0.001)


@test("outputs of one format share its conversion: the same bytes as each one's by itself; one that dies takes nothing from the others")
def _():
    write_wav("a.wav", 0.2 * numpy.random.default_rng(3).standard_normal((20 * 44100, 2)), 44100)
    endings = ["wav?rate=48000", "flac?rate=48000", "ogg?rate=48000", "mp3?rate=48000&bitrate=64", "opus", "aiff"]
    for i, ending in enumerate(endings):
        run("--plain", "a.wav", "-o", f"alone{i}.{ending}")
    together = [word for i, ending in enumerate(endings) for word in ("-o", f"together{i}.{ending}")]
    run("--plain", "a.wav", "-o", "raw:/dev/full?rate=48000", *together, status=1)
    for i, ending in enumerate(endings):
        name = ending.split("?")[0]
        with open(f"alone{i}.{name}", "rb") as a, open(f"together{i}.{name}", "rb") as b:
            one, other = a.read(), b.read()
        assert one == other or (name in ("ogg", "opus") and len(one) == len(other)), ending


def one_line(ran, *words):
    """One error line that names it all, once."""
    lines = [line for line in ran.lines if words[0] in line]
    equal(len(lines), 1, ran.err)
    for word in words:
        equal(lines[0].count(word), 1, f"{word!r} in {lines[0]!r}")


@test("a full disk, a missing folder, a file that may not be: one line each with the system's reason, status 1")
def _():
    one_line(run("a.wav", "-o", "/dev/full", status=1), "/dev/full", "No space left on device")
    one_line(run("a.wav", "-o", "nowhere/x.wav", status=1), "nowhere/x.wav", "No such file or directory")
    one_line(run("a.wav", "-o", "a.wav/x.wav", status=1), "a.wav/x.wav", "Not a directory")
    with open("/dev/full", "wb") as full:
        one_line(run("a.wav", stdout=full, status=1), "standard output", "No space left on device")
    one_line(run("a.wav", "-o", "x.ogg?quality=77", status=2), "x.ogg", "must be a number", "--help")
    one_line(run("a.wav", "-o", "x.bin?codec=none", status=2), "x.bin", "there is none", "--help")


ENDINGS = ("wav", "raw", "flac", "aiff", "au", "caf", "w64", "ogg", "opus", "mp3", "mp2")


def encoders():
    built_in = re.search(rb"^encoders: (.*)$", run("--version").out, re.M)[1].decode().split()
    return [ending for ending in ENDINGS if {"ogg": "vorbis"}.get(ending, ending) in built_in]


@test("each encoder on a full device: one line, the system's reason, status 1")
def _():
    for codec in encoders():
        ran = run("--no-cache", "a.wav", "-o", f"/dev/full?codec={codec}", status=1)
        equal(len(ran.lines), 1, ran)
        # Those whose head is written again at the end refuse what cannot be gone back in.
        assert "/dev/full: cannot write: No space left on device" in ran.err or "cannot go to a pipe" in ran.err, ran


@test("each encoder on a disk that is full at the very end: one line, status 1, and what is there is whole")
def _():
    def limited(n_bytes):
        import resource
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    for codec in encoders():
        path = f"last.{codec}" if codec != "raw" else "raw:last.raw"
        name = path.split(":")[-1]
        run("--no-cache", "a.wav", "-o", path)
        size = os.path.getsize(name)
        process = subprocess.run([JUKEBOX, "--no-cache", "a.wav", "-o", path], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                 preexec_fn=limited(size - 1))
        equal(process.returncode, 1, f"{name}: {process.stderr}")
        equal(process.stderr.splitlines(), [f"jukebox: {name}: cannot write: File too large"])
        if codec != "raw":
            assert len(decoded(name)) > 44100, name  # of Ogg the last page is missing: with so little in it, a second and more


@test("a disk that says at close that it is full: one line, status 1")
def _():
    if not shutil.which("strace"):
        skip("strace is not installed")
    for codec in encoders():
        path = f"late.{codec}" if codec != "raw" else "raw:late.raw"
        name = path.split(":")[-1]
        process = subprocess.run(["strace", "-f", "-qq", "-o", "trace", "-P", os.path.abspath(name), "-e", "inject=close:error=ENOSPC",
                                  JUKEBOX, "--no-cache", "--sandbox=off", "a.wav", "-o", path], stdin=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        with open("trace", encoding="utf-8") as f:
            trace = f.read()
        if "INJECTED" not in trace:
            skip("strace can inject nothing here")
        equal(process.returncode, 1, f"{name}: {process.stderr}")
        equal(process.stderr.splitlines(), [f"jukebox: {name}: cannot close: No space left on device"])


@test("a reader that goes away: one line, status 1")
def _():
    tone("long.wav", 30)
    process = subprocess.Popen([JUKEBOX, "long.wav"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.read(process.stdout.fileno(), 1000)
    process.stdout.close()
    said = process.stderr.read()
    process.wait()
    process.stderr.close()
    equal(process.returncode, 1, said)
    equal([line for line in said.splitlines() if "Broken pipe" in line], ["jukebox: standard output: cannot write: Broken pipe"])


@test("one output that dies leaves the others whole; the run goes on and tells by status 1")
def _():
    run("--plain", "long.wav", "-o", "first.wav")
    ran = run("--plain", "long.wav", "-o", "raw:/dev/full", "-o", "second.wav", "-o", "third.flac", status=1)
    one_line(ran, "/dev/full", "No space left on device")
    equal(Wav("second.wav").body == Wav("first.wav").body, True)
    subprocess.run(["flac", "-s", "-t", "third.flac"], check=True, stdin=subprocess.DEVNULL)


@test("a file over its size limit ends whole, the other goes on")
def _():
    def limited():
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (600000, 600000))
    process = subprocess.run([JUKEBOX, "--no-cache", "--plain", "long.wav", "-o", "cut.wav", "-o", "long.ogg?quality=0"],
                             stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=limited)
    equal(process.returncode, 1, process.stderr)
    assert "cut.wav: cannot write: File too large" in process.stderr, process.stderr
    cut = Wav("cut.wav")
    equal((cut.data_size, cut.riff_size), (len(cut.body), os.path.getsize("cut.wav") - 8))
    assert cut.seconds > 2, cut.seconds
    near(float(probe("long.ogg", "duration")[0]), 30, 0.01)


@test("stopped twice, after an output was lost")
def _():
    process = subprocess.Popen([JUKEBOX, "--loop", "a.wav", "-o", "raw:/dev/full", "-o", "kept.wav"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + LONGEST_SECONDS
    line = process.stderr.readline()
    while "/dev/full" not in line:
        assert line and time.monotonic() < end, "the loss was not told"
        line = process.stderr.readline()
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
    process.stderr.read()
    process.stderr.close()
    assert process.wait() in (0, 1), process.returncode
    kept = Wav("kept.wav")
    equal(kept.data_size, len(kept.body))


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def three_songs():
    for name, hz in (("x", 500), ("y", 800), ("z", 1200)):
        tone(name + ".wav", 4, hz)
    return playlist("three.m3u", "#EXTM3U", '#EXTINF:4,The "X"', "x.wav", "#EXTINF:4,Y\x1b[31m", "y.wav", "z.wav")


@test("tracklists beside the audio: cue, text, JSON, in any order, exact to the frame")
def _():
    run(three_songs(), "-o", "mix.cue", "-o", "folder-less.wav", "-o", "mix.flac", "-o", "mix.txt", "-o", "mix.json", "--events=e.jsonl")
    with open("e.jsonl", encoding="utf-8") as f:
        frames = [row["frame"] for row in map(json.loads, f) if row["event"] == "mixpoint"]
    rows = json.loads(text_of("mix.json"))
    equal([row["frame"] for row in rows], frames)
    equal([row["title"] for row in rows], ['The "X"', "Y\x1b[31m", "z"])
    cue = text_of("mix.cue").splitlines()
    equal(cue[0], 'FILE "folder-less.wav" WAVE')
    equal([line.strip() for line in cue if "TITLE" in line], ["TITLE \"The 'X'\"", 'TITLE "Y\\x1b[31m"', 'TITLE "z"'])
    times = [line.split()[2].split(":") for line in cue if "INDEX" in line]
    equal([int(m) * 60 * 75 + int(s) * 75 + int(f) for m, s, f in times], [frame * 75 // 44100 for frame in frames])
    equal([line.split("  ")[1] for line in text_of("mix.txt").splitlines()], ['The "X"', "Y\\x1b[31m", "z"])
    # Each song is where the sheet says: just behind its index its tone sounds.
    sound = Wav("folder-less.wav").frames[:, 0]
    for frame, hz in zip(frames, (500, 800, 1200)):
        block = sound[frame + 22050:frame + 22050 + 44100]
        near(numpy.argmax(numpy.abs(numpy.fft.rfft(block))) * 44100 / len(block), hz, 2)


@test("tracklists of a run that is stopped, and of one that is killed, can be read")
def _():
    for number in (signal.SIGINT, signal.SIGKILL):
        process = subprocess.Popen([JUKEBOX, "--loop", "three.m3u", "-o", "s.json", "-o", "s.mp3", "-o", "s.cue"], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        end = time.monotonic() + LONGEST_SECONDS
        while not os.path.exists("s.json") or text_of("s.json").count("title") < 4:
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        process.wait()
        assert len(json.loads(text_of("s.json"))) >= 4
        assert text_of("s.cue").startswith('FILE "s.mp3" MP3\n  TRACK 01 AUDIO\n')
        os.remove("s.json")


@test("a tracklist to a pipe, to a full disk, with nothing in it")
def _():
    ran = run("three.m3u", "-o", "null:", "-o", "json:-")
    equal([row["title"] for row in ran.json()][2], "z")
    one_line(run("three.m3u", "-o", "json:/dev/full", status=1), "/dev/full", "No space left on device")
    run(playlist("bad-only.m3u", "mix.txt"), "-o", "none.json", "-o", "null:", status=1)


main()
