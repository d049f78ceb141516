import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { fromHex, toHex } from '../core/bytes/bytes.ts';
import { createTracker } from './tracker.ts';

it('a tracker that is told to answers STUN on its UDP port, and tracks on', async () => {
  const tracker = await createTracker({ port: 0, host: '127.0.0.1', stun: true });
  const socket = createSocket('udp4');
  const ask = async (hex: string): Promise<string> => {
    const answered = once(socket, 'message');
    socket.send(fromHex(hex), tracker.port, '127.0.0.1');
    const [answer] = (await answered) as [Uint8Array];
    return toHex(answer);
  };
  expect(await ask(`000100002112a442${'07'.repeat(12)}`)).toMatch(
    /^0101000c2112a442(07){12}002000080001....5e12a443$/,
  );
  expect(await ask('00000417271019800000000000000005')).toMatch(/^0000000000000005/);
  socket.close();
  await tracker.close();
});
