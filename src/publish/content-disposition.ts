// Content-Disposition for downloads (RFC 6266): any file name becomes one safe header value.

/** `attachment` with an ASCII name for old clients and the exact one in UTF-8 (RFC 8187). */
export function attachment(fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%/]/gu, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeExtended(fileName)}`;
}

/** Percent-encodes all but the attr-chars of RFC 8187. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
