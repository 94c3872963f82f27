import type { Field } from './profile.ts';
import type { StatementDate } from './statement-date.ts';

export interface CellReader {
  /** To the next row. */
  move(line: number, values: readonly string[]): void;
  /** Of the row, without filling. */
  values(): readonly string[];
  /** Null where the cell is empty or the file has no such column. */
  text(field: Field): string | null;
  /** The cell behind an identifier that a pattern finds in it: the rest of it tells rows apart, too. */
  narration(): string | null;
  date(field: 'created_at' | 'completed_at'): StatementDate | null;
  refuse(field: Field, code: string, message: string, position?: number): void;
}
