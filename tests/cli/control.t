#!/usr/bin/python3
"""The control socket and the verb ctl."""
import json
import os
import socket
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from radio import *  # noqa


def long_list():
    """Songs that outlast any test."""
    for number, hz in enumerate((300, 500, 800, 1200)):
        if not os.path.exists(f"long{number}.wav"):
            tone(f"long{number}.wav", 100, hz)
    if not os.path.exists("long.m3u"):
        run("analyze", playlist("long.m3u", *(f"long{n}.wav" for n in range(4))))
    return "long.m3u"


def ask(client, line):
    client.sendall(line.encode() + b"\n")
    return answer(client)


def answer(client):
    data = b""
    while not data.endswith(b"\n"):
        more = client.recv(65536)
        if not more:
            return None
        data += more
    return json.loads(data)


@test("status: now, next, history, for programs and for people")
def _():
    with Programme(long_list()) as p:
        p.read(10)
        wait_for(lambda: p.status()["next"], "no next song")
        s = p.status()
        equal(s["state"], "playing")
        assert s["now"]["path"].endswith("long0.wav") and s["next"]["path"].endswith("long1.wav"), s
        assert 9 < s["now"]["elapsed"] < 13, s
        near(s["now"]["duration"], 100, 0.1)
        equal(s["history"], [])
        said = p.ctl("status").out.decode()
        assert "long0.wav" in said and "of 1:40" in said and "next" in said, said


@test("skip: the next song, the old one in the history")
def _():
    with Programme(long_list()) as p:
        p.read(5)
        p.ctl("skip")
        wait_for(lambda: len(p.events("start")) > 1 or not len(p.read(0.2)), "no second song")
        p.read(8)
        s = p.status()
        assert s["now"]["path"].endswith("long1.wav"), s
        assert s["history"][0]["path"].endswith("long0.wav"), s
        assert has_hz(p.frames, 500)[-4:].min() > 0.1, "the second song is not heard"


@test("volume: softer without a click, and back; told and bounded")
def _():
    with Programme(long_list()) as p:
        before = levels_db(p.read(3))[-1]
        p.ctl("volume", "-12")
        p.read(5)
        near(levels_db(p.read(1))[-1], before - 12, 0.1, "level")
        assert "-12 dB" in p.ctl("volume").out.decode()
        equal(p.status()["volume_db"], -12)
        for wrong in ("3", "-61", "loud", "nan"):
            ran = p.ctl("volume", wrong, status=None)
            assert ran.status in (1, 2), ran
        p.ctl("volume", "0")
        p.read(5)
        near(levels_db(p.read(1))[-1], before, 0.1, "level")
        assert steps(p.frames[1000:]) < 0.03, steps(p.frames)


@test("pause holds a file, which gets no silence but a moment between the fades; resume goes on where it was")
def _():
    with Programme(long_list()) as p:
        p.read(3)
        p.ctl("pause")
        wait_for(lambda: p.events("pause") or not len(p.read(0.1)), "no pause")
        equal(p.status()["state"], "paused")
        p.ctl("resume")
        p.read(5)
        equal([e["event"] for e in p.events("pause", "resume")], ["pause", "resume"])
        # At most the fades out and in.
        assert (levels_db(p.frames, 0.01)[5:] < -40).sum() < 10, levels_db(p.frames, 0.01)
        assert steps(p.frames[1000:]) < 0.03, steps(p.frames)
        equal(p.status()["state"], "playing")


@test("quit: fades out and leaves with status 0")
def _():
    with Programme(long_list()) as p:
        p.read(3)
        p.ctl("quit")
        equal(p.end(), 0, p.said())
        assert numpy.abs(p.frames[-50:]).max() < 0.01
        assert not os.path.exists(p.socket), "the socket is still there"


@test("the socket is for its owner alone; a dead one is replaced, a live one and a file are refused")
def _():
    dead = socket.socket(socket.AF_UNIX)
    dead.bind("programme.sock")
    dead.close()
    with Programme(long_list()) as p:
        equal(stat.S_IMODE(os.stat(p.socket).st_mode), 0o600)
        ran = run("long.m3u", "-o", "null:", f"--control={p.socket}", status=1)
        assert "listens there already" in ran.err, ran.err
        assert p.status()["ok"]
    with open("file.sock", "w", encoding="utf-8") as f:
        f.write("mine")
    ran = run("long.m3u", "-o", "null:", "--control=file.sock", status=1)
    assert "no socket" in ran.err and open("file.sock", encoding="utf-8").read() == "mine", ran.err
    ran = run("long.m3u", "-o", "null:", "--control=" + 200 * "x", status=2)
    assert "name of a socket" in ran.err, ran.err


