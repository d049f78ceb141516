// Everything a session needs of its host: one implementation of each port. Node's is in node/env.ts.
import type { PieceMemory } from '../core/swarm/buffers.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramPort } from '../ports/datagram.ts';
import type { GatewayPort } from '../ports/gateway.ts';
import type { Digests, Hasher } from '../ports/hasher.ts';
import type { HttpPort } from '../ports/http.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { RtcPort } from '../ports/rtc.ts';
import type { StateStore, StoragePort } from '../ports/storage.ts';
import type { Transport } from '../ports/transport.ts';
import type { WebSocketPort } from '../ports/websocket.ts';
import type { Network } from './network.ts';

export interface Env {
  /** Ways to reach peers by address, the preferred one first; empty in a browser. */
  readonly transports: readonly Transport[];
  /** Undefined where there is no UDP. */
  readonly datagram: DatagramPort | undefined;
  /** Undefined where there is nothing to ask of routers. */
  readonly gateways?: GatewayPort | undefined;
  /** uTP, encryption and the DHT; undefined in a browser. */
  readonly network?: Network | undefined;
  readonly http: HttpPort;
  /** For ws:// and wss:// trackers. */
  readonly websocket?: WebSocketPort | undefined;
  /** Loads WebRTC when a torrent first needs it; rejects with SystemError RTC_UNAVAILABLE that says what is missing. */
  readonly rtc?: (() => Promise<RtcPort>) | undefined;
  readonly storage: StoragePort;
  readonly state: StateStore;
  readonly hasher: Hasher;
  /** Memory for pieces on their way to the hasher; shared memory of the language by default. */
  readonly memory?: PieceMemory | undefined;
  readonly digests: Digests;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The one name of a folder, so that resume data is found from wherever the program was started. */
  resolveFolder(folder: string): string;
  /** Changes when the host is restarted, after which data that was written but not flushed is in doubt. */
  readonly bootId?: string | undefined;
  /** Ends worker threads and the like. Sessions on this environment are closed before. */
  close(): Promise<void>;
}
