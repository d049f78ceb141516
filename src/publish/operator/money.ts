// What a byte costs the publisher, as the publisher says: providers bill traffic by the gigabyte of 10^9 bytes.
import { UsageError } from '../../core/errors.ts';

export interface Price {
  /** For 10^9 bytes. */
  readonly perGb: number;
  /** Three letters (ISO 4217); undefined for a number without a currency. */
  readonly currency: string | undefined;
}

const GB = 1e9;

/** `0.09`, `0.09 USD`, `0.09EUR`. Throws UsageError PRICE_INVALID. */
export function parsePrice(text: string): Price {
  const match = /^(\d{1,6}(?:\.\d{1,6})?)\s*([A-Za-z]{3})?$/.exec(text.trim());
  if (match === null) {
    throw new UsageError('PRICE_INVALID', `a price for a gigabyte is a number such as 0.09 USD, not ${text}`);
  }
  return { perGb: Number(match[1]), currency: match[2]?.toUpperCase() };
}

/** Undefined without a price. */
export function costOf(bytes: number, price: Price | undefined): number | undefined {
  return price === undefined ? undefined : (bytes / GB) * price.perGb;
}
