#!/usr/bin/python3
"""Real PipeWire and JACK servers, without a card, through ALSA's plug-ins: what is played is heard (PulseAudio: pulse.t)."""
import glob
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa

PIPEWIRE = """
context.properties = { core.daemon = true  core.name = pipewire-0  support.dbus = false  default.clock.rate = 48000 }
context.spa-libs = { audio.convert.* = audioconvert/libspa-audioconvert  support.* = support/libspa-support }
context.modules = [ { name = libpipewire-module-protocol-native } { name = libpipewire-module-metadata }
    { name = libpipewire-module-spa-node-factory } { name = libpipewire-module-client-node } { name = libpipewire-module-access }
    { name = libpipewire-module-adapter } { name = libpipewire-module-link-factory } { name = libpipewire-module-session-manager } ]
context.objects = [
    { factory = spa-node-factory args = { factory.name = support.node.driver  node.name = Dummy-Driver  priority.driver = 8000 } }
    { factory = adapter args = { factory.name = support.null-audio-sink  node.name = card  media.class = Audio/Sink
                                 object.linger = true  audio.position = [ FL FR ] } } ]
"""
JACK = """
pcm.jack { type jack  playback_ports { 0 system:playback_1  1 system:playback_2 }
           capture_ports { 0 system:capture_1  1 system:capture_2 } }
"""
STARTED = []


def start(environment, *command):
    with open(command[0] + ".log", "ab") as log:
        STARTED.append(subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_us))
    return STARTED[-1]


def stop_all():
    while STARTED:
        process = STARTED.pop()
        process.terminate()
        process.wait()


def says(environment, *command):
    return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True).stdout


def need(plug_in, *programs):
    if b"alsa" not in run("--version").out:
        skip("built without ALSA")
    for program in programs:
        if not have(program):
            skip(f"{program} is not installed")
    if not glob.glob(f"/usr/lib/*/alsa-lib/libasound_module_pcm_{plug_in}.so"):
        skip(f"ALSA's plug-in for {plug_in} is not installed")


def asoundrc(name, text):
    return os.path.abspath(playlist(name, "</usr/share/alsa/alsa.conf>", text))


@test("PipeWire: every song is heard, in order, without a hole")
def _():
    need("pipewire", "pipewire", "wireplumber", "pw-cat", "dbus-run-session")
    folder = os.path.abspath("pw")
    os.makedirs(folder, mode=0o700)
    environment = dict(os.environ, HOME=folder, XDG_RUNTIME_DIR=folder, PIPEWIRE_RUNTIME_DIR=folder,
                       ALSA_CONFIG_PATH=asoundrc("pw.conf.alsa", "pcm.pw { type pipewire }"))
    server = start(environment, "pipewire", "-c", os.path.abspath(playlist("pw.conf", PIPEWIRE)))
    start(environment, "dbus-run-session", "--", "wireplumber")

    def card():
        if server.poll() is not None:
            skip("pipewire does not start here")
        return "card:playback_FL" in says(environment, "pw-link", "-i")
    wait_for(card, "no card")
    recorder = start(environment, "pw-cat", "--record", "--target", "card", "--rate", "44100", "--channels", "1", "--format", "f32",
                     "-P", "{ stream.capture.sink=true }", "heard.wav")
    wait_for(lambda: os.path.exists("heard.wav") and os.path.getsize("heard.wav") > 20000, "the recorder hears nothing")
    for name, hz in (("one", 500), ("two", 800)):
        tone(name + ".wav", 3, hz)
    ran = run("--plain", "one.wav", "two.wav", "-o", "alsa:pw", env=environment)
    size = os.path.getsize("heard.wav")
    wait_for(lambda: os.path.getsize("heard.wav") > size + 4 * 22050, "the recorder stopped")
    recorder.send_signal(2)
    recorder.wait()
    stop_all()
    sound = decode("heard.wav")
    heard = [(hz, seconds) for hz, seconds in tones_of(sound) if hz and seconds > 0.3]
    equal([hz for hz, _ in heard], [500, 800], ran.err)
    for _, seconds in heard:
        near(seconds, 3, 0.15)
    loud = numpy.flatnonzero(numpy.abs(sound) > 0.003)
    assert longest_silence(sound[loud[0]:loud[-1]]) < 0.05, longest_silence(sound)


@test("JACK: ports are connected, the sound is there, and it ends when all is played")
def _():
    need("jack", "jackd", "jack_lsp", "jack_rec")
    environment = dict(os.environ, JACK_DEFAULT_SERVER=f"test-{os.getpid()}", JACK_NO_AUDIO_RESERVATION="1", JACK_NO_START_SERVER="1",
                       ALSA_CONFIG_PATH=asoundrc("jack.conf.alsa", JACK))
    server = start(environment, "jackd", "-n", environment["JACK_DEFAULT_SERVER"], "-r", "-d", "dummy", "-r", "44100", "-p", "1024")

    def answers():
        if server.poll() is not None:
            skip("jackd does not start here")
        return "system:playback_2" in says(environment, "jack_lsp")
    wait_for(answers, "jackd does not answer")
    tone("long.wav", 8, 600)
    began = time.monotonic()
    player = Player("--plain", "long.wav", "-o", "alsa:jack", env=environment)

    def port():
        assert player.process.poll() is None, player.said()
        lines = says(environment, "jack_lsp", "-c").splitlines()
        return next((line for line, below in zip(lines, lines[1:]) if "out_000" in line and below.strip() == "system:playback_1"), None)
    found = wait_for(port, "no port")
    subprocess.run(["jack_rec", "-f", "jack.wav", "-d", "2", "-b", "16", found], env=environment, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LONGEST_SECONDS)
    equal(player.end(), 0, player.said())
    assert time.monotonic() - began > 7, "faster than its clock"
    stop_all()
    sound = decode("jack.wav")
    assert 600 in [hz for hz, seconds in tones_of(sound) if seconds > 1], tones_of(sound)


main()
