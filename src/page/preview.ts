// Shows a picture, sound or film inside the page: while it loads where a service worker can feed it, else when whole.
import type { Controller } from './controller.ts';
import { button, element, setShown } from './dom.ts';
import { mediaKind } from './media.ts';
import { STRINGS } from './strings.ts';

export class Preview {
  readonly node: HTMLElement = element('section', {
    class: 'preview',
    'aria-label': STRINGS.preview,
    hidden: true,
  });
  #url: string | undefined;

  async open(controller: Controller, index: number): Promise<void> {
    this.close();
    const name = controller.metainfo?.files[index]?.path.at(-1) ?? '';
    const kind = mediaKind(name);
    if (kind === undefined) return;
    const address = controller.addressOf(index) ?? (await this.#whole(controller, index));
    if (address === undefined) return;
    const media =
      kind === 'image'
        ? element('img', { src: address, alt: name })
        : element(kind, { src: address, controls: true, preload: 'metadata' });
    const close = button(
      STRINGS.button.closePreview,
      () => {
        this.close();
      },
      { class: 'quiet' },
    );
    this.node.append(media, close);
    setShown(this.node, true);
    close.focus();
  }

  close(): void {
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
    this.node.replaceChildren();
    setShown(this.node, false);
  }

  async #whole(controller: Controller, index: number): Promise<string | undefined> {
    const { download } = controller;
    const file = download?.snapshot().files.find((each) => each.index === index);
    if (download === undefined || file === undefined || file.completed < file.length) return undefined;
    this.#url = URL.createObjectURL(await download.file(index));
    return this.#url;
  }
}
