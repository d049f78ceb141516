// What a browser can show of a file, told by the ending of its name.

export type MediaKind = 'video' | 'audio' | 'image';

const TYPES: Readonly<Record<string, string>> = {
  ...{ mp4: 'video/mp4', m4v: 'video/mp4', webm: 'video/webm', ogv: 'video/ogg', mov: 'video/mp4' },
  ...{ mp3: 'audio/mpeg', m4a: 'audio/mp4', ogg: 'audio/ogg', oga: 'audio/ogg', opus: 'audio/ogg' },
  ...{ wav: 'audio/wav', flac: 'audio/flac', aac: 'audio/aac' },
  ...{ png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp' },
  ...{ avif: 'image/avif', bmp: 'image/bmp', svg: 'image/svg+xml' },
};

export function mediaType(name: string): string | undefined {
  return TYPES[/\.([a-z0-9]{2,4})$/i.exec(name)?.[1]?.toLowerCase() ?? ''];
}

export function mediaKind(name: string): MediaKind | undefined {
  const kind = mediaType(name)?.split('/')[0];
  return kind === 'video' || kind === 'audio' || kind === 'image' ? kind : undefined;
}
