/** Every file of transcripts/ is replayed; UPDATE_TRANSCRIPTS=1 writes what is shown now, for a person to read. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  agrees,
  commandText,
  parseSteps,
  type Replay,
  type Step,
  startReplay,
  withPlaceholders,
} from './replay.ts';

const FOLDER = fileURLToPath(new URL('transcripts', import.meta.url));
const FILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort();

test.each(FILES)('%s', async (name) => {
  const path = join(FOLDER, name);
  const text = readFileSync(path, 'utf8');
  const title = text.split('\n')[0] ?? '';
  expect(title, 'a transcript begins with "# " and what it shows').toMatch(/^# \S/);
  const replay = startReplay();
  const code = /^errors\/(\w+)\.txt$/.exec(name)?.[1];
  const codes: string[] = [];
  let rewritten = `${title}\n`;
  try {
    for (const step of parseSteps(text)) {
      const shown = await replay.run(step);
      const agreed = agrees(shown, step.expected);
      if (code !== undefined && /\[exit \d+\]\n$/.test(shown)) codes.push(await codeOf(step, replay));
      rewritten += `\n${commandText(step)}${agreed ? step.expected : withPlaceholders(shown)}`;
      if (!agreed && !process.env.UPDATE_TRANSCRIPTS) expect(shown, step.command).toBe(step.expected);
    }
  } finally {
    await replay.end();
  }
  if (code !== undefined) expect(codes, 'the errors that it shows').toContain(code);
  if (process.env.UPDATE_TRANSCRIPTS && rewritten !== text) writeFileSync(path, rewritten);
});

/** An error leaves everything as it was, so that the same words fail the same way again, now telling the code. */
async function codeOf(step: Step, replay: Replay): Promise<string> {
  const shown = await replay.run({ ...step, command: step.command.replace(/( --json)?$/, ' --json') });
  const document = JSON.parse(shown.replace(/\n\[exit \d+\]\n$/, '')) as { error?: { code: string } };
  return document.error?.code ?? 'no error';
}

describe('the replay itself', () => {
  test('… is anything within a line, and on its own any lines', () => {
    expect(agrees('at 2026-11-21T10:00:00Z (ok)\n', 'at … (ok)\n')).toBe(true);
    expect(agrees('a\nb\nc\n', 'a\n…\nc\n')).toBe(true);
    expect(agrees('a\nc\n', 'a\n…\nc\n')).toBe(true);
    expect(agrees('a\nb\n', 'a …\n')).toBe(false);
    expect(agrees('a\nb\nd\n', 'a\n…\nc\n')).toBe(false);
    expect(agrees('a+b\n', 'a.b\n')).toBe(false);
    expect(agrees('more\n', '')).toBe(false);
    expect(agrees('error: no\n[exit 2]\n', '…\n')).toBe(false);
  });

  test('steps are commands with what follows them, and files are written as they stand', () => {
    expect(
      parseSteps('# Title\n\n$ cat > a.csv <<EOF\nx,y\n\n1,2\nEOF\n\n$ payrun x\nout\n\n[exit 3]\n'),
    ).toEqual([
      { command: 'cat > a.csv <<EOF', input: 'x,y\n\n1,2\n', expected: '' },
      { command: 'payrun x', input: null, expected: 'out\n\n[exit 3]\n' },
    ]);
  });

  test('a command that failed is shown with its exit code, and one that cannot be replayed is refused', async () => {
    const replay = startReplay();
    try {
      const step = { command: 'payrun batch sumbit', input: null, expected: '' };
      expect(await replay.run(step)).toMatch(/^error: .*\nhint: .*\n\[exit 2\]\n$/);
      await expect(replay.run({ ...step, command: 'curl http://x' })).rejects.toThrow('cannot be replayed');
      await expect(replay.run({ ...step, command: 'payrun x | jq .' })).rejects.toThrow(
        'more than one command',
      );
    } finally {
      await replay.end();
    }
  });
});
