// The browser's ports, wired together for a session.
import { SystemError } from '../core/errors.ts';
import type { Env } from '../engine/env.ts';
import { silentLog, type Log } from '../ports/log.ts';
import type { Storage, StoragePort } from '../ports/storage.ts';
import { webClock } from './clock.ts';
import { webDigests } from './digests.ts';
import { ContentThread } from './content-thread.ts';
import { createWebHasher } from './hasher.ts';
import { webHttp } from './http.ts';
import { MemoryStorage } from './memory-storage.ts';
import { hasOpfs, openOpfsStorage } from './opfs-storage.ts';
import { webRandom } from './random.ts';
import { createWebRtc } from './rtc.ts';
import { openStateStore } from './state-store.ts';
import { webSockets } from './ws.ts';

/** A storage that can hand out its finished files, and forget them. */
export interface SavableStorage extends Storage {
  file(index: number): Promise<Blob>;
  remove(): Promise<void>;
}

export interface WebEnvOptions {
  readonly iceServers?: readonly string[] | undefined;
  /** See DownloadOptions. */
  readonly workerUrl?: string | undefined;
  readonly log?: Log | undefined;
}

export interface WebEnv extends Env {
  /** The storage of a folder that a session has opened, to save files from. */
  storageOf(folder: string): SavableStorage | undefined;
  /** True when what is downloaded survives the tab. */
  readonly isPersistent: boolean;
}

export async function createWebEnv(options: WebEnvOptions): Promise<WebEnv> {
  const thread = new ContentThread(options.workerUrl);
  const storages = createStoragePort(thread);
  const rtc = hasWebRtc() ? createWebRtc(options.iceServers) : undefined;
  return {
    transports: [],
    datagram: undefined,
    http: webHttp,
    websocket: webSockets,
    rtc: () => (rtc === undefined ? Promise.reject(noWebRtc()) : Promise.resolve(rtc)),
    storage: storages,
    state: await openStateStore(),
    hasher: createWebHasher(thread),
    digests: webDigests,
    clock: webClock,
    random: webRandom,
    log: options.log ?? silentLog,
    isPersistent: hasOpfs(),
    storageOf: (folder) => storages.opened.get(folder),
    resolveFolder: (folder) => folder,
    close: () => {
      rtc?.close();
      thread.close();
      return Promise.resolve();
    },
  };
}

export function hasWebRtc(): boolean {
  return 'RTCPeerConnection' in window;
}

function noWebRtc(): SystemError {
  return new SystemError('RTC_UNAVAILABLE', 'this browser has no WebRTC, or it is switched off');
}

interface StoragePool extends StoragePort {
  readonly opened: ReadonlyMap<string, SavableStorage>;
}

/** One torrent at a time: the thread knows one folder. */
function createStoragePort(thread: ContentThread): StoragePool {
  const opened = new Map<string, SavableStorage>();
  return {
    opened,
    open: async (folder, files) => {
      const made = hasOpfs() ? await openOpfsStorage(folder, files, thread) : new MemoryStorage(files);
      opened.set(folder, made);
      return made;
    },
  };
}
