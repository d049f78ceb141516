// One torrent from add to close: metadata, check, download, seeding. Wires the engine, the disk, the sources of peers
// and the resume data together.
import type { PeerAddress } from '../core/address.ts';
import type { Bitfield } from '../core/bytes/bitfield.ts';
import { SwarmpressError, UsageError } from '../core/errors.ts';
import type { InfoHash } from '../core/ids.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { PieceSpread, SwarmSnapshot } from '../core/swarm/snapshot.ts';
import { Accounts } from './accounts.ts';
import type {
  AddOptions,
  PeerSnapshot,
  Torrent,
  TorrentEvents,
  TorrentSnapshot,
  TrackerSnapshot,
  WebSeedSnapshot,
} from './api.ts';
import { Content } from './content.ts';
import type { SessionContext } from './context.ts';
import type { Discovery } from './discovery.ts';
import type { PeerHome } from './peer-driver.ts';
import type { ResumeKeeper } from './resume-keeper.ts';
import type { ResumeData } from './resume.ts';
import type { SwarmDriver, TorrentEffect } from './swarm-driver.ts';
import {
  createDiscovery,
  createKeeper,
  createParts,
  createSwarm,
  readInfo,
  type KnownTorrent,
  type TorrentParts,
} from './torrent-parts.ts';
import { fetchTorrent } from './torrent-fetch.ts';
import type { TransferStats } from './tracker-driver.ts';
import { toPeerSnapshots, toTorrentSnapshot } from './torrent-snapshot.ts';
import { toPieceDeadlines } from './piece-deadlines.ts';
import { TorrentStatus } from './torrent-status.ts';
import { WebSeeds } from './webseeds.ts';

/** A torrent as its session sees it. */
export class TorrentRun implements Torrent {
  readonly #parts: TorrentParts;
  readonly #status = new TorrentStatus();
  readonly #keeper: ResumeKeeper;
  readonly #discovery: Discovery;
  readonly #webSeeds: WebSeeds;
  readonly #accounts: Accounts;
  readonly #abort = new AbortController();
  /** What is being done; a torrent that closes waits for it. */
  readonly #steps = new Set<Promise<void>>();
  readonly spread = (cells: number): PieceSpread => this.#swarm.engine.spread(cells);
  #swarm: SwarmDriver;
  #metainfo: Metainfo | undefined;
  #content: Content | undefined;
  /** Pieces came since the last check. */
  #hasNews = false;
  #closing: Promise<void> | undefined;

