"""Runs the libtorrent peer with other session settings: SCRIPT SETTINGS_AS_JSON, then the script's own arguments."""
import json
import runpy
import sys

import libtorrent as lt

script, overrides = sys.argv[1], json.loads(sys.argv[2])
sys.argv = [script, *sys.argv[3:]]
session = lt.session
lt.session = lambda settings: session({**settings, **overrides})
runpy.run_path(script, run_name="__main__")
