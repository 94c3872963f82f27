/**
 * What an approver signs: one page of plain text that a person can read and that has exactly one spelling. It names the
 * ledger, the batch, its content and its total, who approves and until when, so that a signature under it is good for
 * nothing else. Whatever differs from that spelling in one byte, a line end among them, is no statement.
 */
import { formatAmount } from '../money/money.ts';
import { parseAmount } from '../money/parse-amount.ts';

export interface ApprovalStatement {
  /** The first hash of the ledger's chain, which no other ledger has. */
  ledger: string;
  batch: string;
  /** The batch's number in its ledger: a list that was cancelled and imported again is another batch. */
  batch_number: bigint;
  imported_by: string;
  provider: string;
  /** What the ledger binds approvals to; keyed, so that only the ledger can derive it. */
  digest: string;
  /** Of the file that was imported, byte by byte: what an approver can compare. */
  file_sha256: string;
  rows: bigint;
  amount_minor: bigint;
  currency: string;
  approver: string;
  /** RFC 3339 UTC with milliseconds. */
  stated_at: string;
  expires_at: string;
}

/** The signature stands on the last line of the same file: nothing can be put with the wrong text by mistake. */
export interface SignedStatement {
  statement: ApprovalStatement;
  /** The bytes that are signed, as text. */
  text: string;
  /** Base64 of 64 bytes. */
  signature: string;
}

export type Read<T> = { ok: true; value: T } | { ok: false; problem: string };

const TITLE = 'payrun approval statement, version 1';
const SIGNATURE = 'ed25519 signature: ';
// 64 bytes have one spelling in base64: the bits that are left over in the last letter are zero.
const SIGNATURE_TEXT = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** Its own lines and a signature are far less; a file that was named by mistake is not read on. */
export const LARGEST_STATEMENT_BYTES = 4096;

// Anything else could show one name and mean another: control and format characters, or a break of the line.
const NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u;

/** Each line of the page: its name, what may stand there. The order is part of the spelling. */
const LINES = [
  ['ledger', /^[0-9a-f]{64}$/],
  ['batch', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/],
  ['batch number', /^[1-9]\d{0,17}$/],
  ['imported by', NAME],
  ['provider', /^[a-z][a-z0-9_-]{0,31}$/],
  ['digest', /^[0-9a-f]{64}$/],
  ['file sha256', /^[0-9a-f]{64}$/],
  ['rows', /^[1-9]\d{0,17}$/],
  ['total', /^\d{1,19}(\.\d{1,4})? [A-Z]{3}$/],
  ['approver', NAME],
  ['stated at', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/],
  ['expires at', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/],
] as const;

type LineName = (typeof LINES)[number][0];

/** The page as it is signed. `problem` where a value cannot stand in it, such as an importer's name with a line break. */
export function statementText(statement: ApprovalStatement): Read<string> {
  const values = valuesOf(statement);
  const unfit = LINES.find(([name, form]) => !form.test(values[name]));
  if (unfit)
    return { ok: false, problem: `${JSON.stringify(values[unfit[0]])} cannot stand as "${unfit[0]}"` };
  return { ok: true, value: [TITLE, ...LINES.map(([name]) => `${name}: ${values[name]}`), ''].join('\n') };
}

function valuesOf(statement: ApprovalStatement): Record<LineName, string> {
  return {
    ledger: statement.ledger,
    batch: statement.batch,
    'batch number': statement.batch_number.toString(),
    'imported by': statement.imported_by,
    provider: statement.provider,
    digest: statement.digest,
    'file sha256': statement.file_sha256,
    rows: statement.rows.toString(),
    total: `${formatAmount(statement.amount_minor, statement.currency)} ${statement.currency}`,
    approver: statement.approver,
    'stated at': statement.stated_at,
    'expires at': statement.expires_at,
  };
}

export function readStatement(text: string): Read<ApprovalStatement> {
  const refuse = (problem: string) => ({ ok: false as const, problem });
  if (text.includes('\r')) return refuse('its line ends were changed: they are CRLF, and were LF');
  const [title, ...lines] = text.split('\n');
  if (title !== TITLE) return refuse(`its first line is not "${TITLE}"`);
  const values: Partial<Record<LineName, string>> = {};
  for (const [index, [name, form]] of LINES.entries()) {
    const line = lines[index] ?? '';
    const value = line.startsWith(`${name}: `) ? line.slice(name.length + 2) : null;
    if (value === null) return refuse(`line ${index + 2} is not "${name}: …"`);
    if (!form.test(value)) return refuse(`line ${index + 2} has no ${name} that can be read`);
    values[name] = value;
  }
  if (lines.length !== LINES.length + 1 || lines.at(-1) !== '')
    return refuse(`there is more or less after line ${LINES.length + 1} than the end of that line`);
  return interpret(values as Record<LineName, string>, text);
}

