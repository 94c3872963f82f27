/** The independent server as a process of its own, and what a test asks of it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('./server.js', import.meta.url));

/** In paise. */
export interface BankPayout {
  seq: number;
  payout_id: string;
  reference_id: string;
  beneficiary_id: string;
  paise: number;
  mode: string;
  status: 'QUEUED' | 'PROCESSING' | 'SUCCESS' | 'FAILED' | 'REVERSED';
  utr: string | null;
  fee: number | null;
  tax: number | null;
  /** How often a send of this reference reached the server. */
  asked: number;
}

export interface BankBooks {
  balance: number;
  opening_balance: number;
  moved: number;
  beneficiaries: { beneficiary_id: string; account_last4?: string }[];
  violations: string[];
  payouts: BankPayout[];
}

export interface BankRequest {
  seq: number;
  at_ms: number;
  method: string;
  path: string;
  reference: string | null;
  status: number | null;
  fault: string | null;
}

export interface Fault {
  kind: string;
  method?: 'GET' | 'POST';
  path?: string;
  reference?: string;
  times?: number;
  chance?: number;
  after_ms?: number;
  retry_after?: number | string;
  status?: number;
  code?: string;
  echo?: Record<string, unknown>;
}

export interface Bank {
  url: string;
  books(): Promise<BankBooks>;
  log(): Promise<BankRequest[]>;
  /** How many sends have come. */
  sends(): Promise<number>;
  /** How many payouts it has made of them. */
  made(): Promise<number>;
  faults(faults: readonly Fault[]): Promise<void>;
  settings(settings: Record<string, unknown>): Promise<void>;
  /** Another bank behind the same URL, which knows nobody. */
  reset(options?: Record<string, unknown>): Promise<void>;
  stop(): Promise<void>;
}

export async function startBank(options: Record<string, unknown> = {}, port = 0): Promise<Bank> {
  const child = spawn(
    process.execPath,
    [SERVER, '--port', String(port), '--options', JSON.stringify(options)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.trim());
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  const get = async <T>(path: string) => (await (await fetch(url + path)).json()) as T;
  const post = async (path: string, body: unknown) => {
    await (await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })).text();
  };
  return {
    url,
    books: () => get<BankBooks>('/control/books'),
    log: () => get<BankRequest[]>('/control/log'),
    sends: async () => (await get<{ sends: number }>('/control/sends')).sends,
    made: async () => (await get<{ made: number }>('/control/sends')).made,
    faults: (faults) => post('/control/faults', faults),
    settings: (settings) => post('/control/settings', settings),
    reset: (options = {}) => post('/control/reset', options),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}
