// What the main thread and its announce workers say to each other. Rules cross as plain data.
import type { MessagePort } from 'node:worker_threads';
import { HashFilter, type Policy } from '../../core/tracker/policy.ts';
import type { RateLimitOptions } from '../../core/tracker/rate-limit.ts';
import type { SwarmsOptions } from '../../core/tracker/swarms.ts';
import type { OpenSocket } from '../../node/linux-sockets.ts';
import type { TrackerSettings } from '../options.ts';

/** A policy as data; lists that are functions cannot cross. */
export interface WorkerRules {
  readonly policy: Omit<Policy, 'torrents' | 'access'>;
  readonly list: { readonly kind: 'allow' | 'deny'; readonly hashes: ReadonlySet<string> } | undefined;
}

export interface WorkerStart {
  /** From 0; and the number under which it takes locks. */
  readonly worker: number;
  readonly thread: number;
  readonly memory: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly rates: SharedArrayBuffer;
  readonly settings: TrackerSettings;
  readonly store: SwarmsOptions;
  readonly rateLimit: RateLimitOptions;
  /** Of the connection ids. */
  readonly secret: Uint8Array;
  readonly seed: number;
  readonly udp: readonly OpenSocket[];
  readonly tcp: readonly OpenSocket[];
  /** An event counter that says that messages wait at `port`. */
  readonly wake: number;
  readonly port: MessagePort;
  readonly rules: WorkerRules;
  readonly maxConnections: number;
}

export type ToWorker = { readonly kind: 'stop' } | { readonly kind: 'rules'; readonly rules: WorkerRules };

export type ToMain =
  | { readonly kind: 'ready' }
  /** A TCP connection that is not the worker's business, with the bytes read of it. */
  | { readonly kind: 'connection'; readonly fd: number; readonly read: Uint8Array };

/** Undefined where the policy cannot be told as data. */
export function toRules(policy: Policy): WorkerRules | undefined {
  const { torrents, access, ...rest } = policy;
  if (access !== undefined || (torrents !== undefined && !(torrents instanceof HashFilter))) return undefined;
  const list = torrents === undefined ? undefined : { kind: torrents.kind, hashes: torrents.hashes };
  return { policy: rest, list };
}

export function toPolicy({ policy, list }: WorkerRules): Policy {
  const torrents = list === undefined ? undefined : HashFilter.of(list.kind, list.hashes);
  return { ...policy, torrents, access: undefined };
}
