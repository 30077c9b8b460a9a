#!/usr/bin/python3
"""The built-in HTTP server, heard by curl, looked at by Chromium, and pestered."""
import os
import signal
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa
from meddling import *  # noqa

EVIL = "</b><script>document.title='pwned'</script>\"'&amp;"


def songs(seconds=4):
    names = (("one", 500), ("two", 800), ("three", 1200))
    with open("songs.m3u", "w", encoding="utf-8") as f:
        f.write("#EXTM3U\n")
        for name, hz in names:
            f.write(f"#EXTINF:4,It's {name}; ok';\n" + tone(f"{name}.wav", seconds, hz) + "\n")
    return "songs.m3u"


def play(*specs, loop="--loop", beside=(), speed=1):
    """A player with these mounts (behind "httpd://127.0.0.1:0"), and where they are."""
    if b"httpd" not in run("--version").out:
        skip("built without libmicrohttpd")
    outputs = [word for spec in specs for word in ("-o", "httpd://127.0.0.1:0" + spec)]
    player = Player(loop, songs(), *outputs, *beside, env=hasten(speed))
    urls = [player.wait_for_line("listen at", times).split()[-1] for times in range(1, len(specs) + 1)]
    return player, urls


@test("one port, three mounts: continuous sound and the right titles, at the mix point; the stream ends whole")
def _():
    player, urls = play("/hq.ogg?quality=6", "/radio.mp3?bitrate=192", "/lq.opus?bitrate=48", loop="--loop=2",
                        beside=("-o", "beside.mp3?bitrate=192&chapters=no"), speed=2)
    equal(len({url.rsplit("/", 1)[0] for url in urls}), 1, "ports")
    listeners = [Listener(urls[0], "hq.ogg"), Listener(urls[1], "icy", "-H", "Icy-MetaData: 1", "-D", "head.txt"),
                 Listener(urls[2], "lq.opus"), Listener(urls[1], "radio.mp3")]
    wait_for(lambda: listeners[0].bytes() > 20000, "no sound")
    late = Listener(urls[0], "late.ogg")
    equal(player.end(), 0, player.said())
    for listener in listeners + [late]:
        listener.end()
        equal(listener.process.returncode, 0, listener.path)
    order, titles = [500, 800, 1200] * 2, [f"It's {name}; ok';" for name in ("one", "two", "three") * 2]
    for path in ("hq.ogg", "lq.opus"):
        continuous(path, order)
        found, said = ogg_titles(path)
        equal(found, titles, said)
        assert "WARNING" not in said, said
    continuous("radio.mp3", order)
    with open("head.txt", encoding="utf-8") as f:
        interval = int(re.search(r"icy-metaint: *(\d+)", f.read(), re.I)[1])
    with open("icy", "rb") as f:
        sound, found = icy_parts(f.read(), interval)
    with open("radio.mp3", "rb") as f, open("beside.mp3", "rb") as g:
        heard, whole = f.read(), g.read()
    assert sound[50000:] in heard, "the sound between the metadata is not that without"
    # Behind the first frames, which borrow from none before: what a file of the same encoder holds, to the byte.
    assert heard[5000:-5000] in whole, "the stream is not the encoder's"
    # What would end the title early is changed.
    equal([title for _, title in found], [title.replace("';", "',") for title in titles])
    for i, (at, _) in enumerate(found[1:], 1):
        near(at / 24000, i * 4.12, 1.2, f"title {i} at")
    samples = decode("late.ogg")
    assert longest_silence(samples) < 0.3 and len(samples) > 44100 * 5, len(samples)


@test("late listeners of Ogg get heads first; nothing but a gap in the page numbers is odd about it")
def _():
    player, (vorbis, opus) = play("/a.ogg?quality=3&burst=8000", "/a.opus?burst=6000", speed=3)
    first = [Listener(vorbis, "first.ogg"), Listener(opus, "first.opus")]
    wait_for(lambda: first[0].bytes() > 40000 and first[1].bytes() > 12000, "no sound")
    late = [Listener(vorbis, "second.ogg"), Listener(opus, "second.opus")]
    wait_for(lambda: late[0].bytes() > 20000 and late[1].bytes() > 8000, "no sound")
    equal(player.end(signal.SIGINT), 0, player.said())
    for listener in first + late:
        listener.end()
    for path in ("second.ogg", "second.opus"):
        with open(path, "rb") as f:
            equal(f.read(6), b"OggS\0\2", path)
        assert ogg_titles(path)[0], path
        samples = decode(path)
        assert len(samples) > 44100 and longest_silence(samples) < 0.3, (path, len(samples), longest_silence(samples))


