/**
 * Workflow commands that GitHub shows beside a job. It shows ten of a kind for each step and drops the rest in
 * silence, so that nine are breaks and the tenth says how many more there are.
 */
import type { Report } from './report.ts';
import { sentenceOf } from './report.ts';

const SHOWN = 9;

/** `file` is the statement as the job names it, where it is one; a line of it is then shown where it stands. */
export function githubAnnotations(report: Report, file: string | null): string {
  const failing = report.breaks.filter(({ fails }) => fails);
  const lines = failing.slice(0, SHOWN).map((each) => {
    const place =
      file === null || each.item.line === null ? '' : `file=${property(file)},line=${each.item.line},`;
    return `::error ${place}title=${property(each.kind)}::${data(sentenceOf(each))}\n`;
  });
  const more = failing.length - SHOWN;
  if (more > 0) lines.push(`::error title=reconcile::${data(`and ${more} more`)}\n`);
  return lines.join('');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