function interpret(values: Record<LineName, string>, text: string): Read<ApprovalStatement> {
  const [amount = '', currency = ''] = values.total.split(' ');
  const total = parseAmount(amount, currency);
  if (!total.ok) return { ok: false, problem: `its total cannot be read: ${total.message}` };
  const statement: ApprovalStatement = {
    ledger: values.ledger,
    batch: values.batch,
    batch_number: BigInt(values['batch number']),
    imported_by: values['imported by'],
    provider: values.provider,
    digest: values.digest,
    file_sha256: values['file sha256'],
    rows: BigInt(values.rows),
    amount_minor: total.minor,
    currency,
    approver: values.approver,
    stated_at: values['stated at'],
    expires_at: values['expires at'],
  };
  // Whatever reads the same and is spelled otherwise (100.0 for 100.00, the 31st of June) ends here.
  const again = statementText(statement);
  const times = [statement.stated_at, statement.expires_at];
  if (!again.ok || again.value !== text || !times.every(isInstant))
    return { ok: false, problem: 'an amount or a time in it is not spelled as payrun spells it' };
  return { ok: true, value: statement };
}

function isInstant(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}

export function signedText(text: string, signature: string): string {
  return `${text}${SIGNATURE}${signature}\n`;
}

export function readSignedStatement(file: string): Read<SignedStatement> {
  const refuse = (problem: string) => ({ ok: false as const, problem });
  if (file.includes('\r')) return refuse('its line ends were changed: they are CRLF, and were LF');
  const at = file.lastIndexOf(`\n${SIGNATURE}`);
  if (at < 0) return refuse(`it has no last line "${SIGNATURE}…"`);
  const text = file.slice(0, at + 1);
  const signature = file.slice(at + 1 + SIGNATURE.length, -1);
  if (!file.endsWith('\n') || !SIGNATURE_TEXT.test(signature))
    return refuse('its last line has no Ed25519 signature of 88 characters');
  const statement = readStatement(text);
  return statement.ok ? { ok: true, value: { statement: statement.value, text, signature } } : statement;
}

/** Two clocks. */
const CLOCK_SKEW_MS = 5 * 60_000;
export const LONGEST_VALIDITY_MS = 90 * 86_400_000;

/** Why a statement is not good at an instant, or null. */
export function whyNotNow(statement: ApprovalStatement, now: string): string | null {
  const [stated, expires, at] = [statement.stated_at, statement.expires_at, now].map((time) =>
    Date.parse(time),
  );
  if (stated === undefined || expires === undefined || at === undefined) return 'it has no time';
  if (expires <= stated) return 'it expires before it begins';
  if (expires - stated > LONGEST_VALIDITY_MS) return 'it is good for more than 90 days';
  if (stated > at + CLOCK_SKEW_MS) return `it was stated in the future, at ${statement.stated_at}`;
  if (expires <= at) return `it expired at ${statement.expires_at}`;
  return null;
}

export type StatedBatch = Omit<ApprovalStatement, 'approver' | 'stated_at' | 'expires_at'>;

/** In which words a statement is about something else than this batch as it is now, or null. */
export function whyNotThis(statement: ApprovalStatement, batch: StatedBatch): string | null {
  if (statement.ledger !== batch.ledger) return 'it is for another ledger';
  if (statement.batch !== batch.batch || statement.batch_number !== batch.batch_number)
    return `it is for batch ${statement.batch}, number ${statement.batch_number}, and this is ${batch.batch}, number ${batch.batch_number}`;
  if (statement.amount_minor !== batch.amount_minor || statement.currency !== batch.currency)
    return `it is for a total of ${totalOf(statement)}, and the batch has ${totalOf(batch)}`;
  if (statement.rows !== batch.rows)
    return `it is for ${statement.rows} rows, and the batch has ${batch.rows}`;
  const same =
    statement.digest === batch.digest &&
    statement.file_sha256 === batch.file_sha256 &&
    statement.provider === batch.provider &&
    statement.imported_by === batch.imported_by;
  return same ? null : 'the batch changed after it was stated';
}

function totalOf({ amount_minor, currency }: Pick<ApprovalStatement, 'amount_minor' | 'currency'>): string {
  return `${formatAmount(amount_minor, currency)} ${currency}`;
}

/** A public key as it stands in the configuration: base64 of its 44 bytes of DER, whose head says Ed25519 and nothing else. */
export function isPublicKeyText(text: string): boolean {
  return /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text);
}
