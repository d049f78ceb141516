// Who may use an API: whoever has the token, in a header (programs) or as a cookie made from it (the page).
// Guessing is slowed down: after some wrong tokens nobody is heard for a while.
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Token } from './token.ts';

export interface AccessOptions {
  /** Cookies do not know ports: the name keeps two servers of one host apart. */
  readonly port: number;
  /** Of the cookie: requests below it carry it. Default `/`. */
  readonly path?: string | undefined;
  /** Other tokens that open it too, as long as this says so. */
  readonly alsoOpens?: ((token: string) => boolean) | undefined;
  /**
   * Wrong tokens in a minute after which nobody is heard. Default 20. Where strangers reach the port they could lock the
   * owner out with them: there the length of the token alone has to do.
   */
  readonly maxFailures?: number | undefined;
}

const COOKIE_PURPOSE = 'cookie';
const DEFAULT_MAX_FAILURES = 20;
const WINDOW_MS = 60_000;
const COOKIE_SECONDS = 30 * 24 * 60 * 60;

export class Access {
  readonly #token: Token;
  readonly #options: AccessOptions;
  readonly #cookie: string;
  #failures = 0;
  #windowEnds = 0;

  constructor(token: Token, options: AccessOptions) {
    this.#token = token;
    this.#options = options;
    this.#cookie = `swarmpress_${String(options.port)}`;
  }

  /** Lets authorised requests through; 401 for others, 429 while too many have failed. */
  get guard(): MiddlewareHandler {
    return async (context, next) => {
      const refusal = this.#refusal(context);
      if (refusal !== undefined) return refusal;
      return next();
    };
  }

  /** Answers a login: the cookie, or why not. */
  login(context: Context, given: string): Response {
    const refusal = this.#check(context, () => this.#opens(given));
    if (refusal !== undefined) return refusal;
    // A token that may be revoked is kept as it is, and asked about each time.
    const kept = this.#token.matches(given) ? this.#token.derive(COOKIE_PURPOSE) : given;
    setCookie(context, this.#cookie, kept, {
      ...{ httpOnly: true, sameSite: 'Strict', path: this.#options.path ?? '/', maxAge: COOKIE_SECONDS },
      secure: new URL(context.req.url).protocol === 'https:',
    });
    return context.json({ ok: true });
  }

  /** Takes the cookie away. */
  logout(context: Context): Response {
    deleteCookie(context, this.#cookie, { path: this.#options.path ?? '/' });
    return context.json({ ok: true });
  }

  #refusal(context: Context): Response | undefined {
    const bearer = /^Bearer\s+(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
    if (bearer !== undefined) return this.#check(context, () => this.#opens(bearer));
    const cookie = getCookie(context, this.#cookie);
    if (cookie !== undefined) {
      return this.#check(
        context,
        () =>
          this.#token.matchesDerived(cookie, COOKIE_PURPOSE) || this.#options.alsoOpens?.(cookie) === true,
      );
    }
    return context.json({ code: 'TOKEN_MISSING', error: 'the token is needed' }, 401);
  }

  #opens(given: string): boolean {
    return this.#token.matches(given) || this.#options.alsoOpens?.(given) === true;
  }

  #check(context: Context, isRight: () => boolean): Response | undefined {
    const now = performance.now();
    if (now > this.#windowEnds) {
      this.#windowEnds = now + WINDOW_MS;
      this.#failures = 0;
    }
    if (this.#failures >= (this.#options.maxFailures ?? DEFAULT_MAX_FAILURES)) {
      return context.json({ code: 'TOO_MANY_TRIES', error: 'too many wrong tokens; wait a minute' }, 429);
    }
    if (isRight()) return undefined;
    this.#failures += 1;
    return context.json({ code: 'TOKEN_WRONG', error: 'this is not the token' }, 401);
  }
}
