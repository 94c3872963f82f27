/** Access tokens: bound to the process, so that a restart makes clients fetch a new one, as a provider's may. */
export class Tokens {
  readonly #seconds: number;
  readonly #now: () => Date;
  readonly #random: (length: number) => Uint8Array;
  readonly #expires_ms = new Map<string, number>();

  constructor(options: { seconds: number; now: () => Date; random: (length: number) => Uint8Array }) {
    this.#seconds = options.seconds;
    this.#now = options.now;
    this.#random = options.random;
  }

  issue(): { access_token: string; expires_in: number } {
    const now = this.#now().getTime();
    for (const [token, expires] of this.#expires_ms) {
      if (expires <= now) this.#expires_ms.delete(token);
    }
    const token = Buffer.from(this.#random(24)).toString('base64url');
    this.#expires_ms.set(token, now + this.#seconds * 1000);
    return { access_token: token, expires_in: this.#seconds };
  }

  /** Whether an Authorization header carries a token that is still good. */
  accepts(authorization: string | undefined): boolean {
    const token = /^Bearer ([A-Za-z0-9_-]+)$/i.exec(authorization ?? '')?.[1];
    const expires = token === undefined ? undefined : this.#expires_ms.get(token);
    return expires !== undefined && expires > this.#now().getTime();
  }
}
