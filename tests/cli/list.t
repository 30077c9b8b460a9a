#!/bin/bash
# list.t - jukebox list from outside: what it prints, what it says of the rest, and how it exits.
#
# Needs JUKEBOX, the program; files that only have to be there are made here, one of them music.
cd "${TMPDIR:?}" || exit 2
jukebox=${JUKEBOX:?}
count=0

is() { # NAME GOT EXPECTED
	count=$((count + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		printf '# got:\n%s\n# expected:\n%s\n' "$2" "$3" | sed 's/^/#   /'
	fi
}
holds() { # NAME TEXT PART
	case $2 in *"$3"*) is "$1" yes yes ;; *) is "$1" "$2" "... $3 ..." ;; esac
}
list() { # ARGUMENT...: prints what is listed, then "= STATUS"; what was said goes to the file `said`
	"$jukebox" list "$@" 2> said
	echo "= $?"
}

# A WAV of 100 frames, and more of it under other names.
le32() { printf %b "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\0\\0"; }
{
	printf RIFF; le32 236; printf 'WAVEfmt '; le32 16; printf '\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\20\0'
	printf data; le32 200; head -c 200 /dev/zero
} > one.wav
mkdir music
for name in 'track 10.wav' 'track 9.wav' $'caf\xe9.wav' $'esc\e[2J.wav'; do cp one.wav "music/$name"; done
echo 'no music at all, but words' > words.wav
printf '#EXTM3U\n#EXTINF:1,A Title\n#JUKEBOX: pause=2\none.wav\ngone.wav\nwords.wav\nhttp://host/x.mp3\nmusic/track 9.wav\n' > list.m3u

is 'entries, resolved' "$(list list.m3u)" $'one.wav\nmusic/track 9.wav\n= 0'
holds 'a missing file is reported with its line' "$(cat said)" 'list.m3u:5: warning: gone.wav: no such file'
holds 'so is what is no music' "$(cat said)" 'list.m3u:6: warning: words.wav: '
holds 'so is a URL' "$(cat said)" 'list.m3u:7: warning: http://host/x.mp3: is a URL'
is 'nothing else is said' "$(wc -l < said)" 3
is '--quick does not look into files' "$(list --quick list.m3u)" $'one.wav\nwords.wav\nmusic/track 9.wav\n= 0'
is '--strict tells of dropped lines' "$(list --strict list.m3u)" $'one.wav\nmusic/track 9.wav\n= 3'
is '--strict is content with a good list' "$(echo one.wav | list --strict -)" $'one.wav\n= 0'
is '-0 ends names with NUL' "$(list -0 list.m3u | tr '\0' '|')" $'one.wav|music/track 9.wav|= 0'
is '--null is the same' "$(list --null one.wav | tr '\0' '|')" 'one.wav|= 0'
is 'a folder, in natural order, names as they are' "$(list music)" \
	$'music/caf\xe9.wav\nmusic/esc\e[2J.wav\nmusic/track 9.wav\nmusic/track 10.wav\n= 0'
is '--json' "$(list --json list.m3u | head -n 1)" \
	'{"index":1,"path":"one.wav","title":"A Title","directives":"pause=2"}'
is '--json with a name that is not UTF-8' "$(list --json music | head -n 1)" \
	'{"index":1,"path":"music/café.wav","path_hex":"6d757369632f636166e92e776176","title":null,"directives":null}'
is 'several names, in their order' "$(list one.wav list.m3u)" $'one.wav\none.wav\nmusic/track 9.wav\n= 0'
is 'standard input' "$(printf 'music/track 10.wav\r\ngone\r\n' | list -)" $'music/track 10.wav\n= 0'
holds 'its lines have numbers' "$(cat said)" 'standard input:2: warning: gone: no such file'
is 'what a shell makes of <(...)' "$(list <(echo one.wav))" $'one.wav\n= 0'
is 'a name that is not there, and one that is' "$(list nowhere.m3u one.wav)" $'one.wav\n= 0'
holds 'is named' "$(cat said)" nowhere.m3u
is 'nothing at all' "$(list nowhere.m3u)" '= 1'
: > empty.m3u
is 'an empty list' "$(list empty.m3u)" '= 1'
holds 'is named, too' "$(cat said)" 'empty.m3u: warning: yields no music file'
is 'a name with a leading dash' "$(cp one.wav ./-x.wav; list -- -x.wav)" $'-x.wav\n= 0'
is 'no list' "$(list)" '= 2'
is 'an unknown option' "$(list --nonsense one.wav)" '= 2'
is 'one line for it' "$(wc -l < said)" 1
list --help > help
holds '--help' "$(cat help)" --quick
is 'nothing is said of --help' "$(tail -n 1 help; cat said)" '= 0'
if [ -w /dev/full ]; then
	"$jukebox" list music > /dev/full 2> said
	is 'a full device is no success' "$?" 1
	holds 'and is told' "$(cat said)" 'standard output'
fi
if command -v script > /dev/null; then
	screen=$(script -qec "'$jukebox' list music" /dev/null < /dev/null 2>&1)
	holds 'names are escaped on a terminal' "$screen" 'esc\x1b[2J.wav'
	case $screen in *$'\e[2J'*) is 'and only so' raw escaped ;; *) is 'and only so' yes yes ;; esac
fi
echo "1..$count"
