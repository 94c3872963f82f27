/** What happened to a payout or a beneficiary, and the head of the chain when it was told. */
import * as z from 'zod';
import { count, sha256, text, time } from './fields.ts';
import { chain } from './ledger.ts';

const event = z.strictObject({
  at: time,
  kind: z.enum([
    'batch',
    'approval',
    'decision',
    'attempt',
    'send',
    'webhook',
    'status',
    'entry',
    'line',
    'break',
    'hold',
    'import',
    'registration',
    'payout',
  ]),
  actor: text.nullable(),
  what: text,
  details: text.nullable(),
  // Its place in the chain, and the hash there.
  seq: count.nullable(),
  hash: sha256.nullable(),
});

export const story = { items: z.array(event), chain: z.strictObject(chain) };
