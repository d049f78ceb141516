// The card that the element shows, put together of its parts and brought up to date from one look at the download.
import { printable } from '../core/format.ts';
import { formatMagnet } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { toMagnet } from '../core/metainfo/to-magnet.ts';
import type { DownloadSnapshot } from '../web/download-api.ts';
import type { Controller } from './controller.ts';
import { button, element, setShown, setText } from './dom.ts';
import { FileList } from './file-list.ts';
import { mediaKind } from './media.ts';
import { createNumbers } from './numbers.ts';
import { createPieceMap } from './piece-map.ts';
import { Preview } from './preview.ts';
import { createProgress, progressOf } from './progress.ts';
import { createShare, type ShareLinks } from './share.ts';
import { STRINGS } from './strings.ts';
import { createSwarmPicture } from './swarm-picture.ts';
import { createTrouble, troubleOf } from './trouble.ts';

export interface ViewOptions extends ShareLinks {
  /** Plain HTTP download of a single file. */
  readonly direct: string | undefined;
  /** Names the download in the card: where the page around does not. */
  readonly isTitled: boolean;
}

export class View {
  readonly node: HTMLElement;
  readonly #controller: Controller;
  readonly #options: ViewOptions;
  readonly #title: HTMLElement = element('h3', { hidden: true });
  readonly #start: HTMLButtonElement;
  readonly #startSize: HTMLElement = element('small');
  readonly #lead: HTMLElement = element('p', { class: 'lead' });
  readonly #fresh: HTMLElement;
  readonly #running: HTMLElement;
  readonly #state: HTMLElement = element('strong', { class: 'state' });
  readonly #percent: HTMLElement = element('span', { class: 'percent' });
  readonly #note: HTMLElement = element('p', { class: 'fine' });
  /** Spoken when the state changes, not with every number. */
  readonly #said: HTMLElement = element('p', { class: 'said', role: 'status' });
  readonly #actions = this.#createActions();
  readonly #files: FileList;
  readonly #preview: Preview = new Preview();
  readonly #trouble: ReturnType<typeof createTrouble>;
  readonly #picture = createSwarmPicture();
  readonly #parts = [createProgress(), this.#picture, createPieceMap(), createNumbers()];
  #hasFocusMoved = false;
  #hasWaysOut = false;

