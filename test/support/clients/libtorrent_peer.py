"""A libtorrent peer for tests and benches: one torrent, JSON lines on standard output.

seed|leech SOURCE FOLDER PORT [--super] [--peer ADDRESS:PORT]   events: listening, metadata, seeding, done, error
create PATH OUT MODE PIECE_LENGTH [TRACKER...]   MODE is v1, v2 or hybrid
"""
import json
import sys

import libtorrent as lt

MODES = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def create(path, out, mode, piece_length, *trackers):
    files = lt.file_storage()
    lt.add_files(files, path)
    torrent = lt.create_torrent(files, int(piece_length), MODES[mode])
    for tier, tracker in enumerate(trackers):
        torrent.add_tracker(tracker, tier)
    lt.set_piece_hashes(torrent, path.rstrip("/").rsplit("/", 1)[0])
    with open(out, "wb") as file:
        file.write(lt.bencode(torrent.generate()))
    hashes = lt.torrent_info(out).info_hashes()
    say("created", v1=str(hashes.v1) if hashes.has_v1() else None, v2=str(hashes.v2) if hashes.has_v2() else None)


def settings(port):
    values = lt.high_performance_seed()
    values.update({
        "listen_interfaces": f"0.0.0.0:{port}",
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_outgoing_utp": False, "enable_incoming_utp": False,
        "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification
        | lt.alert.category_t.storage_notification,
        "announce_to_all_trackers": True, "announce_to_all_tiers": True,
    })
    return values


def share(role, source, folder, port, *options):
    session = lt.session(settings(int(port)))
    if source.startswith("magnet:"):
        params = lt.parse_magnet_uri(source)
    else:
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(source)
    params.save_path = folder
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if "--super" in options:
        params.flags |= lt.torrent_flags.super_seeding
    handle = session.add_torrent(params)
    if "--peer" in options:
        address, port = options[options.index("--peer") + 1].rsplit(":", 1)
        handle.connect_peer((address, int(port)))
    said = set()
    while True:
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if type(alert).__name__ == "torrent_finished_alert":
                # Finished means hashed: what is still to be written is flushed first.
                handle.flush_cache()
            name = {
                "cache_flushed_alert": "done" if role == "leech" else "seeding",
                "metadata_received_alert": "metadata",
                "listen_succeeded_alert": "listening",
            }.get(type(alert).__name__)
            if name and name not in said:
                said.add(name)
                say(name)
            elif type(alert).__name__ in ("file_error_alert", "torrent_error_alert", "listen_failed_alert"):
                say("error", message=alert.message())


if sys.argv[1] == "create":
    create(*sys.argv[2:])
else:
    share(*sys.argv[1:])
