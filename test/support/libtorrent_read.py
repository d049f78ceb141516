# Prints what libtorrent reads in a .torrent, as JSON. Padding files are left out.
import json
import sys

import libtorrent as lt

info = lt.torrent_info(sys.argv[1])
hashes = info.info_hashes()
files = info.files()
print(json.dumps({
    "name": info.name(),
    "v1": str(hashes.v1) if hashes.has_v1() else "",
    "v2": str(hashes.v2) if hashes.has_v2() else "",
    "piece_length": info.piece_length(),
    "files": [
        {
            "path": files.file_path(i),
            "size": files.file_size(i),
            "symlink": files.symlink(i) if files.file_flags(i) & lt.file_flags_t.flag_symlink else "",
        }
        for i in range(files.num_files())
        if not files.file_flags(i) & lt.file_flags_t.flag_pad_file
    ],
    # libtorrent shuffles the trackers of a tier (BEP 12).
    "trackers": sorted((tracker.tier, tracker.url) for tracker in info.trackers()),
    "web_seeds": [seed["url"] for seed in info.web_seeds()],
}))
