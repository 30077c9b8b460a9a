// The page of the HTTP server, kept up to date.  Titles only ever become text nodes.
"use strict";

const POLL_MS = 5000;
const byId = (id) => document.getElementById(id);

let elapsed = 0;
let duration = 0;
let taken = 0;
let jointOf = "";

function setText(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

function clock(seconds) {
	const s = Math.max(0, Math.floor(seconds));
	return Math.floor(s / 60) + ":" + String(s % 60).padStart(2, "0");
}

function showTrack(node, track) {
	setText(node.querySelector("b"), (track && track.title) || "");
	setText(node.querySelector("span"), (track && track.artist) || "");
}

function showProgress() {
	const now = Math.min(elapsed + (Date.now() - taken) / 1000, duration || Infinity);
	byId("progress").hidden = !duration;
	byId("progress").max = duration || 1;
	byId("progress").value = duration ? now : 0;
	setText(byId("elapsed"), taken ? clock(now) : "");
	setText(byId("duration"), duration ? clock(duration) : "");
}

function historyRow(track) {
	const row = document.createElement("li");
	const time = document.createElement("time");
	const title = document.createElement("b");
	const artist = document.createElement("span");
	if (track.started) {
		time.dateTime = track.started;
		time.textContent = new Date(track.started).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
	}
	title.textContent = track.title || "";
	artist.textContent = track.artist || "";
	row.append(time, " ", title, " ", artist);
	return row;
}

function showJoint(status) {
	const key = status.next ? JSON.stringify([status.now, status.next].map((t) => t && [t.title, t.artist])) : "";
	byId("joint").hidden = !status.has_joint;
	if (status.has_joint && key !== jointOf)
		byId("joint").src = "joint.svg?" + Date.now();
	jointOf = key;
}

function show(status) {
	showTrack(byId("now"), status.now);
	showTrack(byId("next"), status.next);
	byId("next-box").hidden = !status.next;
	elapsed = status.now ? status.now.elapsed : 0;
	duration = (status.now && status.now.duration) || 0;
	taken = status.now ? Date.now() : 0;
	byId("history").replaceChildren(...status.history.map(historyRow));
	setText(byId("listeners"), String(status.listeners));
	showJoint(status);
	showProgress();
}

async function poll() {
	try {
		const answer = await fetch("status.json", {cache: "no-store"});
		if (answer.ok)
			show(await answer.json());
		document.body.dataset.state = "live";
	} catch (error) {
		document.body.dataset.state = "away";
	}
	setTimeout(poll, POLL_MS);
}

// A stream that was paused goes on live, not where it was.
function keepLive(player) {
	let source = "";
	player.addEventListener("play", () => {
		if (!source)
			return;
		player.src = source;
		source = "";
		player.play();
	});
	player.addEventListener("pause", () => {
		if (!player.currentSrc || player.ended)
			return;
		source = player.currentSrc;
		player.removeAttribute("src");
		for (const child of player.querySelectorAll("source"))
			child.remove();
		player.load();
	});
	for (const link of document.querySelectorAll("#mounts a:not(.list)"))
		link.addEventListener("click", (event) => {
			event.preventDefault();
			source = "";
			player.src = link.href;
			player.play();
		});
}

keepLive(byId("player"));
setInterval(showProgress, 1000);
poll();
