/**
 * An approver's key: Ed25519, the private half as PEM (PKCS #8, as OpenSSL writes and reads it) in a file that only its
 * owner can read, the public half as one line for the configuration. Nothing else is taken: no other algorithm, no
 * key that a passphrase or a certificate wraps.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { PayrunError } from '../domain/errors.ts';
import { isPublicKeyText } from '../domain/payout/approval-statement.ts';
import { readOwnFile } from './key-file.ts';

export interface ApprovalKey {
  pem: string;
  /** For the configuration. */
  public_key: string;
}

export function newApprovalKey(): ApprovalKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    public_key: textOf(publicKey),
  };
}

/** Writes a new key file; refuses where anything stands already. */
export function createApprovalKeyFile(path: string, pem: string): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw exists
      ? new PayrunError('usage', 'output_refused', `${path} exists, and a key replaces no file.`, { cause })
      : new PayrunError(
          'failed',
          'output_unwritable',
          `${path} cannot be written: ${(cause as Error).message}.`,
          {
            cause,
          },
        );
  }
  try {
    writeSync(file, pem);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export interface Signer {
  public_key: string;
  /** Base64 of 64 bytes. */
  sign(text: string): string;
}

export function readSigner(path: string): Signer {
  const pem = readOwnFile(path, {
    missing: 'Name the file that `payrun key new --approval` wrote.',
    invalid: 'Name the file that `payrun key new --approval` wrote.',
  });
  const key = privateKeyOf(pem);
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new PayrunError('usage', 'key_invalid', `${path} does not hold an approver's key.`, {
      hint: 'An approver signs with an Ed25519 private key in PEM, as `payrun key new --approval` writes it.',
    });
  }
  return {
    public_key: textOf(createPublicKey(key)),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

function privateKeyOf(pem: string): KeyObject | null {
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    return null;
  }
}

function textOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Whether the signature is that key's under exactly this text. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  if (!isPublicKeyText(publicKey)) return false;
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return (
    key.asymmetricKeyType === 'ed25519' &&
    verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
  );
}
