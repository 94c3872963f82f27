/**
 * Account numbers, VPAs, e-mails and phones are sealed with AES-256-GCM before they reach the database, each bound
 * to the place that it is kept in, so that a sealed value that was moved to another row does not open. Fingerprints
 * are keyed HMACs: equality without the value. Both keys are themselves sealed under the key file's key.
 *
 * Limits: a random 96-bit IV may serve 2^32 sealings under one data key; `key rotate` brings a new one. Account
 * numbers have little entropy, so that the fingerprint key is as secret as they are.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { PayrunError } from '../domain/errors.ts';
import { KEY_BYTES, type RandomBytes } from './key-file.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';
const FORM = 'v1';
const SEALED = /^v1:(\d+):([A-Za-z0-9+/=]+)$/;

/** What a wrapped key is, bound into its sealing: neither can be put in the other's place. */
type KeyPurpose = 'data key' | 'fingerprint key';

export interface WrappedKeys {
  wrapped_data_key: string;
  wrapped_fingerprint_key: string;
}

/** A row of vault_keys. The newest that is not retired seals; all of them open. */
export interface StoredKeys extends WrappedKeys {
  id: bigint;
  retired_at: string | null;
}

export interface Vault {
  /** The key that seals new values; sealed text names the key it needs. */
  readonly key_id: bigint;
  /** `context` names the place of the value, made by `placeOf`; the same is needed to open it. */
  seal(plain: string, context: string): string;
  open(sealed: string, context: string): string;
  /** 64 hex digits; the same for the same kind and value as long as the ledger lives, also after a new data key. */
  fingerprint(kind: string, value: string): string;
  /** The keys for a new row: a fresh data key, and the fingerprint key as it is. */
  nextKeys(): WrappedKeys;
}

/** The place of a sealed value: `placeOf('beneficiaries.account_sealed', 'acme-01')`. */
export function placeOf(column: string, ref: string): string {
  return `${column}|${ref}`;
}

/** How every text begins that was sealed under this key. */
export function sealedPrefix(keyId: bigint): string {
  return `${FORM}:${keyId}:`;
}

/** Fresh keys for an empty ledger. */
export function newWrappedKeys(key: Uint8Array, randomBytes: RandomBytes): WrappedKeys {
  return {
    wrapped_data_key: wrap(key, randomBytes(KEY_BYTES), 'data key', randomBytes),
    wrapped_fingerprint_key: wrap(key, randomBytes(KEY_BYTES), 'fingerprint key', randomBytes),
  };
}

/** Opens the vault, or throws `key_wrong`: a key that opens one of the ledger's keys opens them all. */
export function openVault(key: Uint8Array, stored: readonly StoredKeys[], randomBytes: RandomBytes): Vault {
  const dataKeys = new Map<string, Uint8Array>();
  for (const row of stored) dataKeys.set(row.id.toString(), unwrap(key, row.wrapped_data_key, 'data key'));
  const current = stored.filter((row) => row.retired_at === null).sort((a, b) => (a.id < b.id ? 1 : -1))[0];
  const sealingKey = current && dataKeys.get(current.id.toString());
  if (!current || !sealingKey) {
    throw new PayrunError(
      'usage',
      'key_missing',
      'The ledger has no data key, so nothing can be sealed in it.',
      {
        hint: 'Run `payrun init` in its folder to finish what was begun there.',
      },
    );
  }
  const fingerprintKey = unwrap(key, current.wrapped_fingerprint_key, 'fingerprint key');
  return {
    key_id: current.id,
    seal: (plain, context) =>
      `${sealedPrefix(current.id)}${encrypt(sealingKey, Buffer.from(plain, 'utf8'), boundTo(context, current.id.toString()), randomBytes)}`,
    open: (sealed, context) => {
      const [, keyId = '', content = ''] = SEALED.exec(sealed) ?? [];
      const dataKey = dataKeys.get(keyId);
      const plain = dataKey && decrypt(dataKey, content, boundTo(context, keyId));
      if (!plain) throw sealBroken(context);
      return plain.toString('utf8');
    },
    fingerprint: (kind, value) =>
      createHmac('sha256', fingerprintKey).update(`${kind}\0${value}`).digest('hex'),
    nextKeys: () => ({
      wrapped_data_key: wrap(key, randomBytes(KEY_BYTES), 'data key', randomBytes),
      wrapped_fingerprint_key: wrap(key, fingerprintKey, 'fingerprint key', randomBytes),
    }),
  };
}

/** The same keys under another key file's key. */
export function rewrap(
  stored: StoredKeys,
  from: Uint8Array,
  to: Uint8Array,
  randomBytes: RandomBytes,
): WrappedKeys {
  return {
    wrapped_data_key: wrap(to, unwrap(from, stored.wrapped_data_key, 'data key'), 'data key', randomBytes),
    wrapped_fingerprint_key: wrap(
      to,
      unwrap(from, stored.wrapped_fingerprint_key, 'fingerprint key'),
      'fingerprint key',
      randomBytes,
    ),
  };
}

function boundTo(context: string, keyId: string): string {
  return `${FORM}|${keyId}|${context}`;
}

function wrap(key: Uint8Array, plain: Uint8Array, purpose: KeyPurpose, randomBytes: RandomBytes): string {
  return `${FORM}:${encrypt(wrappingKey(key), plain, `payrun ${purpose}`, randomBytes)}`;
}

function unwrap(key: Uint8Array, wrapped: string, purpose: KeyPurpose): Uint8Array {
  const content = wrapped.startsWith(`${FORM}:`) ? wrapped.slice(FORM.length + 1) : '';
  const plain = decrypt(wrappingKey(key), content, `payrun ${purpose}`);
  if (plain?.length === KEY_BYTES) return plain;
  throw new PayrunError('usage', 'key_wrong', `This key does not open the ledger's ${purpose}.`, {
    hint: 'The ledger was made with another key: use the payrun.key that belongs to it, named by [vault] key_file or key_env.',
  });
}

/** The file's key serves this one purpose through a derived key, so that it stays free for others. */
function wrappingKey(key: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', 'payrun vault wrapping v1', KEY_BYTES));
}

/** Base64 of IV, ciphertext and tag. */
function encrypt(key: Uint8Array, plain: Uint8Array, aad: string, randomBytes: RandomBytes): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(aad, 'utf8'));
  const content = [iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(content).toString('base64');
}

/** Undefined where the text was not made by this key for this place. */
function decrypt(key: Uint8Array, content: string, aad: string): Buffer | undefined {
  const bytes = Buffer.from(content, 'base64');
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(aad, 'utf8'));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    // Any failure means the same: not sealed by this key for this place. Which one would help only a forger.
    return undefined;
  }
}

function sealBroken(context: string): PayrunError {
  return new PayrunError(
    'failed',
    'seal_broken',
    `The sealed value of ${context.replace('|', ' of ')} does not open.`,
    {
      hint: 'It was changed or moved outside payrun. Compare the ledger with a backup before paying anything from it.',
    },
  );
}
