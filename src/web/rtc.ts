// WebRTC of the browser. Candidates are gathered before a description leaves, since trackers relay only one message.
import { ProtocolError, SystemError } from '../core/errors.ts';
import type { RtcPort } from '../ports/rtc.ts';
import type { Stream } from '../ports/transport.ts';
import { RtcStream } from './rtc-stream.ts';

const GATHER_TIMEOUT_MS = 2_000;
const OPEN_TIMEOUT_MS = 60_000;

/** `iceServers` are `stun:` URLs; none by default, so that a page asks no third party. */
export function createWebRtc(iceServers: readonly string[] = []): RtcPort {
  const open = new Set<RTCPeerConnection>();
  const create = (): RTCPeerConnection => {
    const connection = new RTCPeerConnection({ iceServers: iceServers.map((urls) => ({ urls })) });
    open.add(connection);
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'closed') open.delete(connection);
    });
    return connection;
  };
  return {
    offer: async () => {
      const connection = create();
      const channel = connection.createDataChannel('swarmpress');
      const stream = whenOpen(connection, (found) => {
        found(channel);
      });
      await connection.setLocalDescription();
      return {
        sdp: await gathered(connection),
        stream,
        accept: (sdp) => {
          connection.setRemoteDescription({ type: 'answer', sdp }).catch(() => {
            connection.close();
          });
        },
        close: () => {
          connection.close();
        },
      };
    },
    answer: async (offerSdp) => {
      const connection = create();
      const stream = whenOpen(connection, (found) => {
        connection.addEventListener('datachannel', (event) => {
          found(event.channel);
        });
      });
      try {
        await connection.setRemoteDescription({ type: 'offer', sdp: offerSdp });
        await connection.setLocalDescription();
      } catch (cause) {
        connection.close();
        throw new ProtocolError('RTC_BAD_DESCRIPTION', 'the offer makes no sense', { cause });
      }
      return {
        sdp: await gathered(connection),
        stream,
        close: () => {
          connection.close();
        },
      };
    },
    close: () => {
      for (const connection of open) connection.close();
      open.clear();
    },
  };
}

function gathered(connection: RTCPeerConnection): Promise<string> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      resolve(connection.localDescription?.sdp ?? '');
    };
    const timer = setTimeout(finish, GATHER_TIMEOUT_MS);
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState === 'complete') finish();
    });
    if (connection.iceGatheringState === 'complete') finish();
  });
}

function whenOpen(
  connection: RTCPeerConnection,
  listen: (found: (channel: RTCDataChannel) => void) => void,
): Promise<Stream> {
  const promise = new Promise<Stream>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new SystemError('RTC_FAILED', 'the channel did not open in time'));
      connection.close();
    }, OPEN_TIMEOUT_MS);
    connection.addEventListener('connectionstatechange', () => {
      const state = connection.connectionState;
      if (state !== 'failed' && state !== 'closed') return;
      clearTimeout(timer);
      reject(new SystemError('RTC_FAILED', `the connection is ${state}`));
    });
    listen((channel) => {
      const succeed = (): void => {
        clearTimeout(timer);
        resolve(new RtcStream(connection, channel));
      };
      if (channel.readyState === 'open') succeed();
      else channel.addEventListener('open', succeed, { once: true });
    });
  });
  // A half that is given up before anybody waits for its stream is no unhandled rejection.
  promise.catch(() => undefined);
  return promise;
}
