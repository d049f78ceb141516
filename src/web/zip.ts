// Several files as one ZIP, put together out of their blobs: what is backed by a disk stays there. Files are stored as
// they are, with the ZIP64 fields that large ones need (PKWARE APPNOTE 6.3.9).
import { utf8Encode } from '../core/bytes/bytes.ts';
import { LittleEndianWriter } from './little-endian-writer.ts';

export interface ZipEntry {
  readonly path: readonly string[];
  readonly content: Blob;
}

interface Stored {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly length: number;
  /** Of its local header. */
  readonly offset: number;
}

/** 4.5: ZIP64 is understood. */
const VERSION = 45;
/** Names are UTF-8. */
const FLAGS = 0x0800;
/** 1980-01-01 00:00, the first that there is. */
const DATE = 0x0021;
const FULL_32 = 0xffffffff;
const FULL_16 = 0xffff;

/** Reads each file once, for its checksum. */
export async function zip(entries: readonly ZipEntry[]): Promise<Blob> {
  const parts: BlobPart[] = [];
  const stored: Stored[] = [];
  let offset = 0;
  for (const { path, content } of entries) {
    const name = utf8Encode(path.join('/'));
    const entry = { name, crc: await crc32(content), length: content.size, offset };
    const header = localHeader(entry);
    parts.push(header, content);
    stored.push(entry);
    offset += header.length + content.size;
  }
  parts.push(directory(stored, offset));
  return new Blob(parts, { type: 'application/zip' });
}

function localHeader({ name, crc, length }: Stored): Uint8Array<ArrayBuffer> {
  const out = new LittleEndianWriter().u32(0x04034b50).u16(VERSION).u16(FLAGS).u16(0).u16(0).u16(DATE);
  out.u32(crc).u32(FULL_32).u32(FULL_32).u16(name.length).u16(20).bytes(name);
  return out.u16(1).u16(16).u64(length).u64(length).finish();
}

function directory(entries: readonly Stored[], start: number): Uint8Array<ArrayBuffer> {
  const out = new LittleEndianWriter();
  for (const { name, crc, length, offset } of entries) {
    out.u32(0x02014b50).u16(VERSION).u16(VERSION).u16(FLAGS).u16(0).u16(0).u16(DATE);
    out.u32(crc).u32(FULL_32).u32(FULL_32).u16(name.length).u16(28);
    out.u16(0).u16(0).u16(0).u32(0).u32(FULL_32).bytes(name);
    out.u16(1).u16(24).u64(length).u64(length).u64(offset);
  }
  const size = out.length;
  const count = entries.length;
  out.u32(0x06064b50).u64(44).u16(VERSION).u16(VERSION).u32(0).u32(0);
  out.u64(count).u64(count).u64(size).u64(start);
  out
    .u32(0x07064b50)
    .u32(0)
    .u64(start + size)
    .u32(1);
  out.u32(0x06054b50).u16(0).u16(0).u16(FULL_16).u16(FULL_16).u32(FULL_32).u32(FULL_32).u16(0);
  return out.finish();
}

async function crc32(content: Blob): Promise<number> {
  let crc = FULL_32;
  const reader = content.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return (crc ^ FULL_32) >>> 0;
    for (const byte of value) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  }
}

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
