/** An office with beneficiaries and, where a test wants it, a sandbox that pays them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { afterEachTest } from '../../afterwards.ts';
import { asMade, type Office, openOffice } from '../beneficiary/office.ts';

export const CREDENTIALS = { NXT_API_KEY: 'key-for-tests', NXT_API_SECRET: 'secret-for-tests' };

const sandboxes: Sandbox[] = [];
afterEachTest(async () => {
  await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.close()));
});

export const BENEFICIARIES = `beneficiary_ref,name,account_number,ifsc,vpa
asha,Asha Rao,100000011111,HDFC0000001,
bina,Bina Das,100000022222,HDFC0000001,
chand,Chand Oil,100000033333,SBIN0000001,
devi,Devi Nair,,,devi9@okbank
closed,Closed Ltd,100000020001,SBIN0000001,
`;

export interface Till {
  office: Office;
  payrun: Office['payrun'];
  /** Imports rows (with a header before them) as a batch; answers what the command said. */
  importBatch(name: string, csv: string, ...flags: string[]): ReturnType<Office['payrun']>;
}

/** `url` is where the provider is; without a sandbox nothing listens there. `toml` is added to the configuration. */
export async function openTill(
  options: { url?: string; toml?: string; provider_toml?: string; own_ledger?: boolean } = {},
): Promise<Till> {
  const office = await openOffice(CREDENTIALS, options);
  const toml =
    `${options.toml ?? ''}\n[providers.nxt]\nkind = "nxtbanking"\nbase_url = "${options.url ?? 'http://127.0.0.1:9'}"\n` +
    'requests_per_second = 0\ntimeout_ms = 5000\napi_key = { env = "NXT_API_KEY" }\napi_secret = { env = "NXT_API_SECRET" }\n' +
    (options.provider_toml ?? '');
  const configure = () => writeFileSync(join(office.folder, 'payrun.toml'), toml);
  const what = options.own_ledger ? null : `till ${options.toml} ${options.provider_toml}`;
  await asMade(what, office.folder, async () => {
    configure();
    office.write('people.csv', BENEFICIARIES);
    const people = await office.payrun('beneficiary', 'import', 'people.csv', '--json');
    if (people.exit !== 0) throw new Error(people.stdout + people.stderr);
  });
  configure();
  return {
    office,
    payrun: office.payrun,
    importBatch: (name, csv, ...flags) => {
      office.write(`${name}.csv`, csv);
      return office.payrun('batch', 'import', `${name}.csv`, '--name', name, '--json', ...flags);
    },
  };
}

export async function sandboxFor(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    api_key: CREDENTIALS.NXT_API_KEY,
    api_secret: CREDENTIALS.NXT_API_SECRET,
    settle_ms: 1,
    ...options,
  });
  sandboxes.push(sandbox);
  return sandbox;
}
