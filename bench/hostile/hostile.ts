// A hostile hour, shortened: `node bench/run.mjs hostile --seconds 120`. Needs root, for hosts of its own.
import { parseArgs } from 'node:util';
import { runHostile } from '../../test/support/hostile/hostile.ts';
import { onStage } from '../../test/support/stage.ts';

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { seconds: { type: 'string', default: '120' } } });
  await onStage(async (stage) => {
    process.stdout.write(
      `${JSON.stringify(await runHostile(stage, { seconds: Number(values.seconds) }), undefined, 2)}\n`,
    );
  });
}
