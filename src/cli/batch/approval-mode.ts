/** Which of its five things `batch approve` is asked to do; words that do not go together are refused. */
import { PayrunError } from '../../domain/errors.ts';
import type { Input } from '../command.ts';

export type ApprovalMode = 'word' | 'statement' | 'sign' | 'signature' | 'check';

const MODES = ['statement', 'sign', 'signature', 'check'] as const;

/** What goes with each, and whether it is about a batch of the ledger. */
const COMPANY: Readonly<Record<ApprovalMode, { batch: boolean; options: readonly string[] }>> = {
  word: { batch: true, options: [] },
  statement: { batch: true, options: ['validFor'] },
  sign: { batch: false, options: ['key'] },
  signature: { batch: true, options: [] },
  check: { batch: false, options: ['payouts'] },
};

export function approvalMode(input: Input): ApprovalMode {
  const asked = MODES.filter((mode) => input.options[mode] !== undefined);
  const [mode = 'word', other] = asked;
  if (other !== undefined) throw usage(`--${mode} and --${other} are two things to do.`);
  const { batch, options } = COMPANY[mode];
  const named = input.args[0] !== undefined;
  if (batch && !named) throw usage('Name the batch that is approved.');
  if (!batch && named) throw usage(`--${mode} takes a file and no batch.`);
  if (mode === 'sign' && input.options.key === undefined)
    throw usage('--sign needs the approver’s private key: --key FILE.');
  for (const option of ['validFor', 'key', 'payouts']) {
    if (input.options[option] === undefined || options.includes(option)) continue;
    const flag = option === 'validFor' ? 'valid-for' : option;
    throw usage(`--${flag} means nothing ${mode === 'word' ? 'by itself' : `with --${mode}`}.`);
  }
  return mode;
}

function usage(message: string): PayrunError {
  return new PayrunError('usage', 'usage', message, {
    hint: 'See what it takes with: payrun batch approve --help',
  });
}
