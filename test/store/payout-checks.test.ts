import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAYOUT_STATES, POSITIONS } from '../../src/domain/payout/payout.ts';
import { positionOf } from '../../src/domain/payout/state.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { BATCH_SQL, BENEFICIARY_SQL } from '../operations/seed-sql.ts';
import { tempFolder } from './folder.ts';

test('the database itself refuses a state that does not fit the position, and a hold without a reason', async () => {
  const database = await openLedger(join(tempFolder(), 'payrun.db'), '2026-11-21T00:00:00.000Z', {
    create: true,
  });
  await database.transaction(async (tx) => {
    await tx.run(BENEFICIARY_SQL);
    await tx.run(BATCH_SQL, { provider: 'nxt', rows: 1 });
  });
  const insert = (state: string, position: string, hold: string | null) =>
    database.transaction(async (tx) => {
      await tx.run(
        `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail,
           account, provider, state, position, attempt_no, hold_reason, cancelled_id, created_at, updated_at)
         values (1, 'a', 1, 1, 1, 1, 1, 'INR', 'IMPS', 'expenses:payouts', 'nxt', :state, :position, 1, :hold, :cancelled, 'n', 'n')`,
        { state, position, hold, cancelled: state === 'cancelled' ? 1 : 0 },
      );
      await tx.run('delete from payouts');
    });
  for (const state of [...PAYOUT_STATES, 'nonsense']) {
    for (const position of [...POSITIONS, 'nowhere']) {
      for (const hold of [null, 'look_alike']) {
        const known = PAYOUT_STATES.find((each) => each === state);
        const place = POSITIONS.find((each) => each === position);
        const fits =
          known !== undefined &&
          place !== undefined &&
          (known === 'held' ? hold !== null : hold === null && positionOf(known) === place);
        const made = insert(state, position, hold).then(
          () => true,
          () => false,
        );
        expect(await made, `${state} at ${position}, held for ${hold}`).toBe(fits);
      }
    }
  }
  await database.close();
});
