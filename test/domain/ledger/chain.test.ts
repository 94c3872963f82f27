import { expect, test } from 'vitest';
import { canonicalAuditEvent, canonicalEntry, chainInput } from '../../../src/domain/ledger/chain.ts';
import type { NewEntry } from '../../../src/domain/ledger/entry.ts';

const entry: NewEntry = {
  event: 'paid',
  payout: { payout_id: 9007199254740993n, attempt_no: 1, cycle: 2 },
  reference_id: 'salary-000001',
  provider: 'nxt',
  booked_on: '2026-11-20',
  recorded_at: '2026-11-20T10:00:00.000Z',
  description: 'a "quoted" word',
  actor: 'anna',
  entry_ref: null,
  reverses_id: null,
  postings: [
    { account: 'expenses:payouts', amount_minor: 9223372036854775807n, currency: 'INR' },
    { account: 'assets:providers:nxt:in-transit', amount_minor: -9223372036854775807n, currency: 'INR' },
  ],
};

test('the text of an entry is what it was in every version, to the last digit', () => {
  expect(canonicalEntry(entry)).toBe(
    '["paid","9007199254740993",1,2,"salary-000001","nxt","2026-11-20","2026-11-20T10:00:00.000Z","a \\"quoted\\" word","anna",null,null,' +
      '[["expenses:payouts","9223372036854775807","INR"],["assets:providers:nxt:in-transit","-9223372036854775807","INR"]]]',
  );
});

const OTHER: { [K in keyof NewEntry]: NewEntry[K] } = {
  event: 'returned',
  payout: null,
  reference_id: null,
  provider: 'other',
  booked_on: '2026-11-21',
  recorded_at: '2026-11-20T10:00:00.001Z',
  description: 'a quoted word',
  actor: 'bert',
  entry_ref: 'J1',
  reverses_id: 1n,
  postings: [...entry.postings].reverse(),
};

test.each(Object.keys(OTHER) as (keyof NewEntry)[])('another %s is another text', (key) => {
  expect(canonicalEntry({ ...entry, [key]: OTHER[key] })).not.toBe(canonicalEntry(entry));
});

test('the text of an audit event holds each of its columns', () => {
  const event = {
    at: 'a',
    actor: 'b',
    os_user: 'c',
    host: 'd',
    action: 'e',
    subject_kind: 'f',
    subject: 'g',
    details: '{"h":1}',
  };
  expect(canonicalAuditEvent(event)).toBe('["a","b","c","d","e","f","g","{\\"h\\":1}"]');
});

test('what is hashed names the hash before, the kind and the item', () => {
  expect(chainInput('00', 'audit', 7n, '[]')).toBe('00\naudit\n7\n[]');
});
