#!/bin/sh
# skrub 0.11.0: importing the library makes a folder in the user's home.
#
# Expected: `import skrub` writes nothing; data folders are made when a data set is fetched.
# Seen: `import skrub` makes ~/skrub_data at once, although no data set was asked for.
# Whom it hurts: services and containers whose home may only be read (the import ends in an error there), and everybody
# who finds an empty folder in the home of each user that ran a report.
# Fails when the import leaves the home as it was.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check skrub==0.11.0
mkdir "$work/home"
HOME="$work/home" "$work/venv/bin/python" -c 'import skrub; print("skrub", skrub.__version__)'
echo "in the home afterwards: $(ls "$work/home")"
test -d "$work/home/skrub_data"
