/** Runs before each test file, also where many share a process. */
import fc from 'fast-check';
import { afterAll, afterEach } from 'vitest';
import { closeAfterFile, closeAfterTest } from './afterwards.ts';

afterEach(closeAfterTest);
afterAll(closeAfterFile);

// Properties draw the same cases at every run, so that a red run says that the change before it is wrong. PROPERTY_SEED
// draws others: a number for those of that seed, `random` for new ones.
const asked = process.env.PROPERTY_SEED ?? '1';
fc.configureGlobal({ ...fc.readConfigureGlobal(), ...(asked === 'random' ? {} : { seed: Number(asked) }) });
