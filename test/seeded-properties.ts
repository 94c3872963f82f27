/**
 * Properties draw the same cases at every run, so that a red run says that the change before it is wrong. PROPERTY_SEED
 * draws others: a number for those of that seed, `random` for new ones.
 */
import fc from 'fast-check';

const asked = process.env.PROPERTY_SEED ?? '1';
fc.configureGlobal({ ...fc.readConfigureGlobal(), ...(asked === 'random' ? {} : { seed: Number(asked) }) });
