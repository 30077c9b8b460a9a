#!/usr/bin/python3
"""A real PulseAudio server, through ALSA's plug-in, as PipeWire's and JACK's are used: heard at its monitor."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa


class Pulse:
    """A server with a card of software, and no contact to anybody's other."""

    def __init__(self):
        self.folder = os.path.abspath("pulse")
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        self.socket = os.path.join(self.folder, "native")
        self.env = dict(os.environ, HOME=self.folder, XDG_RUNTIME_DIR=self.folder, PULSE_RUNTIME_PATH=self.folder,
                        PULSE_STATE_PATH=self.folder, PULSE_SERVER="unix:" + self.socket)
        self.start()

    def start(self):
        if os.path.exists(self.socket):
            os.remove(self.socket)
        with open("pulse.log", "ab") as log:
            self.process = subprocess.Popen(
                ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disallow-exit", "-L",
                 f"module-native-protocol-unix auth-anonymous=1 socket={self.socket}", "-L",
                 "module-null-sink sink_name=card rate=44100 format=s16le"],
                env={k: v for k, v in self.env.items() if k != "PULSE_SERVER"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=die_with_us)
        def ready():
            if self.process.poll() is not None:
                with open("pulse.log", encoding="utf-8", errors="replace") as f:
                    skip("pulseaudio does not start here: " + f.read()[-200:].replace("\n", " "))
            return os.path.exists(self.socket) and subprocess.run(["pactl", "info"], env=self.env, stdin=subprocess.DEVNULL,
                                                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        wait_for(ready, "pulseaudio does not answer")

    def record(self, path):
        with open(path, "wb") as f:
            return subprocess.Popen(["parec", "-d", "card.monitor", "--raw", "--rate=44100", "--channels=1", "--format=float32le"],
                                    env=self.env, stdin=subprocess.DEVNULL, stdout=f, preexec_fn=die_with_us)

    def kill(self):
        self.process.kill()
        self.process.wait()


def server():
    if b"alsa" not in run("--version").out:
        skip("built without ALSA")
    if not have("pulseaudio") or not have("parec"):
        skip("pulseaudio is not installed")
    with open("asoundrc", "w", encoding="utf-8") as f:
        f.write("</usr/share/alsa/alsa.conf>\npcm.pulse { type pulse }\nctl.pulse { type pulse }\n")
    return Pulse()


def play_two(pulse):
    """What was heard, and what the run said."""
    recorder = pulse.record("heard.raw")
    wait_for(lambda: os.path.getsize("heard.raw") > 20000, "the recorder hears nothing")
    ran = run("--plain", "one.wav", "two.wav", "-o", "alsa:pulse?latency=300", env=dict(pulse.env, ALSA_CONFIG_PATH=os.path.abspath("asoundrc")))
    recorder.terminate()
    recorder.wait()
    return numpy.fromfile("heard.raw", "<f4"), ran.err


@test("every song is heard, in order, without a hole")
def _():
    pulse = server()
    for name, hz in (("one", 500), ("two", 800)):
        tone(name + ".wav", 3, hz)
    sound, said = play_two(pulse)
    if "under-runs" in said:  # the whole machine stood still for a third of a second
        sound, said = play_two(pulse)
    pulse.kill()
    heard = [(hz, seconds) for hz, seconds in tones_of(sound) if hz and seconds > 0.3]
    equal([hz for hz, _ in heard], [500, 800], said)
    for _, seconds in heard:
        near(seconds, 3, 0.15)
    loud = numpy.flatnonzero(numpy.abs(sound) > 0.003)
    assert longest_silence(sound[loud[0]:loud[-1]]) < 0.05


@test("the server is killed and comes back: the programme goes on meanwhile, and is heard again")
def _():
    pulse = server()
    tone("long.wav", 600, 600)
    player = Player("long.wav", "-o", "alsa:pulse", "-o", "file.wav", env=dict(pulse.env, ALSA_CONFIG_PATH=os.path.abspath("asoundrc")))
    wait_for(lambda: os.path.exists("file.wav") and os.path.getsize("file.wav") > 200000, "nothing is played")
    pulse.kill()
    player.wait_for_line("asking for it again")
    before = os.path.getsize("file.wav")
    wait_for(lambda: os.path.getsize("file.wav") > before + 300000, "the other output was held back")
    pulse.start()
    player.wait_for_line("is back")
    recorder = pulse.record("again.raw")
    wait_for(lambda: os.path.getsize("again.raw") > 500000, "the recorder hears nothing")
    recorder.terminate()
    recorder.wait()
    equal(player.end(signal.SIGINT), 0, player.said())
    pulse.kill()
    assert 600 in [hz for hz, seconds in tones_of(numpy.fromfile("again.raw", "<f4")) if seconds > 0.5]


main()
