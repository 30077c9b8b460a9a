#!/bin/bash
# packaging/setup, with a list of its own and an apt of its own: what it installs, and what it says where it cannot.
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0 failed=0

# is NAME STATUS PATTERN: what the last run gave
is() {
	count=$((count + 1))
	if [ "$status" = "$2" ] && grep -q -e "$3" "$work/said"; then
		echo "ok $count - $1"
	else
		failed=1
		echo "not ok $count - $1"
		{ echo "status $status, wanted $2 and '$3'; said:"; cat "$work/said"; } | sed 's/^/# /'
	fi
}
# A PATH with only the tools named, so that apt-get, dpkg-query and sudo are there or not as we like.
setup() {
	PATH=$work/bin "$work/setup" "$@" > "$work/said" 2>&1 < /dev/null
	status=$?
}
fake() { # NAME TEXT: a program
	printf '#!/bin/sh\n%s\n' "$2" > "$work/bin/$1"
	chmod +x "$work/bin/$1"
}

mkdir "$work/bin"
for tool in sh sed tr cut cat mktemp rm tail dirname env head cc; do
	! path=$(command -v "$tool") || ln -s "$path" "$work/bin/$tool"
done
cp "$top/packaging/setup" "$work/setup"
printf '%s\n' '# a comment' 'tool-a build cmd:sh is there' 'tool-b build cmd:no-such-program is not' \
	'tool-c lint cmd:no-such-program is not either' > "$work/packages.txt"
fake id 'echo 0'

setup build
is "without apt: what is needed, and status 1" 1 'install.* tool-b$'
! grep -q 'tool-[ac]' "$work/said"
status=$?
is "... and only that" 0 'tool-b'
setup --list build lint
is "--list" 0 'tool-c'

fake dpkg-query 'printf "installed tool-a\nnot-installed tool-x\n"'
# shellcheck disable=SC2016 # for the script that is written
fake apt-get 'echo "$@" >> "$0.log"'
setup build lint
is "with apt: installs what is missing" 0 'installing tool-b tool-c'
cp "$work/bin/apt-get.log" "$work/said"
is "... without asking, without recommendations" 0 '-y .*install --no-install-recommends tool-b tool-c'

fake dpkg-query 'printf "installed tool-a\ninstalled tool-b:amd64\n"'
rm "$work/bin/apt-get.log"
setup build
is "nothing missing: says so" 0 'nothing is missing'
[ ! -e "$work/bin/apt-get.log" ]
status=$?
is "... and leaves apt alone" 0 'nothing'

fake dpkg-query 'printf "installed tool-a\n"'
fake id 'echo 1000'
setup build
is "not root, no sudo: what is needed, and status 1" 1 'install.* tool-b$'
# shellcheck disable=SC2016
fake sudo 'shift; exec "$@"'
setup build
is "not root, with sudo" 0 'setup: done'

fake apt-get 'echo "E: it is broken"; exit 100'
setup build
is "apt fails: its words, what is needed, and status 1" 1 'it is broken'

echo "1..$count"
exit $failed
