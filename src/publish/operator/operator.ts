// The operator's view of a publisher, put together: desk, token and pages. Whoever publishes opens it beside its site.
import { join } from 'node:path';
import { Token } from '../../local-http/token.ts';
import { hostNameOf } from '../links.ts';
import type { OperatorDesk, DeskOptions } from './desk.ts';
import type { Price } from './money.ts';
import { createOperatorSite, OPERATOR_PATH } from './operator-site.ts';

export interface OperatorOptions {
  /** File of the token, which is made if it is not there. Default: `operator.token` in the state folder. */
  readonly tokenFile?: string | undefined;
  /** What traffic costs, for the figure in money. */
  readonly price?: Price | undefined;
}

export interface OperatorSetting extends DeskOptions {
  readonly stateFolder: string;
  /** What strangers see. */
  readonly base: URL;
  readonly port: number;
  readonly alsoOpens?: ((token: string) => boolean) | undefined;
}

/** An open view. */
export interface Operator {
  /** Its page, without the token. */
  readonly page: string;
  readonly token: string;
  readonly tokenFile: string;
  /** The publisher's site with the view before it. */
  readonly fetch: Fetch;
  close(): Promise<void>;
}

export type Fetch = (request: Request, env: object) => Response | Promise<Response>;

/** Rejects with UsageError TOKEN_*, SystemError DISK_*, FILE_*. */
export async function openOperator(
  desk: OperatorDesk,
  setting: OperatorSetting,
  { options, site }: { readonly options: OperatorOptions; readonly site: Fetch },
): Promise<Operator> {
  const { stateFolder, base, port, alsoOpens } = setting;
  const tokenFile = options.tokenFile ?? join(stateFolder, 'operator.token');
  const token = await Token.load(tokenFile);
  await desk.open(setting);
  const view = createOperatorSite({
    ...{ desk, token, alsoOpens, price: options.price, port },
    names: [hostNameOf(base)],
  });
  return {
    page: new URL(OPERATOR_PATH, base).href,
    token: token.value,
    tokenFile,
    fetch: (request, env) =>
      /^\/operator(?:\/|$)/.test(new URL(request.url).pathname)
        ? view.fetch(request, env)
        : site(request, env),
    close: () => desk.close(),
  };
}