  constructor(controller: Controller, options: ViewOptions) {
    this.#controller = controller;
    this.#options = options;
    this.#start = element(
      'button',
      { type: 'button', class: 'start' },
      STRINGS.button.download,
      this.#startSize,
    );
    this.#start.addEventListener('click', () => void controller.start(this.#files.selected));
    this.#fresh = element('div', { class: 'fresh' }, this.#start, this.#lead);
    this.#files = new FileList({
      onSelect: (files) => {
        controller.select(files);
      },
      onSave: (index) => void controller.save(index),
      onPreview: (index) => void this.#preview.open(controller, index),
      canStream: () => controller.canStream,
    });
    const onRetry = (): void => {
      controller.retry();
    };
    const { direct, magnet } = options;
    this.#trouble = createTrouble({ onRetry, direct, magnet });
    const [progress, picture, pieces, numbers] = this.#parts.map((part) => part.node);
    const headline = element('div', { class: 'headline' }, this.#state, this.#percent);
    const work = element('div', { class: 'work' }, picture, numbers);
    this.#running = element(
      'div',
      { class: 'running', hidden: true },
      ...[headline, progress, this.#note, this.#actions.node, work, pieces],
    );
    this.node = element(
      'div',
      { class: 'card' },
      ...[this.#title, this.#fresh, this.#said, this.#trouble.node, this.#running, this.#preview.node],
      ...[this.#files.node, createShare(options)],
    );
  }

  update(): void {
    const { metainfo, download, error, isStarted } = this.#controller;
    const now = download?.snapshot();
    if (metainfo !== undefined) {
      this.#files.show(metainfo);
      setText(this.#title, printable(metainfo.name));
      this.#offerWaysOut(metainfo);
    }
    setShown(this.#title, this.#options.isTitled && metainfo !== undefined);
    setShown(this.#fresh, !isStarted);
    setShown(this.#running, isStarted && now !== undefined);
    this.#trouble.update(troubleOf(now, error));
    if (!isStarted) this.#updateFresh();
    if (now === undefined) return;
    for (const part of this.#parts) part.update(now);
    this.#files.update(now);
    this.#updateState(now);
    this.#actions.update(now);
    this.#keepFocus();
  }

  /** Where the page around names none, the torrent itself does. */
  #offerWaysOut(metainfo: Metainfo): void {
    if (this.#hasWaysOut) return;
    this.#hasWaysOut = true;
    const [server] = metainfo.webSeeds;
    const direct =
      metainfo.isSingleFile && server !== undefined && /^https?:/i.test(server) ? server : undefined;
    this.#trouble.offer({ direct, magnet: formatMagnet(toMagnet(metainfo)) });
  }

  close(): void {
    this.#preview.close();
    this.#picture.stop();
  }

  /** Who pressed the button by keyboard finds themselves on what took its place. */
  #keepFocus(): void {
    if (this.#hasFocusMoved) return;
    this.#hasFocusMoved = true;
    const root = this.node.getRootNode();
    if (root instanceof ShadowRoot && root.activeElement === null) this.#actions.focus();
  }

  #updateFresh(): void {
    this.#hasFocusMoved = false;
    const { metainfo, error, wasStarted } = this.#controller;
    const count = metainfo?.files.filter(({ pad }) => !pad).length ?? 0;
    setText(this.#startSize, metainfo === undefined ? '' : STRINGS.size(metainfo.length, count));
    this.#start.disabled = error !== undefined;
    const hasServer = (metainfo?.webSeeds.length ?? 0) > 0;
    const lead = hasServer ? STRINGS.lead : STRINGS.leadPeople;
    setText(
      this.#lead,
      metainfo === undefined && !wasStarted && error === undefined ? STRINGS.leadPeople : lead,
    );
  }

  #updateState(now: DownloadSnapshot): void {
    const { state } = now;
    setText(this.#state, STRINGS.state[state]);
    setText(this.#percent, STRINGS.percent(progressOf(now)));
    setText(this.#said, troubleOf(now, undefined)?.title ?? STRINGS.state[state]);
    const note = state === 'done' ? STRINGS.done(this.#controller.isSaved) : '';
    setText(this.#note, note === '' && !now.isPersistent ? STRINGS.notKept : note);
    setShown(this.#note, this.#note.textContent !== '');
    this.node.dataset['state'] = state;
  }

  #createActions(): {
    readonly node: HTMLElement;
    update(now: DownloadSnapshot): void;
    focus(): void;
  } {
    const text = STRINGS.button;
    const act = (label: string, action: (controller: Controller) => void): HTMLButtonElement =>
      button(label, () => {
        action(this.#controller);
      });
    const pause = act(text.pause, ({ download }) => download?.pause());
    const resume = act(text.resume, ({ download }) => download?.resume());
    const save = act(text.saveNow, (controller) => void controller.save(0));
    const saveAll = act(text.saveAll, (controller) => void controller.saveAll());
    const toFolder = act(text.saveToFolder, (controller) => void pickFolder(controller));
    const saveTo = act(text.saveTo, (controller) => void pickFile(controller));
    const preview = act(text.preview, (controller) => void this.#preview.open(controller, 0));
    const remove = act(text.remove, (controller) => void controller.remove());
    const node = element(
      'div',
      { class: 'row' },
      ...[pause, resume, save, saveAll, toFolder, saveTo, preview, remove],
    );
    remove.classList.add('plain');
    const update = (now: DownloadSnapshot): void => {
      const { metainfo, canStream, isSaved } = this.#controller;
      const isSingle = metainfo?.isSingleFile === true;
      const isDone = now.state === 'done';
      const isPaused = now.state === 'paused';
      setShown(pause, !isDone && !isPaused && now.state !== 'failed');
      setShown(resume, isPaused);
      setText(save, isSaved ? text.save : text.saveNow);
      setShown(save, isSingle && isDone);
      save.classList.toggle('primary', !isSaved);
      setShown(saveAll, !isSingle && isDone);
      saveAll.classList.toggle('primary', !isSaved);
      setShown(toFolder, !isSingle && isDone && 'showDirectoryPicker' in window);
      setShown(saveTo, isSingle && !isDone && 'showSaveFilePicker' in window);
      const name = isSingle ? (metainfo.files[0]?.path.at(-1) ?? '') : '';
      setShown(preview, mediaKind(name) !== undefined && (isDone || canStream));
      setText(preview, isDone ? text.show : text.preview);
      setShown(remove, isDone || isPaused);
    };
    const focus = (): void => {
      (pause.hidden ? remove : pause).focus();
    };
    return { node, update, focus };
  }
}

/** Pickers reject when the visitor changes their mind. */
async function pickFile(controller: Controller): Promise<void> {
  const name = controller.metainfo?.files[0]?.path.at(-1) ?? 'download';
  const target = await window.showSaveFilePicker?.({ suggestedName: name }).catch(() => undefined);
  if (target !== undefined) await controller.saveTo(0, target);
}

async function pickFolder(controller: Controller): Promise<void> {
  const folder = await window.showDirectoryPicker?.({ mode: 'readwrite' }).catch(() => undefined);
  if (folder !== undefined) await controller.saveAll(folder);
}
