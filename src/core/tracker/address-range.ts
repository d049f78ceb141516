// Which addresses can be peers of the public Internet: all but private, loopback, link-local, multicast, reserved.

/** True for addresses that are reachable from everywhere; `ip` has 4 or 16 bytes. */
export function isGlobalUnicast(ip: Uint8Array): boolean {
  return ip.length === 4 ? isGlobal4(ip[0] ?? 0, ip[1] ?? 0) : isGlobal6(ip);
}

function isGlobal4(a: number, b: number): boolean {
  // 0/8, 10/8, 127/8; 224/3 is multicast, reserved and broadcast.
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  // 100.64/10 carrier NAT, 169.254/16 link-local, 172.16/12, 192.168/16, 198.18/15 benchmarks.
  if (a === 100 && b >= 64 && b < 128) return false;
  if (a === 169 && b === 254) return false;
  if (a === 172 && b >= 16 && b < 32) return false;
  if (a === 192 && b === 168) return false;
  return !(a === 198 && (b === 18 || b === 19));
}

/** 2000::/3 is all that is handed out; 2001:db8::/32 is for documents. */
function isGlobal6(ip: Uint8Array): boolean {
  const first = ((ip[0] ?? 0) << 8) | (ip[1] ?? 0);
  if ((first & 0xe000) !== 0x2000) return false;
  return !(first === 0x2001 && ip[2] === 0x0d && ip[3] === 0xb8);
}
