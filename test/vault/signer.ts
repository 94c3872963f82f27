/** A private key's signer without a file, for tests. */
import { createPrivateKey, sign } from 'node:crypto';

export function signerOf(pem: string): { sign(text: string): string } {
  const key = createPrivateKey(pem);
  return { sign: (text) => sign(null, Buffer.from(text), key).toString('base64') };
}
