/**
 * Workflow commands that GitHub shows beside a job. It shows ten of a kind for each step and drops the rest in
 * silence, so that nine are breaks and the tenth says how many more there are.
 */
import { sanitise } from '../sanitise.ts';
import type { Report } from './report.ts';
import { sentenceOf } from './report.ts';

const SHOWN = 9;

/** A line is shown where it stands in its statement. */
export function githubAnnotations(report: Report): string {
  const failing = report.breaks.filter(({ fails }) => fails);
  const lines = failing.slice(0, SHOWN).map((each) => {
    const { file, item } = each;
    const place =
      file === null || item.line === null ? '' : `file=${property(sanitise(file))},line=${item.line},`;
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
