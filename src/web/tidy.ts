// Garbage in time. What pieces, chunks and messages leave behind is freed by a full collection only, and to V8 it
// looks too small to bring one about: half of a large file later it is a hundred megabytes. Memory that is asked for, and
// never touched, brings it about and costs next to nothing.

/** V8 collects when this much was asked for since the last time. */
const PRESSURE_BYTES = 96 * 1024 * 1024;

/** Collects each time that this many bytes have gone by. */
export function createTidying(everyBytes: number): (bytes: number) => void {
  let passed = 0;
  return (bytes) => {
    passed += bytes;
    if (passed < everyBytes) return;
    passed = 0;
    ask(PRESSURE_BYTES);
  };
}

function ask(bytes: number): number {
  return new ArrayBuffer(bytes).byteLength;
}
