// HTTPS and secure WebSocket: takes TLS off accepted connections and hands on what is inside. Certificate and key are
// read again when their files change; one that cannot be used leaves the last good one in force.
import { watch, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { SystemError, UsageError } from '../core/errors.ts';
import { toFileError } from '../node/file-error.ts';
import type { Log } from '../ports/log.ts';
import { ipBytes } from './ip-bytes.ts';
import type { AcceptSocket } from './proxy-door.ts';

/** A handshake is a few packets. */
const HANDSHAKE_MS = 10_000;
const TLS_HANDSHAKE = 22;
/** Certificate and key are replaced one after the other. */
const SETTLE_MS = 500;

export interface TlsDoor {
  readonly accept: AcceptSocket;
  /** Reads certificate and key again; failures are logged. */
  reload(): Promise<void>;
  close(): void;
}

export interface TlsFiles {
  /** PEM, the whole chain. */
  readonly cert: string;
  readonly key: string;
}

/** Rejects with SystemError FILE_* or UsageError TLS_BAD_CERTIFICATE where they cannot be used at first. */
export async function createTlsDoor(files: TlsFiles, inside: AcceptSocket, log: Log): Promise<TlsDoor> {
  let context = await readContext(files);
  const reload = async (): Promise<void> => {
    try {
      context = await readContext(files);
      log.info('certificate read', { cert: files.cert });
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof SystemError)) throw error;
      log.error('certificate stays as it was', { reason: error.message });
    }
  };
  const watchers = watchFolders(files, () => void reload(), log);
  return {
    accept: (socket, source) => {
      sniff(socket, {
        tls: () => {
          shake(socket, { context, source }, inside);
        },
        plain: () => {
          inside(socket, source);
        },
      });
    },
    reload,
    close: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** By the first byte: 22 begins a TLS handshake and no HTTP request. */
function sniff(socket: Socket, next: { readonly tls: () => void; readonly plain: () => void }): void {
  const timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
  timer.unref();
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('close', stop);
    socket.off('error', ignore);
  };
  socket.on('close', stop);
  socket.on('error', ignore);
  socket.once('data', (chunk: Buffer) => {
    stop();
    socket.pause();
    socket.unshift(chunk);
    if (chunk[0] === TLS_HANDSHAKE) next.tls();
    else {
      next.plain();
      process.nextTick(() => socket.resume());
    }
  });
}

function ignore(): void {
  // 'close' follows.
}

function shake(
  socket: Socket,
  with_: { readonly context: SecureContext; readonly source: Uint8Array | undefined },
  inside: AcceptSocket,
): void {
  const ip = with_.source ?? ipBytes(socket.remoteAddress ?? '');
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: with_.context,
    ALPNProtocols: ['http/1.1'],
  });
  const timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
  timer.unref();
  secure.once('close', () => {
    clearTimeout(timer);
  });
  secure.on('error', () => {
    // No TLS, an old version, or the client has gone.
    socket.destroy();
  });
  secure.once('secure', () => {
    clearTimeout(timer);
    if (ip === undefined) socket.destroy();
    else inside(secure, ip);
  });
}

async function readContext({ cert, key }: TlsFiles): Promise<SecureContext> {
  const [certificate, secret] = await Promise.all([readPem(cert), readPem(key)]);
  try {
    return createSecureContext({ cert: certificate, key: secret, minVersion: 'TLSv1.2' });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : '';
    throw new UsageError('TLS_BAD_CERTIFICATE', `${cert} and ${key} cannot be used: ${reason}`, { cause });
  }
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw toFileError(error, path);
  }
}

/** Folders, not files: renewals replace files and links. */
function watchFolders({ cert, key }: TlsFiles, onChange: () => void, log: Log): FSWatcher[] {
  let timer: NodeJS.Timeout | undefined;
  return [...new Set([dirname(cert), dirname(key)])].map((folder) => {
    const watcher = watch(folder, { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(onChange, SETTLE_MS).unref();
    });
    watcher.on('error', (error) => {
      log.warn('the certificate is not watched any more', { reason: error.message });
    });
    return watcher;
  });
}
