// Who may use the API: whoever has the token, in a header (programs) or as a cookie made from it (the web view).
// Guessing is slowed down: after some wrong tokens nobody is heard for a while.
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { Token } from './token.ts';

const COOKIE_PURPOSE = 'cookie';
const MAX_FAILURES = 20;
const WINDOW_MS = 60_000;

export class Access {
  readonly #token: Token;
  readonly #cookie: string;
  #failures = 0;
  #windowEnds = 0;

  /** Cookies do not know ports: the name keeps two daemons of one host apart. */
  constructor(token: Token, port: number) {
    this.#token = token;
    this.#cookie = `swarmpress_${String(port)}`;
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
    const refusal = this.#check(context, () => this.#token.matches(given));
    if (refusal !== undefined) return refusal;
    setCookie(context, this.#cookie, this.#token.derive(COOKIE_PURPOSE), {
      ...{ httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 30 * 24 * 60 * 60 },
      secure: new URL(context.req.url).protocol === 'https:',
    });
    return context.json({ ok: true });
  }

  #refusal(context: Context): Response | undefined {
    const bearer = /^Bearer\s+(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
    if (bearer !== undefined) return this.#check(context, () => this.#token.matches(bearer));
    const cookie = getCookie(context, this.#cookie);
    if (cookie !== undefined) {
      return this.#check(context, () => this.#token.matchesDerived(cookie, COOKIE_PURPOSE));
    }
    return context.json({ code: 'TOKEN_MISSING', error: 'the token is needed' }, 401);
  }

  #check(context: Context, isRight: () => boolean): Response | undefined {
    const now = performance.now();
    if (now > this.#windowEnds) {
      this.#windowEnds = now + WINDOW_MS;
      this.#failures = 0;
    }
    if (this.#failures >= MAX_FAILURES) {
      return context.json({ code: 'TOO_MANY_TRIES', error: 'too many wrong tokens; wait a minute' }, 429);
    }
    if (isRight()) return undefined;
    this.#failures += 1;
    return context.json({ code: 'TOKEN_WRONG', error: 'this is not the token' }, 401);
  }
}
