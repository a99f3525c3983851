#!/bin/sh
# pytest 9.2.0 with pytest-xdist 3.8.0: `--dist=loadgroup` does not keep a group on one worker.
#
# Expected: tests marked @pytest.mark.xdist_group("one") run on one worker, as xdist's documentation says.
# Seen: they run on several workers, without a warning, so that what a module-wide fixture shares is made anew on each.
# Whom it hurts: suites that mark tests of one database, port or costly fixture: they run side by side after an upgrade.
# Fails when the group runs on one worker.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pytest==9.2.0 pytest-xdist==3.8.0
cat > "$work/test_group.py" <<'PY'
import os, time, pytest

@pytest.mark.parametrize("number", range(24))
@pytest.mark.xdist_group("one")
def test_worker(number, tmp_path_factory):
    time.sleep(0.05)
    with open(os.environ["WORKERS"], "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")
PY
WORKERS="$work/workers" "$work/venv/bin/pytest" -q -p no:cacheprovider -n 2 --dist=loadgroup "$work/test_group.py"
echo "tests of the one group by worker:"; sort "$work/workers" | uniq -c
test "$(sort -u "$work/workers" | wc -l)" -gt 1