  constructor(source: KnownTorrent, options: AddOptions, context: SessionContext) {
    this.#parts = createParts(source, options, context);
    this.#metainfo = source.metainfo;
    this.#webSeeds = new WebSeeds(this.#parts);
    this.#accounts = new Accounts(
      () => this.#swarmSnapshot(),
      () => this.#content,
    );
    this.#swarm = this.#createSwarm();
    this.#keeper = createKeeper(this.#parts, {
      storage: () => this.#content?.storage,
      have: () => this.#swarm.engine.have(),
      metainfo: () => this.#metainfo,
      totals: () => this.#accounts.total(),
    });
    this.#discovery = createDiscovery(this.#parts, {
      stats: () => this.#transferStats(),
      wanted: () => (this.#status.isDone || this.#status.paused ? 0 : this.#swarm.room),
      welcomes: () => !this.#status.paused && this.#swarm.room > 0,
      isPrivate: () => this.#metainfo?.private ?? false,
      onStream: (stream, outgoing) => {
        this.#swarm.addStream(stream, outgoing);
      },
      onCandidates: (from, addresses) => {
        this.#swarm.push({ kind: 'candidates', source: from, addresses });
      },
    });
  }

  /** What peers and trackers call it: the v1 hash, the truncated v2 hash, or both (BEP 52). */
  get hashes(): readonly InfoHash[] {
    return this.#parts.hashes;
  }

  get metainfo(): Metainfo | undefined {
    return this.#metainfo;
  }

  /** Where peers that ask for this torrent belong; undefined while it takes none. */
  get home(): PeerHome | undefined {
    return this.#status.phase === 'metadata' || this.#status.phase === 'open' ? this.#swarm : undefined;
  }

  /** Begins. What goes wrong becomes the torrent's error. */
  start(): void {
    void this.#attempt(async () => {
      const resume = await this.#keeper.load();
      this.#abort.signal.throwIfAborted();
      if (resume !== undefined) this.#accounts.restore(resume);
      const metainfo =
        this.#metainfo ?? (resume?.info === undefined ? undefined : readInfo(this.#parts, resume.info));
      if (metainfo === undefined) this.#awaitMetadata();
      else await this.#open(metainfo, resume);
    });
  }

  snapshot(): TorrentSnapshot {
    return toTorrentSnapshot({
      source: this.#parts.source,
      name: this.#metainfo?.name ?? this.#parts.source.magnet?.name ?? '',
      state: this.#status.state,
      swarm: this.#swarmSnapshot(),
      progress: this.#content?.progress,
      checked: this.#status.checked,
      moved: this.#accounts.total(),
      movedNow: this.#accounts.session(),
      error: this.#status.error,
    });
  }

  peers(): readonly PeerSnapshot[] {
    return toPeerSnapshots(this.#swarmSnapshot());
  }

  trackers(): readonly TrackerSnapshot[] {
    return this.#discovery.snapshot();
  }

  webSeeds(): readonly WebSeedSnapshot[] {
    return this.#webSeeds.snapshot();
  }

  pieces(): Uint8Array {
    return this.#swarm.engine.pieces();
  }

  on<K extends keyof TorrentEvents>(event: K, listener: (value: TorrentEvents[K]) => void): () => void {
    return this.#status.events.on(event, listener);
  }

  done(): Promise<void> {
    return this.#status.done();
  }

  pause(): void {
    this.#status.paused = true;
    this.#swarm.push({ kind: 'pause' });
  }

  resume(): void {
    this.#status.paused = false;
    const failed = this.#status.error !== undefined;
    this.#status.forgive();
    if (failed && this.#status.phase !== 'open' && this.#status.phase !== 'metadata') this.start();
    else this.#swarm.push({ kind: 'resume' });
  }

  async recheck(): Promise<void> {
    const content = this.#content;
    if (content === undefined || this.#status.phase !== 'open') {
      throw new UsageError('TORRENT_NOT_READY', 'only a torrent that is open can be checked again');
    }
    this.#status.phase = 'checking';
    this.#webSeeds.close();
    this.#swarm.disconnectAll();
    await content.idle();
    this.#retireSwarm();
    this.#parts.context.pieceCache.drop(content);
    this.#status.reopen();
    this.#status.forgive();
    await this.#attempt(() => this.#check(content, 'full', undefined));
  }

  selectFiles(files: readonly number[]): void {
    this.#reselect((content, have) => {
      content.select(files, have);
    });
  }

  setPriorities(files: readonly number[]): void {
    this.#reselect((content, have) => {
      content.prioritise(files, have);
    });
  }

  setDeadlines(deadlines: readonly { readonly piece: number; readonly withinMs: number }[]): void {
    const pieceCount = this.#metainfo?.pieceCount ?? 0;
    const now = this.#parts.context.env.clock.now();
    this.#swarm.push({ kind: 'deadlines', pieces: toPieceDeadlines(deadlines, { pieceCount, now }) });
  }

  async read(file: number, offset: number, length: number): Promise<Uint8Array> {
    if (this.#content === undefined) throw new UsageError('TORRENT_NOT_READY', 'nothing is on disk yet');
    return this.#content.read(file, offset, length);
  }

  setLimits(limits: { readonly download?: number | undefined; readonly upload?: number | undefined }): void {
    this.#parts.limiters.download.set(limits.download);
    this.#parts.limiters.upload.set(limits.upload);
  }

  addPeers(peers: readonly PeerAddress[]): void {
    this.#swarm.push({ kind: 'candidates', source: 'user', addresses: peers });
  }

  retry(): void {
    this.#discovery.retry();
    this.#webSeeds.retry();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #reselect(change: (content: Content, have: Bitfield) => void): void {
    const content = this.#content;
    const have = this.#swarm.engine.have();
    if (content === undefined || have === undefined) {
      throw new UsageError('TORRENT_NOT_READY', 'files can be selected when the torrent is open');
    }
    change(content, have);
    // At once: whoever asks `done` next means the new selection.
    if (!content.progress.isWhole) this.#status.reopen();
    void this.#attempt(async () => {
      await content.prepare(this.#parts.options.preallocation ?? 'none');
      this.#swarm.push({ kind: 'priorities', files: content.priorities });
      if (this.#swarmSnapshot().complete) return;
      this.#status.reopen();
      this.#webSeeds.open(content, this.#swarm);
    });
  }

  #awaitMetadata(): void {
    this.#status.phase = 'metadata';
    this.#meetPeers();
    const { magnet } = this.#parts.source;
    if (magnet === undefined) return;
    void this.#attempt(async () => {
      const found = await fetchTorrent(magnet, this.#parts.context.env, this.#abort.signal);
      if (found !== undefined && this.#status.phase === 'metadata') await this.#open(found, undefined);
    });
  }

  async #open(metainfo: Metainfo, resume: ResumeData | undefined): Promise<void> {
    const { storage, hasher } = this.#parts.context.env;
    const { folder, files, check = 'resume' } = this.#parts.options;
    // BEP 53: what a link selects beyond the files of the torrent means nothing.
    const linked = this.#parts.source.magnet?.selected?.filter((index) => index < metainfo.files.length);
    this.#status.phase = 'checking';
    this.#metainfo = metainfo;
    const content = await Content.open(metainfo, { folder, files: files ?? linked }, { storage, hasher });
    this.#content = content;
    this.#abort.signal.throwIfAborted();
    this.#status.events.emit('metainfo', metainfo);
    await this.#check(content, check, resume);
    this.#meetPeers();
  }

  async #check(
    content: Content,
    mode: NonNullable<AddOptions['check']>,
    resume: ResumeData | undefined,
  ): Promise<void> {
    this.#status.checked = 0;
    this.#hasNews = false;
    const onProgress = (part: number): void => {
      this.#status.checked = part;
    };
    const { bootId } = this.#parts.context.env;
    const have = await content.check({ mode, resume, bootId, signal: this.#abort.signal, onProgress });
    this.#status.checked = undefined;
    await content.prepare(this.#parts.options.preallocation ?? 'none');
    this.#abort.signal.throwIfAborted();
    this.#status.phase = 'open';
    this.#status.events.emit('checked', { completed: content.progress.completed });
    content.attach(this.#swarm, have);
    if (!this.#swarmSnapshot().complete) this.#webSeeds.open(content, this.#swarm);
    await this.#keeper.checked(mode === 'full');
  }

  #meetPeers(): void {
    this.#discovery.start();
    this.addPeers(this.#parts.options.peers ?? []);
    void this.#discovery.addHosts(this.#parts.source.magnet?.peers ?? []);
    if (this.#metainfo?.private === true) return;
    for (const node of this.#metainfo?.nodes ?? []) this.#parts.context.dht?.addHost(node);
  }

  #apply(effect: TorrentEffect): void {
    if (effect.kind === 'piece-complete') this.#onPiece(effect.piece);
    else if (effect.kind === 'piece-lost') this.#onLost(effect.piece);
    else if (effect.kind === 'file-complete') this.#status.events.emit('file', { file: effect.file });
    else if (effect.kind === 'complete') this.#onComplete();
    else if (effect.kind === 'stopped') this.#fail(effect.error);
    else this.#onMetadata(effect.infoBytes, effect.pieceLayers);
  }

  #onMetadata(bytes: Uint8Array, pieceLayers: ReadonlyMap<string, Uint8Array>): void {
    if (this.#status.phase !== 'metadata') return;
    void this.#attempt(async () => {
      await this.#open(readInfo(this.#parts, { bytes, pieceLayers }), undefined);
      await this.#keeper.save();
    });
  }

  #onPiece(piece: number): void {
    this.#hasNews = true;
    this.#content?.progress.add(piece);
    this.#keeper.touch();
    this.#status.events.emit('piece', { piece });
  }

  /** The disk lost a piece: it is fetched again. */
  #onLost(piece: number): void {
    this.#content?.progress.remove(piece);
    this.#keeper.touch();
    if (this.#content?.progress.isWhole === false) this.#status.reopen();
  }

  /** All that is wanted is written: whoever opens a file sees it. That it survives a power cut is seen to behind. */
  #onComplete(): void {
    // More may have been selected a moment ago: that completes later.
    if (this.#content?.progress.isWhole === false) return;
    this.#webSeeds.close();
    if (this.#hasNews) {
      void this.#attempt(() => this.#keeper.flush());
      if (this.#accounts.left() === 0) this.#discovery.completed();
    }
    this.#status.finish();
  }

  /** Runs a step of the torrent's life; what goes wrong becomes its error. */
  #attempt(step: () => Promise<void>): Promise<void> {
    const attempt = step()
      .catch((error: unknown) => {
        if (this.#abort.signal.aborted) return;
        if (!(error instanceof SwarmpressError)) throw error;
        this.#fail(error);
      })
      .finally(() => this.#steps.delete(attempt));
    this.#steps.add(attempt);
    return attempt;
  }

  #fail(error: Error): void {
    this.#parts.context.env.log.error('torrent failed', { reason: error.message });
    this.#status.fail(error);
  }

  async #close(): Promise<void> {
    this.#status.phase = 'closed';
    this.#abort.abort();
    const goodbye = this.#discovery.stop();
    this.#webSeeds.close();
    this.#swarm.disconnectAll();
    await Promise.all([this.#content?.idle(), ...this.#steps]);
    if (this.#swarm.engine.have() !== undefined) await this.#keeper.close();
    this.#swarm.close();
    const content = this.#content;
    if (content !== undefined) {
      this.#parts.context.pieceCache.drop(content);
      await content.storage.close();
    }
    await goodbye;
    this.#status.events.emit('closed', undefined);
  }

  #retireSwarm(): void {
    this.#accounts.retire();
    this.#swarm.close();
    this.#swarm = this.#createSwarm();
    if (this.#status.paused) this.#swarm.push({ kind: 'pause' });
  }

  #transferStats(): TransferStats {
    const left = this.#accounts.left();
    return { ...this.#accounts.session(), left, partialSeed: this.#status.isDone && left !== 0 };
  }

  #swarmSnapshot(): SwarmSnapshot {
    return this.#swarm.engine.snapshot(this.#parts.context.env.clock.now());
  }

  #createSwarm(): SwarmDriver {
    return createSwarm(this.#parts, (effect) => {
      this.#apply(effect);
    });
  }
}