@test("heads, methods, lists, status")
def _():
    player, (mp3, ogg) = play("/radio.mp3?bitrate=128&name=My%20Radio&genre=All&max=7", "/x.ogg", speed=2)
    base = mp3.rsplit("/", 1)[0]
    status, head, body = get(mp3, method="HEAD")
    equal((status, body, head["Content-Type"], head["icy-name"], head["icy-br"], head["icy-metaint"]),
          (200, b"", "audio/mpeg", "My Radio", "128", None))
    equal((head["Access-Control-Allow-Origin"], head["Accept-Ranges"], head["Content-Length"]), ("*", "none", None))
    assert "no-cache" in head["Cache-Control"], head
    equal(get(mp3, {"Icy-MetaData": "1"}, "HEAD")[1]["icy-metaint"], "16000")
    equal(get(ogg, {"Icy-MetaData": "1"}, "HEAD")[1]["icy-metaint"], None)
    equal(get(ogg, method="HEAD")[1]["Content-Type"], "audio/ogg; codecs=vorbis")
    status, head, _ = get(mp3, method="OPTIONS")
    equal((status, "Icy-MetaData" in head["Access-Control-Allow-Headers"]), (204, True))
    equal([get(base + path)[0] for path in ("/nothing", "/radio.mp", "/radio.mp3x", "/../etc/passwd", "/page.js/")], [404] * 5)
    for method in ("POST", "PUT", "DELETE", "SOURCE"):
        equal(get(mp3, method=method)[0], 405, method)
    status, head, body = get(mp3 + ".m3u")
    equal((status, head["Content-Type"], body.decode()), (200, "audio/x-mpegurl", f"#EXTM3U\n#EXTINF:-1,My Radio\n{mp3}\n"))
    equal(get(mp3 + ".m3u", {"Host": "radio.example.org:8000"})[2].decode().split("\n")[2], "http://radio.example.org:8000/radio.mp3")
    assert b"evil" not in get(mp3 + ".m3u", {"Host": "evil\"<x>"})[2]
    listener = Listener(mp3, "status.mp3")
    told = wait_for(lambda: [s for s in [json.loads(get(base + "/status.json")[2])]
                             if s["listeners"] == 1 and len(s["history"]) >= 2 and s["next"]], "status")[0]
    equal([(m["path"], m["listeners"], m["listeners_max"]) for m in told["mounts"]], [("/radio.mp3", 1, 7), ("/x.ogg", 0, 1000)])
    equal([track["title"] for track in told["history"]], ["It's two; ok';", "It's one; ok';"])
    equal((told["now"]["title"], told["next"]["title"]), ("It's three; ok';", "It's one; ok';"))
    assert told["uptime"] > 6 and told["now"]["duration"] > 3 and told["mounts"][0]["bytes_sent"] > 0, told
    equal(player.end(signal.SIGINT), 0, player.said())
    listener.end()


@test("a full mount says so; a slow listener is dropped alone")
def _():
    player, (wav, small) = play("/x.wav?queue=300000&burst=0", "/small.mp3?max=1", speed=3)
    host, port = wav[7:].split("/")[0].split(":")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect((host, int(port)))
    slow.sendall(b"GET /x.wav HTTP/1.1\r\nHost: x\r\n\r\n")
    well = Listener(wav, "well.wav")
    only = Listener(small, "only.mp3")
    wait_for(lambda: only.bytes() > 0, "no sound")
    equal(get(small)[0], 503)
    def dropped():
        mounts = json.loads(get(wav.rsplit("/", 1)[0] + "/status.json")[2])["mounts"]
        return mounts[0]["listeners"] == 1 and mounts[0]["listeners_peak"] == 2
    # It takes nothing: it goes with the time limit, or as it falls behind.
    wait_for(dropped, "the slow listener stays")
    slow.close()
    equal(player.end(signal.SIGINT), 0, player.said())
    well.end()
    only.end()
    with open("well.wav", "rb") as f:
        data = f.read()
    samples = numpy.frombuffer(data[44:len(data) - len(data) % 4], "<i2")[::2] / 32768
    assert len(samples) > 44100 * 5 and longest_silence(samples) < 0.3, (len(samples), longest_silence(samples))


@test("a port that is taken, a mount twice, an address that is not ours: one line, the system's reason; IPv6")
def _():
    if b"httpd" not in run("--version").out:
        skip("built without libmicrohttpd")
    tone("one.wav", 1)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        ran = run("one.wav", "-o", f"httpd://127.0.0.1:{s.getsockname()[1]}/a.ogg", status=1)
        equal(ran.lines, [f"jukebox: httpd://127.0.0.1:{s.getsockname()[1]}/a.ogg: cannot listen on port {s.getsockname()[1]}: Address already in use"])
    for specs, status, word in ((("httpd://127.0.0.1:0/a.ogg", "httpd://127.0.0.1:0/a.ogg"), 2, "already"),
                                (("httpd://192.0.2.1:0/a.ogg",), 1, "Cannot assign"), (("httpd://:0/a.aiff",), 2, "cannot be streamed"),
                                (("httpd://:0/a.ogg?max=none",), 2, "max"), (("httpd://:0/a.ogg?name=%0d%0aX:1",), 2, "control"),
                                (("httpd://:0/a.ogg?quality=99",), 2, "quality")):
        ran = run("one.wav", *[word for spec in specs for word in ("-o", spec)], status=status)
        assert len([line for line in ran.lines if "listen at" not in line]) == 1 and word in ran.err, ran.err
    player = Player("--loop", songs(), "-o", "httpd://[::1]:0/six.mp3", "-o", "httpd://:0/all.mp3")
    lines = [player.wait_for_line("listen at", times).split()[-1] for times in (1, 2)]
    if socket.has_ipv6:
        assert lines[0].startswith("http://[::1]:"), lines
        equal(get(lines[0], method="HEAD")[0], 200)
    for host in ("127.0.0.1", "[::1]"):
        equal(get(lines[1].replace("localhost", host), method="HEAD")[0], 200, host)
    equal(player.end(signal.SIGINT), 0, player.said())


