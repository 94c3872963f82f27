/** What a person writes about a break or a statement: one line that a log, a table and a sheet can show. */
import { PayrunError } from '../../domain/errors.ts';
import { forbiddenCharacter, hasLineBreak } from '../../domain/plain-text.ts';
import { LONGEST_NOTE } from '../../domain/reconciliation/break.ts';
import { type Input, text } from '../command.ts';

export function noteOf(input: Input, name: 'note' | 'reason' = 'note'): string | null {
  const note = text(input, name)?.trim() ?? '';
  if (note === '') return null;
  const refuse = (why: string) => new PayrunError('usage', 'option_invalid', `--${name} ${why}.`);
  if (note.length > LONGEST_NOTE)
    throw refuse(`has ${note.length} characters; at most ${LONGEST_NOTE} are kept`);
  const character = forbiddenCharacter(note);
  if (character !== null) throw refuse(`holds the character ${character}, which cannot be seen`);
  if (hasLineBreak(note)) throw refuse('has several lines; write it in one');
  return note;
}
