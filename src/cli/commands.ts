/**
 * Every verb, by name, with the module that holds it. The summaries stand here so that `payrun --help` needs no
 * module but this one; a test holds each against its verb.
 */
import type { Verb } from './command.ts';

export interface CommandEntry {
  name: string;
  summary: string;
  load(): Promise<{ verb: Verb }>;
}

/** Nouns in the order in which a run of payouts meets them. */
export const NOUNS: Readonly<Record<string, string>> = {
  beneficiary: 'Manage who is paid',
  batch: 'Manage payouts that are imported, approved and submitted together',
  payout: 'Follow single payouts until their outcome is proven',
  provider: 'Ask the companies whose APIs move the money',
  ledger: 'Query and prove the double-entry books',
  statement: 'Manage reports that providers and banks wrote',
  break: 'Manage differences that nobody has explained yet',
  webhook: 'Receive what providers tell by themselves',
  audit: 'Show who decided what',
  key: 'Manage the keys that seal account numbers and sign approvals',
  sandbox: 'Run a provider on this machine',
};

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'Write a configuration, a key and an empty ledger here',
    load: () => import('./init.ts'),
  },
  {
    name: 'demo',
    summary: 'Show the whole job against the built-in sandbox',
    load: () => import('./demo.ts'),
  },
  {
    name: 'doctor',
    summary: 'Check configuration, key, ledger, clock and provider',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'beneficiary import',
    summary: 'Import beneficiaries from a CSV file',
    load: () => import('./beneficiary/import.ts'),
  },
  { name: 'beneficiary list', summary: 'List beneficiaries', load: () => import('./beneficiary/list.ts') },
  { name: 'beneficiary show', summary: 'Show one beneficiary', load: () => import('./beneficiary/show.ts') },
  {
    name: 'beneficiary verify',
    summary: 'Register beneficiaries with the provider and read the penny drop',
    load: () => import('./beneficiary/verify.ts'),
  },
  {
    name: 'beneficiary account',
    summary: 'Show the statement of account of a beneficiary',
    load: () => import('./beneficiary/account.ts'),
  },
  {
    name: 'beneficiary explain',
    summary: 'Tell the whole story of a beneficiary',
    load: () => import('./beneficiary/explain.ts'),
  },
  {
    name: 'batch import',
    summary: 'Import a payout file as a draft batch',
    load: () => import('./batch/import.ts'),
  },
  {
    name: 'batch check',
    summary: 'Check a batch before it is sent, changing nothing',
    load: () => import('./batch/check.ts'),
  },
  {
    name: 'batch approve',
    summary: 'Approve a batch as it is now, here or by a signature',
    load: () => import('./batch/approve.ts'),
  },
  {
    name: 'batch submit',
    summary: 'Send the payouts of a batch; safe to interrupt and to run again',
    load: () => import('./batch/submit.ts'),
  },
  { name: 'batch list', summary: 'List batches', load: () => import('./batch/list.ts') },
  {
    name: 'batch show',
    summary: 'Show a batch and where its payouts are',
    load: () => import('./batch/show.ts'),
  },
  {
    name: 'batch cancel',
    summary: 'Cancel what was not sent of a batch',
    load: () => import('./batch/cancel.ts'),
  },
  {
    name: 'batch export',
    summary: 'Write one row per payout with its outcome',
    load: () => import('./batch/export.ts'),
  },
  { name: 'payout list', summary: 'List payouts', load: () => import('./payout/list.ts') },
  { name: 'payout show', summary: 'Show one payout', load: () => import('./payout/show.ts') },
  {
    name: 'payout sync',
    summary: 'Ask the provider about every payout that is not final',
    load: () => import('./payout/sync.ts'),
  },
  {
    name: 'payout retry',
    summary: 'Make a new attempt for a payout that has provably failed',
    load: () => import('./payout/retry.ts'),
  },
  {
    name: 'payout cancel',
    summary: 'Cancel a payout that was not sent',
    load: () => import('./payout/cancel.ts'),
  },
  {
    name: 'payout release',
    summary: 'Let a payout go on that was held before it was sent',
    load: () => import('./payout/release.ts'),
  },
  {
    name: 'payout resolve',
    summary: 'Settle an unknown or held payout by a person’s word',
    load: () => import('./payout/resolve.ts'),
  },
  {
    name: 'payout explain',
    summary: 'Tell the whole story of a payout',
    load: () => import('./payout/explain.ts'),
  },
  { name: 'provider list', summary: 'List configured providers', load: () => import('./provider/list.ts') },
  {
    name: 'provider check',
    summary: 'Check that a provider answers and takes the credentials',
    load: () => import('./provider/check.ts'),
  },
  {
    name: 'provider balance',
    summary: 'Show the provider’s balance beside the ledger’s',
    load: () => import('./provider/balance.ts'),
  },
  {
    name: 'provider report',
    summary: 'Fetch the provider’s report of a day',
    load: () => import('./provider/report.ts'),
  },
  { name: 'ledger accounts', summary: 'List accounts', load: () => import('./ledger/accounts.ts') },
  {
    name: 'ledger balances',
    summary: 'Show the balance of every account',
    load: () => import('./ledger/balances.ts'),
  },
  {
    name: 'ledger register',
    summary: 'Show an account line by line, with its running balance',
    load: () => import('./ledger/register.ts'),
  },
  { name: 'ledger entry', summary: 'Show one journal entry', load: () => import('./ledger/entry.ts') },
  {
    name: 'ledger trial-balance',
    summary: 'Show debits and credits of every account',
    load: () => import('./ledger/trial-balance.ts'),
  },
  {
    name: 'ledger record',
    summary: 'Record journal entries by hand from a CSV file',
    load: () => import('./ledger/record.ts'),
  },
  {
    name: 'ledger reverse',
    summary: 'Post the opposite of an entry; nothing is ever edited',
    load: () => import('./ledger/reverse.ts'),
  },
  {
    name: 'ledger close',
    summary: 'Prove a provider’s balance at the end of a day and book nothing on it any more',
    load: () => import('./ledger/close.ts'),
  },
  {
    name: 'ledger verify',
    summary: 'Prove that the books balance and nothing was changed',
    load: () => import('./ledger/verify.ts'),
  },
  {
    name: 'ledger export',
    summary: 'Write the journal for another accounting tool',
    load: () => import('./ledger/export.ts'),
  },
  {
    name: 'ledger backup',
    summary: 'Write a proven copy of the ledger, also while others work on it',
    load: () => import('./ledger/backup.ts'),
  },
  {
    name: 'ledger restore',
    summary: 'Put a backup in the place of the ledger, which is kept aside',
    load: () => import('./ledger/restore.ts'),
  },
  {
    name: 'statement import',
    summary: 'Take in a provider’s report',
    load: () => import('./statement/import.ts'),
  },
  {
    name: 'statement inspect',
    summary: 'Show how a report would be read',
    load: () => import('./statement/inspect.ts'),
  },
  {
    name: 'statement list',
    summary: 'List the statements taken in',
    load: () => import('./statement/list.ts'),
  },
  { name: 'statement show', summary: 'Show a statement’s lines', load: () => import('./statement/show.ts') },
  {
    name: 'statement withdraw',
    summary: 'Take a statement back that was wrong; nothing is deleted',
    load: () => import('./statement/withdraw.ts'),
  },
  {
    name: 'statement reinstate',
    summary: 'Have a withdrawn statement count again',
    load: () => import('./statement/reinstate.ts'),
  },
  {
    name: 'reconcile',
    summary: 'Match statements with the ledger and list every difference',
    load: () => import('./reconcile.ts'),
  },
  { name: 'break list', summary: 'List differences', load: () => import('./break/list.ts') },
  {
    name: 'break show',
    summary: 'Show one difference with both sides',
    load: () => import('./break/show.ts'),
  },
  { name: 'break resolve', summary: 'Explain a difference', load: () => import('./break/resolve.ts') },
  {
    name: 'break reopen',
    summary: 'Take back the explanation of a difference',
    load: () => import('./break/reopen.ts'),
  },
  {
    name: 'break export',
    summary: 'Write differences into a sheet, to be explained there',
    load: () => import('./break/export.ts'),
  },
  {
    name: 'break apply',
    summary: 'Take in a sheet with the explanations that people filled in',
    load: () => import('./break/apply.ts'),
  },
  {
    name: 'webhook serve',
    summary: 'Receive events from providers until a signal ends it',
    load: () => import('./webhook/serve.ts'),
  },
  {
    name: 'webhook apply',
    summary: 'Look into events from a file, such as ones that were missed',
    load: () => import('./webhook/apply.ts'),
  },
  {
    name: 'webhook list',
    summary: 'List events that were received, and what became of them',
    load: () => import('./webhook/list.ts'),
  },
  { name: 'audit log', summary: 'List decisions, with who and when', load: () => import('./audit/log.ts') },
  {
    name: 'audit head',
    summary: 'Print the head of the chain, to be kept elsewhere',
    load: () => import('./audit/head.ts'),
  },
  {
    name: 'audit verify',
    summary: 'Recompute the chain, and find on it a head that was kept elsewhere',
    load: () => import('./audit/verify.ts'),
  },
  {
    name: 'key new',
    summary: 'Make a key of an approver, and print its public half for the configuration',
    load: () => import('./key/new.ts'),
  },
  {
    name: 'key rotate',
    summary: 'Seal all account numbers anew under a new data key',
    load: () => import('./key/rotate.ts'),
  },
  {
    name: 'sandbox serve',
    summary: 'Serve a provider with the wire contract on this machine',
    load: () => import('./sandbox/serve.ts'),
  },
  {
    name: 'schema',
    summary: 'Print the JSON Schema of a command’s output',
    load: () => import('./schema.ts'),
  },
  { name: 'completion', summary: 'Print a shell completion script', load: () => import('./completion.ts') },
];