@test("a run that was killed leaves a socket that the next one replaces")
def _():
    with Programme(long_list()) as p:
        p.process.kill()
        p.process.wait()
        assert os.path.exists(p.socket)
    with Programme(long_list()) as p:
        assert p.status()["ok"]


@test("wrong requests: an error object each, with the id, and nothing changes")
def _():
    with Programme(long_list()) as p, p.connect() as client:
        p.read(1)
        for wrong in ("", "[]", "7", "{", "null", '"skip"', "{}", '{"command": 7}', '{"command": "juggle"}', "\0", "\xff",
                      '{"command": "queue"}', '{"command": "queue", "path": 1}', '{"command": "queue", "path": "a.wav"}',
                      '{"command": "queue", "path": "/' + 5000 * "x" + '"}', '{"command": "queue", "path": "/a\\u0000b"}',
                      '{"command": "queue", "path": "/a", "next": "yes"}', '{"command": "remove", "item": -1}',
                      '{"command": "remove", "item": "1"}', '{"command": "volume", "db": "1"}', '{"command": "volume", "db": 1}',
                      '{"command": "volume", "db": -1e300}', '{"command": "skip", "command": "skip"}', 1000 * "[" + 1000 * "]"):
            got = ask(client, wrong)
            assert got["ok"] is False and got["error"], (wrong, got)
        equal(ask(client, '{"command": "juggle", "id": "a b"}')["id"], "a b")
        equal(ask(client, '{"command": "status", "id": 17}')["id"], 17)
        equal(p.songs(), ["long0.wav"])
        equal(p.events("skip"), [])


@test("a line without an end is refused, and its sender let go")
def _():
    with Programme(long_list()) as p, p.connect() as client:
        client.sendall(b"x" * 32768)
        got = answer(client)
        assert got["ok"] is False and "long" in got["error"], got
        equal(client.recv(10), b"")
        assert p.status()["ok"]


@test("one that never reads, floods and crowds: everybody else is answered, memory stays")
def _():
    with Programme(long_list()) as p:
        memory = lambda: int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{p.process.pid}/status", encoding="utf-8").read())[1])
        p.read(1)
        before, stuck = memory(), []
        for _ in range(5):
            client = p.connect()
            client.setblocking(False)
            try:
                while True:
                    client.send(b'{"command":"status"}\n' * 1000)
            except BlockingIOError:
                stuck.append(client)
        crowd = [p.connect() for _ in range(50)]
        for _ in range(5):
            assert p.status()["ok"]
        assert memory() < before + (4 if is_sanitized() else 1) * 16384, (before, memory())
        assert len(p.read(3)) == 3 * RATE
        descriptors = len(os.listdir(f"/proc/{p.process.pid}/fd"))
        assert descriptors < 60, descriptors
        for client in stuck + crowd:
            client.close()


@test("many commands down one connection, each answered in order")
def _():
    with Programme(long_list()) as p, p.connect() as client:
        client.sendall(b"".join(b'{"command":"volume","id":%d}\n' % n for n in range(250)))
        data = b""
        while data.count(b"\n") < 250:
            data += client.recv(65536)
        equal([json.loads(line)["id"] for line in data.splitlines()], list(range(250)))


@test("ctl: words that mean nothing are status 2, no programme is status 1")
def _():
    for words in ((), ("juggle",), ("skip", "now"), ("queue",), ("queue", "a", "b"), ("remove",), ("remove", "x"), ("volume", "x")):
        run("ctl", "--socket=nobody.sock", *words, status=2)
    ran = run("ctl", "--socket=nobody.sock", "status", status=1)
    assert "no programme listens" in ran.err, ran.err
    ran = run("ctl", "status", status=2, env={"XDG_RUNTIME_DIR": "", "JUKEBOX_SOCKET": ""})
    assert "socket" in ran.err, ran.err


main()