@test("nonsense and half requests disturb nobody")
def _():
    player, (url,) = play("/x.mp3")
    address = url[7:].split("/")[0].split(":")
    address = (address[0], int(address[1]))
    listener = Listener(url, "calm.mp3")
    wait_for(lambda: listener.bytes() > 0, "no sound")
    held = []
    for text in (b"", b"\0" * 1000, b"GET", b"GET /x.mp3 HTTP/9.9\r\n\r\n", b"GET " + b"A" * 60000, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 9000,
                 b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + b"z" * 100,
                 b"GET /%00%ff%3cscript%3e HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
        s = socket.create_connection(address)
        s.settimeout(LONGEST_SECONDS)
        try:
            s.sendall(text)
        except OSError:
            pass  # it was thrown out while it still talked
        held.append(s)
    equal(get(url, method="HEAD")[0], 200)
    before = listener.bytes()
    wait_for(lambda: listener.bytes() > before + 30000, "the listener hears nothing any more")
    for s in held:
        s.close()
    equal(player.end(signal.SIGTERM), 0, player.said())
    listener.end()
    assert longest_silence(decode("calm.mp3")) < 0.3


@test("the page: titles are text; strict policy; in a real browser, on a phone and on a desktop")
def _():
    if b"httpd" not in run("--version").out:
        skip("built without libmicrohttpd")
    tone("long.wav", 600)
    tone("next.wav", 600)
    with open("evil.m3u", "w", encoding="utf-8") as f:
        f.write(f"#EXTM3U\n#EXTINF:600,{EVIL}\nlong.wav\n#EXTINF:600,next {EVIL}\nnext.wav\n")
    player = Player("evil.m3u", "-o", "httpd://127.0.0.1:0/x.ogg?name=A%20%3Cb%3E%20name", "-o", "httpd://127.0.0.1:0/y.mp3")
    base = player.wait_for_line("listen at").split()[-1].rsplit("/", 1)[0]
    player.wait_for_line("listen at", 2)
    told = {}

    def knows_two():
        told.update(json.loads(get(base + "/status.json")[2]))
        return told["now"] and told["next"]
    wait_for(knows_two, "no song, or no next one")
    equal(told["now"]["title"], EVIL)
    status, head, page = get(base + "/")
    page = page.decode()
    equal((status, head["Content-Type"]), (200, "text/html; charset=utf-8"))
    policy = head["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy, policy
    equal(page.count("<script"), 1, page)
    assert "&lt;script&gt;document" in page and "A &lt;b&gt; name" in page and "style=" not in page and "onclick" not in page, page
    equal(re.findall(r"https?://", page), [], "outside resources")
    for path, kind in (("/page.js", "text/javascript"), ("/page.css", "text/css")):
        status, head, body = get(base + path)
        assert status == 200 and head["Content-Type"].startswith(kind) and len(body) > 500, path
    status, head, svg = get(base + "/joint.svg")
    equal((status, head["Content-Type"], svg[:4]), (200, "image/svg+xml", b"<svg"))
    assert b"<script" not in svg and b"script&#62;" in svg, svg[-900:]
    if have("chromium"):
        chromium = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={os.path.abspath('profile')}",
                    "--enable-logging=stderr", "--v=0", "--virtual-time-budget=8000"]
        for _ in range(5):  # its clock runs ahead of what it fetches: a busy machine may be too slow for one look
            seen = subprocess.run([*chromium, "--dump-dom", base + "/"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=LONGEST_SECONDS)
            dom = seen.stdout
            if 'data-state="live"' in dom:
                break
        assert "<title>A &lt;b&gt; name</title>" in dom, dom
        assert re.search(r'<p id="now"><b>&lt;/b&gt;&lt;script&gt;', dom), dom
        assert re.search(r'id="elapsed">\d+:\d\d<', dom), f"the script did not run: {dom}"
        assert 'data-state="live"' in dom, dom
        complaints = [line for line in seen.stderr.splitlines() if "CONSOLE" in line]
        equal(complaints, [])
        for name, size in (("phone", "420,860"), ("desktop", "1280,900")):
            subprocess.run([*chromium, f"--window-size={size}", f"--screenshot={os.path.abspath(name)}.png", base + "/"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LONGEST_SECONDS)
            assert os.path.getsize(f"{name}.png") > 10000, name
    equal(player.end(signal.SIGINT), 0, player.said())


main()
