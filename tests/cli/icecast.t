#!/usr/bin/python3
"""A source of a real Icecast server: sound, titles, and what becomes of a server that goes, refuses, or never was."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa
from meddling import *  # noqa

SERVERS = []


def server(**options):
    """Each test has its own."""
    if b"icecast" not in run("--version").out:
        skip("built without libshout")
    if not have("icecast2"):
        skip("icecast2 is not installed")
    SERVERS.append(Icecast(**options))
    return SERVERS[-1]


def songs():
    names = (("one", 500), ("two", 800), ("three", 1200))
    for name, hz in names:
        tone(name + ".wav", 4, hz)
    with open("songs.m3u", "w", encoding="utf-8") as f:
        f.write("#EXTM3U\n" + "".join(f"#EXTINF:4,The Höhners - It's {name}\n{name}.wav\n" for name, _ in names))
    return "songs.m3u"


@test("three formats: listeners hear continuous sound and the right titles")
def _():
    ice = server()
    name = ice.url("")[7:]
    player = Player("--loop=2", songs(), "-o", f"icecast://source@{name}/s.mp3?bitrate=128&name=My%20Radio&genre=Test&public=no",
                    "-o", f"icecast://{name}/s.ogg?quality=3&description=all%20of%20it", "-o", f"icecast://{name}/s.opus?bitrate=64",
                    "-o", "beside.wav", env=hasten(2))
    listeners = []
    for mount, options in (("s.mp3", ["-H", "Icy-MetaData: 1", "-D", "head.txt"]), ("s.ogg", []), ("s.opus", [])):
        ice.wait_for(mount)
        listeners.append(Listener(ice.url("/" + mount), mount, *options))
    status = get(ice.url("/status-json.xsl"))[2].decode()
    for word in ("My Radio", "Test", "all of it"):
        assert word in status, status
    equal(player.end(), 0, player.said())
    for listener in listeners:
        listener.end()
    order = [500, 800, 1200, 500, 800, 1200]
    titles = [f"The Höhners - It's {name}" for name in ("one", "two", "three") * 2]
    for mount in ("s.ogg", "s.opus"):
        continuous(mount, order)
        found, said = ogg_titles(mount)
        equal(found, titles, said)
    with open("head.txt", encoding="utf-8") as f:
        interval = int(re.search(r"icy-metaint: *(\d+)", f.read(), re.I)[1])
    with open("s.mp3", "rb") as f:
        sound, found = icy_parts(f.read(), interval, "latin-1")  # what Icecast 2.4 makes of it, unless told otherwise
    with open("sound.mp3", "wb") as f:
        f.write(sound)
    continuous("sound.mp3", order)
    equal([title for _, title in found if title], titles)
    equal([line for line in player.lines if PASSWORD in line], [])
    near(Wav("beside.wav").seconds, 24, 1, "the file beside it")


@test("the server is killed and comes back: the mix goes on, the source reconnects, and says what was not heard")
def _():
    ice = server()
    player = Player("--loop", songs(), "-o", f"icecast://127.0.0.1:{ice.port}/k.ogg", "-o", "through.wav", env=hasten(2))
    player.wait_for_line("k.ogg: connected")
    ice.kill()
    player.wait_for_line("trying again")
    before = os.path.getsize("through.wav")
    wait_for(lambda: os.path.getsize("through.wav") > before + 200000, "the mix stands still")
    ice.start()
    assert float(player.wait_for_line("connected again").split("again; ")[1].split()[0]) > 0.5, player.said()
    ice.wait_for("k.ogg")
    listener = Listener(ice.url("/k.ogg"), "k.ogg")
    wait_for(lambda: listener.bytes() > 60000, "the listener hears nothing")
    equal(player.end(signal.SIGINT), 0, player.said())
    samples = decode(listener.end())
    assert longest_silence(samples) < 0.3
    equal(longest_silence(Wav("through.wav").frames[:, 0]) < 0.3, True)


@test("a mount that is taken: refused, tried again, got when it is free")
def _():
    ice = server()
    first = Player("--loop", songs(), "-o", f"icecast://127.0.0.1:{ice.port}/taken.mp3")
    first.wait_for_line("taken.mp3: connected")
    second = Player("--loop", "songs.m3u", "-o", f"icecast://127.0.0.1:{ice.port}/taken.mp3")
    second.wait_for_line("login refused: the mount is taken")
    first.end(signal.SIGINT)
    second.wait_for_line("taken.mp3: connected")
    equal(second.end(signal.SIGINT), 0, second.said())


@test("a wrong password: said once, given up after some tries, status 1; other outputs are done to the end")
def _():
    ice = server()
    with open("wrong", "w", encoding="utf-8") as f:
        f.write("not-the-password\n")
    player = Player("--loop=2", songs(), "-o", f"icecast://127.0.0.1:{ice.port}/w.mp3?password-file=wrong", "-o", "whole.wav", env=hasten(2))
    equal(player.end(), 1, player.said())
    equal(len([line for line in player.lines if "login refused: the password is wrong" in line and "taken" not in line]), 2, player.said())
    assert "not-the-password" not in player.said() and "password-file=" not in player.said(), player.said()
    near(Wav("whole.wav").seconds, 24, 1)


@test("no server at all: said with the system's reason; status 1 at the end")
def _():
    server()
    player = Player("one.wav", "-o", f"icecast://127.0.0.1:{free_port()}/n.mp3")
    equal(player.end(), 1, player.said())
    assert "Connection refused" in player.said(), player.said()


@test("a name that nobody knows: said; a name server that does not answer holds up neither the start nor the end")
def _():
    server()
    player = Player("--loop", songs(), "-o", "icecast://nowhere.invalid:8000/n.mp3")
    said = player.wait_for_line("nowhere.invalid:8000/n.mp3: cannot connect: ")
    assert re.search("cannot connect: .*(name|Name)", said), said
    equal(player.end(signal.SIGINT), 1, player.said())
    if is_sanitized():
        skip("sanitizers want to be loaded first")
    with open("slow.c", "w", encoding="utf-8") as f:
        f.write("#include <unistd.h>\nint getaddrinfo(const char *a, const char *b, const void *c, void **d);\n"
                "int getaddrinfo(const char *a, const char *b, const void *c, void **d)\n{\n\tsleep(1000);\n\treturn -2;\n}\n")
    subprocess.run([*os.environ.get("CC", "cc").split(), "-shared", "-fPIC", "-o", "slow.so", "slow.c"], check=True)
    began = time.monotonic()
    player = Player("--loop", "songs.m3u", "-o", "icecast://slow.example:8000/n.mp3", "-o", "meanwhile.wav",
                    env={"LD_PRELOAD": os.path.abspath("slow.so")})
    wait_for(lambda: os.path.exists("meanwhile.wav") and os.path.getsize("meanwhile.wav") > 44100 * 4, "nothing was mixed")
    player.end(signal.SIGINT)
    assert time.monotonic() - began < 60, player.said()


@test("passwords: not in the address, not missing")
def _():
    server()
    ran = run("one.wav", "-o", f"icecast://source:{PASSWORD}@127.0.0.1:1/x.mp3", status=2)
    assert PASSWORD not in ran.err and "JUKEBOX_ICECAST_PASSWORD" in ran.err, ran.err
    ran = run("one.wav", "-o", "icecast://127.0.0.1:1/x.mp3", status=2)
    assert "JUKEBOX_ICECAST_PASSWORD" in ran.err, ran.err
    ran = run("one.wav", "-o", "icecast://127.0.0.1:1/x.mp3?password-file=absent", status=1)
    assert "absent: No such file" in ran.err, ran.err
    for spec, word in (("icecast://127.0.0.1:1/x.wav", "cannot be streamed"), ("icecast:///x.mp3", "host"), ("icecast://h:1", "unknown"), ("icecast://h:1?codec=mp3", "mount"),
                       ("icecast://h:99999/x.mp3", "port"), ("icecast://h/x.mp3?nonsense=1", "nonsense"), ("icecast://h/x.mp3?tls=maybe", "tls")):
        ran = run("one.wav", "-o", spec, status=2, env={"JUKEBOX_ICECAST_PASSWORD": PASSWORD})
        assert word in ran.err and len(ran.lines) == 1, ran.err


@test("TLS, with a certificate that is trusted, and with one that is not")
def _():
    if not have("openssl"):
        skip("openssl is not installed")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "certificate.pem"], check=True,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # The server reads it as another user.
    with tempfile.NamedTemporaryFile("w", dir="/tmp", suffix=".pem") as both:
        for part in ("certificate.pem", "key.pem"):
            with open(part, encoding="utf-8") as g:
                both.write(g.read())
        both.flush()
        os.chmod(both.name, 0o644)
        ice = server(certificate=both.name)
    if "No SSL capability" in open(ice.configuration + ".log", encoding="utf-8").read():
        skip("this icecast2 has no TLS")
    spec = f"icecast://localhost:{ice.tls_port}/t.mp3?tls=yes"
    player = Player("--loop", songs(), "-o", spec + "&ca-file=certificate.pem")
    player.wait_for_line("t.mp3: connected")
    ice.wait_for("t.mp3")
    equal(player.end(signal.SIGINT), 0, player.said())
    player = Player("one.wav", "-o", spec)
    equal(player.end(), 1, player.said())
    assert "certificate" in player.said(), player.said()


try:
    main()
finally:
    for one in SERVERS:
        one.kill()
