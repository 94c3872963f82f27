/**
 * The access token: in memory only, fetched by one call at a time however many wait for it, and renewed before it
 * ends. Twenty sends that meet an expired token make one renewal.
 */
import type { Unavailable } from '../provider.ts';

export interface Token {
  value: string;
  /** Monotonic, in milliseconds. */
  renew_at_ms: number;
  ends_at_ms: number;
}

export interface Granted {
  ok: true;
  token: Token;
}

export type TokenAnswer = Granted | { ok: false; because: Unavailable };

export interface Tokens {
  /** The newest, where it need not be renewed yet: nothing to wait for. */
  fresh(): Granted | undefined;
  /** A token that lasts; fetched or renewed where there is none. */
  current(): Promise<TokenAnswer>;
  /** The token after one that was refused; renews only if nobody else has done so since. */
  after(refused: Token): Promise<TokenAnswer>;
  /** The newest there is, for a call whose turn comes long after it asked. */
  newest(): Token | undefined;
}

/** A token that lives `expiresInSeconds` from `askedAtMs`: renewed after nine tenths, or a minute before its end. */
export function tokenLasting(value: string, expiresInSeconds: number, askedAtMs: number): Token {
  const lifeMs = Math.max(expiresInSeconds, 0) * 1000;
  // A minute before its end would be at once for a short token, and every call would fetch a new one.
  const renewAfterMs = Math.max(Math.min(lifeMs * 0.9, lifeMs - 60_000), lifeMs / 2);
  return { value, renew_at_ms: askedAtMs + renewAfterMs, ends_at_ms: askedAtMs + lifeMs };
}

export function createTokens(fetchToken: () => Promise<TokenAnswer>): Tokens {
  let token: Token | undefined;
  let renewal: Promise<TokenAnswer> | undefined;

  function renew(): Promise<TokenAnswer> {
    renewal ??= fetchToken()
      .then((answer) => {
        if (answer.ok) token = answer.token;
        return answer;
      })
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  }

  const fresh = (): Granted | undefined =>
    token && performance.now() < token.renew_at_ms ? { ok: true, token } : undefined;

  return {
    fresh,
    async current() {
      const good = fresh();
      if (good) return good;
      const held = token;
      const answer = await renew();
      // The token endpoint may be down while the old token is still good. A refused key is another matter.
      if (
        !answer.ok &&
        answer.because.kind !== 'credentials' &&
        held &&
        performance.now() < held.ends_at_ms
      ) {
        return { ok: true, token: held };
      }
      return answer;
    },
    async after(refused) {
      return token && token !== refused ? { ok: true, token } : renew();
    },
    newest: () => token,
  };
}
