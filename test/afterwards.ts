/**
 * What a helper opens is closed after each test, or after each file, of whichever file uses it. Files share a process and
 * its modules: a hook at the head of a helper would be that of the first file which loads it, and of no other.
 */
type Work = () => unknown;

const afterTests: Work[] = [];
const afterFiles: Work[] = [];

/** To be called once, at the head of a helper. */
export function afterEachTest(work: Work): void {
  afterTests.push(work);
}

export function afterEachFile(work: Work): void {
  afterFiles.push(work);
}

export const closeAfterTest = (): Promise<void> => closeAll(afterTests);
export const closeAfterFile = (): Promise<void> => closeAll(afterFiles);

/** What was loaded last goes first, since it uses what was there before it; one that fails keeps no other open. */
async function closeAll(works: readonly Work[]): Promise<void> {
  const failures: unknown[] = [];
  for (const work of works.toReversed()) {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
