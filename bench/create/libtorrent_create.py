# Makes a torrent with libtorrent, on one hashing thread, as its Python binding offers no more.
# Arguments: content, output, v1|v2|hybrid, piece length in bytes.
import os
import sys

import libtorrent as lt

content, output, mode, piece_length = sys.argv[1:]
flags = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}[mode]
files = lt.file_storage()
lt.add_files(files, content)
torrent = lt.create_torrent(files, int(piece_length), flags)
lt.set_piece_hashes(torrent, os.path.dirname(content))
with open(output, "wb") as target:
    target.write(lt.bencode(torrent.generate()))
