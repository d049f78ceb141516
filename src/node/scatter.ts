// Cuts a list of buffers at given lengths, so that each file range gets the buffers it has to fill.

/** For each length the views that hold its bytes, in order. The lengths add up to the targets' total. */
export function splitTargets(targets: readonly Uint8Array[], lengths: readonly number[]): Uint8Array[][] {
  if (lengths.length === 1) return [[...targets]];
  const parts: Uint8Array[][] = [];
  let index = 0;
  let used = 0;
  for (const length of lengths) {
    const part: Uint8Array[] = [];
    let left = length;
    while (left > 0) {
      const target = targets[index];
      if (target === undefined) break;
      const take = Math.min(left, target.length - used);
      if (take > 0) part.push(target.subarray(used, used + take));
      left -= take;
      used += take;
      if (used === target.length) {
        index++;
        used = 0;
      }
    }
    parts.push(part);
  }
  return parts;
}
