"""A libtorrent node of the DHT for tests: libtorrent_dht.py BOOTSTRAP, then one command a line on standard input.

put TEXT | get TARGET | put-mutable SEED SALT TEXT | get-mutable PUBLIC_KEY SALT | announce INFO_HASH
| sample IP PORT TARGET | port (keys and hashes in hex); each answers with one line of JSON.
"""
import hashlib
import json
import sys
import time

import libtorrent as lt

SECONDS = 90
session = lt.session({
    "listen_interfaces": "127.0.0.1:0", "enable_dht": True, "dht_bootstrap_nodes": sys.argv[1],
    "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False, "dht_ignore_dark_internet": False,
    "dht_sample_infohashes_interval": 0, "dht_announce_interval": 1,
    "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "alert_mask": lt.alert.category_t.dht_notification | lt.alert.category_t.dht_operation_notification
    | lt.alert.category_t.status_notification,
})


def wait(name):
    """The next alert of a name."""
    end = time.time() + SECONDS
    while time.time() < end:
        session.wait_for_alert(200)
        for alert in session.pop_alerts():
            if type(alert).__name__ == name:
                return alert
    raise TimeoutError(name)


def text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else value


def put(words):
    target = session.dht_put_immutable_item(words)
    wait("dht_put_alert")
    return {"target": str(target)}


def get(target):
    session.dht_get_immutable_item(lt.sha1_hash(bytes.fromhex(target)))
    return {"value": text(wait("dht_immutable_item_alert").item["value"])}


def put_mutable(seed, public, salt, words):
    """The key as libtorrent wants it: the seed's hash, clamped."""
    private = bytearray(hashlib.sha512(bytes.fromhex(seed)).digest())
    private[0] &= 248
    private[31] = private[31] & 63 | 64
    session.dht_put_mutable_item(bytes(private), bytes.fromhex(public), words.encode(), salt.encode())
    wait("dht_put_alert")
    return {}


def get_mutable(public, salt):
    session.dht_get_mutable_item(bytes.fromhex(public), salt.encode())
    while True:
        alert = wait("dht_mutable_item_alert")
        if alert.authoritative:
            return {"value": text(alert.item["value"]), "sequence": alert.seq}


def announce(info_hash):
    """By a torrent that has only its info hash; announced when libtorrent comes to it."""
    params = lt.parse_magnet_uri(f"magnet:?xt=urn:btih:{info_hash}")
    params.save_path = "."
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    session.add_torrent(params)
    return {}


def sample(ip, port, target):
    session.dht_sample_infohashes((ip, int(port)), lt.sha1_hash(bytes.fromhex(target)))
    return {"samples": [str(hash) for hash in wait("dht_sample_infohashes_alert").samples]}


COMMANDS = {
    "put": put, "get": get, "put-mutable": put_mutable, "get-mutable": get_mutable, "announce": announce,
    "sample": sample, "port": lambda: {"port": session.listen_port()},
}
if sys.argv[1]:
    wait("dht_bootstrap_alert")
for line in sys.stdin:
    command, *words = line.rstrip("\n").split(" ")
    print(json.dumps({"answer": command, **COMMANDS[command](*words)}), flush=True)
