// The C library's socket calls on 64-bit Linux, through koffi (an optional package) or Bun's own FFI: many datagrams in
// one call, sockets that threads share, connections without an object each. Addresses are numbers; who passes one keeps
// the memory behind it alive. Results are as in C: -1 for an error, its number in errno().
import { SystemError } from '../core/errors.ts';

export interface Libc extends Functions {
  /** Where the bytes lie; valid while their buffer is referenced. Not for arrays made without a buffer of their own. */
  address(bytes: Uint8Array): number;
  errno(): number;
}

interface Functions {
  socket(domain: number, type: number, protocol: number): number;
  setOption(
    ...args: readonly [fd: number, level: number, name: number, value: number, length: number]
  ): number;
  bind(fd: number, address: number, length: number): number;
  listen(fd: number, backlog: number): number;
  socketName(fd: number, address: number, length: number): number;
  accept(...args: readonly [fd: number, address: number, length: number, flags: number]): number;
  receive(...args: readonly [fd: number, buffer: number, length: number, flags: number]): number;
  send(...args: readonly [fd: number, buffer: number, length: number, flags: number]): number;
  read(fd: number, buffer: number, length: number): number;
  write(fd: number, buffer: number, length: number): number;
  close(fd: number): number;
  eventCounter(initial: number, flags: number): number;
  pollCreate(flags: number): number;
  pollControl(...args: readonly [poll: number, operation: number, fd: number, event: number]): number;
  pollWait(...args: readonly [poll: number, events: number, count: number, timeoutMs: number]): number;
  receiveMany(
    ...args: readonly [fd: number, messages: number, count: number, flags: number, timeout: number]
  ): number;
  sendMany(...args: readonly [fd: number, messages: number, count: number, flags: number]): number;
  advise(address: number, length: number, advice: number): number;
}

type Kind = 'int' | 'size';

/** Our name → name in the library and kinds of its parameters; all return an int. */
const FUNCTIONS: Readonly<Record<keyof Functions, readonly [string, ...Kind[]]>> = {
  socket: ['socket', 'int', 'int', 'int'],
  setOption: ['setsockopt', 'int', 'int', 'int', 'size', 'int'],
  bind: ['bind', 'int', 'size', 'int'],
  listen: ['listen', 'int', 'int'],
  socketName: ['getsockname', 'int', 'size', 'size'],
  accept: ['accept4', 'int', 'size', 'size', 'int'],
  receive: ['recv', 'int', 'size', 'size', 'int'],
  send: ['send', 'int', 'size', 'size', 'int'],
  read: ['read', 'int', 'size', 'size'],
  write: ['write', 'int', 'size', 'size'],
  close: ['close', 'int'],
  eventCounter: ['eventfd', 'int', 'int'],
  pollCreate: ['epoll_create1', 'int'],
  pollControl: ['epoll_ctl', 'int', 'int', 'int', 'size'],
  pollWait: ['epoll_wait', 'int', 'size', 'int', 'int'],
  receiveMany: ['recvmmsg', 'int', 'size', 'int', 'int', 'size'],
  sendMany: ['sendmmsg', 'int', 'size', 'int', 'int'],
  advise: ['madvise', 'size', 'size', 'int'],
};

/** Rejects with SystemError LIBC_UNAVAILABLE, which says what is missing. */
export async function loadLibc(): Promise<Libc> {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new SystemError('LIBC_UNAVAILABLE', "the system's socket calls need 64-bit Linux on x64 or arm64");
  }
  try {
    return process.versions['bun'] === undefined ? await overKoffi() : await overBun();
  } catch (cause) {
    const text = "the system's socket calls need the package koffi, which does not load: npm install koffi";
    throw new SystemError('LIBC_UNAVAILABLE', text, { cause });
  }
}

async function overKoffi(): Promise<Libc> {
  const { default: koffi } = await import('koffi');
  // The process itself has the library's names, whichever C library it was built with.
  const library = koffi.load(null);
  const kinds = { int: 'int', size: 'uint64_t' } as const;
  const functions = mapFunctions((name, parameters) => {
    return library.func(
      name,
      'int',
      parameters.map((kind) => kinds[kind]),
    ) as NumberFunction;
  });
  return {
    ...functions,
    address: (bytes) => Number(koffi.address(bytes)),
    errno: () => koffi.errno(),
  };
}

/** What is used of `bun:ffi`. */
interface BunFfi {
  dlopen(
    name: string,
    symbols: Readonly<Record<string, { readonly args: readonly string[]; readonly returns: string }>>,
  ): { readonly symbols: Readonly<Record<string, NumberFunction>> };
  ptr(bytes: Uint8Array): number;
  readonly read: { i32(address: number, offset: number): number };
}

async function overBun(): Promise<Libc> {
  const name = 'bun:ffi';
  const ffi = (await import(name)) as BunFfi;
  const kinds = { int: 'i32', size: 'u64' } as const;
  const open = (symbol: string, args: readonly string[], returns: string): NumberFunction => {
    const opened = ffi.dlopen('libc.so.6', { [symbol]: { args, returns } }).symbols[symbol];
    if (opened === undefined) throw new TypeError(`${symbol} is missing`);
    return opened;
  };
  const functions = mapFunctions((symbol, parameters) => {
    return open(
      symbol,
      parameters.map((kind) => kinds[kind]),
      'i32',
    );
  });
  const errnoAddress = open('__errno_location', [], 'ptr');
  return { ...functions, address: (bytes) => ffi.ptr(bytes), errno: () => ffi.read.i32(errnoAddress(), 0) };
}

type NumberFunction = (...args: readonly number[]) => number;

function mapFunctions(open: (name: string, parameters: readonly Kind[]) => NumberFunction): Functions {
  const named = (key: keyof Functions): NumberFunction => {
    const [name, ...parameters] = FUNCTIONS[key];
    return open(name, parameters);
  };
  return {
    socket: named('socket'),
    setOption: named('setOption'),
    bind: named('bind'),
    listen: named('listen'),
    socketName: named('socketName'),
    accept: named('accept'),
    receive: named('receive'),
    send: named('send'),
    read: named('read'),
    write: named('write'),
    close: named('close'),
    eventCounter: named('eventCounter'),
    pollCreate: named('pollCreate'),
    pollControl: named('pollControl'),
    pollWait: named('pollWait'),
    receiveMany: named('receiveMany'),
    sendMany: named('sendMany'),
    advise: named('advise'),
  };
}
