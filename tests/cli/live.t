#!/usr/bin/python3
"""Terminals, signals and sound cards (of software)."""
import os
import pty
import select
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from radio import RATE, Programme  # noqa

# ALSA as a file: "default" writes what it is given to a file named by the test.
ASOUNDRC = """
pcm.!default { type file  slave.pcm { type null }  file "%s"  format wav }
ctl.!default { type null }
"""


def has_alsa():
    return b"alsa" in run("--version").out


def alsa(path):
    with open("asoundrc", "w", encoding="utf-8") as f:
        f.write(ASOUNDRC % os.path.abspath(path))  # without the system's: PipeWire may claim the default there
    return {"ALSA_CONFIG_PATH": os.path.abspath("asoundrc")}


@test("ALSA: every frame reaches the device")
def _():
    if not has_alsa():
        skip("built without ALSA")
    tone("a.wav", 1.5)
    tone("b.wav", 1.25, 660)
    run("--plain", "a.wav", "b.wav", "--format=s16", "-o", "alsa:default", env=alsa("card.wav"))
    made, wanted = Wav("card.wav"), numpy.concatenate((Wav("a.wav").frames, Wav("b.wav").frames))
    assert len(made.frames) >= len(wanted), (len(made.frames), len(wanted))
    equal(int(numpy.abs(made.frames[:len(wanted)] - wanted).max() * 32768), 0, "largest difference in 16-bit steps")


@test("ALSA: a device that is not there: status 1, named")
def _():
    if not has_alsa():
        skip("built without ALSA")
    tone("a.wav", 1)
    ran = run("a.wav", "-o", "alsa:nosuchdevice", status=1, env=alsa("card.wav"))
    assert "nosuchdevice" in ran.err, ran.err


@test("ALSA: a device that somebody else plays on: status 1, the system's reason")
def _():
    if not has_alsa():
        skip("built without ALSA")
    if is_sanitized():
        skip("sanitizers want to be loaded first")
    with open("busy.c", "w") as f:
        f.write("#include <errno.h>\nint snd_pcm_open(void **pcm, const char *name, int stream, int mode);\n"
                "int snd_pcm_open(void **pcm, const char *name, int stream, int mode)\n{\n\treturn -EBUSY;\n}\n")
    subprocess.run([*os.environ.get("CC", "cc").split(), "-shared", "-fPIC", "-o", "busy.so", "busy.c"], check=True)
    environment = dict(alsa("card.wav"), LD_PRELOAD=os.path.abspath("busy.so"))
    ran = run("a.wav", "-o", "alsa:hw:0", status=1, env=environment)
    equal(ran.lines, ["jukebox: alsa:hw:0: cannot open: Device or resource busy"])
    ran = run("--plain", "a.wav", "-o", "alsa:hw:0", "-o", "beside.wav", status=1, env=environment)
    equal(ran.lines, ["jukebox: alsa:hw:0: cannot open: Device or resource busy"])
    assert not os.path.exists("beside.wav")


@test("standard output a terminal, and no sound card: an error that says what to do; no audio")
def _():
    tone("a.wav", 1)
    nothing = playlist("no-card.conf", "pcm.!default { type hw card 31 }")
    master, slave = pty.openpty()
    ran = run("a.wav", status=1, stdout=slave, env={"ALSA_CONFIG_PATH": os.path.abspath(nothing)})
    os.close(slave)
    assert "-o" in ran.err, ran.err
    ready = select.select([master], [], [], 0)[0]
    try:
        equal(os.read(master, 100) if ready else b"", b"")
    except OSError:
        pass  # nothing was written, and the other side is closed
    os.close(master)


@test("audio never goes to a terminal")
def _():
    tone("a.wav", 1)
    master, slave = pty.openpty()
    for spec in ("-", "raw:-"):
        ran = run("a.wav", "-o", spec, status=None, stdout=slave)
        assert ran.status in (1, 2) and "terminal" in ran.err, ran
    os.close(slave)
    os.close(master)


def stopped(number, times=1):
    """A run for ever into a file, stopped by a signal: the file must be whole."""
    tone("a.wav", 10)
    process = subprocess.Popen([JUKEBOX, "--loop", "a.wav", "-o", "stopped.wav"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for(lambda: os.path.exists("stopped.wav") and os.path.getsize("stopped.wav") > 500000 or process.poll() is not None,
             "nothing was written")
    for _ in range(times):
        process.send_signal(number)
    said = process.communicate(timeout=LONGEST_SECONDS)[1]
    made = Wav("stopped.wav")
    equal(made.data_size, len(made.body), said)
    equal(made.riff_size, os.path.getsize("stopped.wav") - 8, said)
    os.remove("stopped.wav")
    return process.returncode, made, said


@test("INT and TERM fade out and leave whole files")
def _():
    for number in (signal.SIGINT, signal.SIGTERM):
        status, made, said = stopped(number)
        equal(status, 0, said)
        # A song that ends by itself before the fade is over may end there.
        if len(made.frames) % 441000:
            near(float(numpy.abs(made.frames[-50:]).max()), 0, 0.01, "the last frames")


@test("USR1 skips")
def _():
    tone("long.wav", 600, 300, fade_out=0)
    tone("short.wav", 1, 900)
    # Through a pipe that is read no faster than a busy machine answers, or the mix were over before.
    with Programme("long.wav", "short.wav") as p:
        p.read(0.2)
        p.signal(signal.SIGUSR1)
        p.read_until_planned()
        equal(p.end(), 0, p.said())
        equal(p.songs(), ["long.wav", "short.wav"])
        assert len(p.frames) < 590 * RATE, "it was not skipped"


main()
